"""Version 1 of the API: one `*_pb2` module per file in `protos/`, one `*_pb2_grpc` per service."""

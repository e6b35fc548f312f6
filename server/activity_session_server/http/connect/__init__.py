"""The Connect protocol (connectrpc.com/docs/protocol), which generated clients of browsers speak.

RPCs are on the paths that they have in gRPC, in JSON and in binary, unary ones and streams of the server.
"""

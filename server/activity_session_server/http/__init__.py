"""JSON over HTTP for those who do not speak gRPC: the same handlers, by `google.api.http` (AIP-127).

What a path means is found (`bindings`), the body is read (`bodies`), and a thread of the pools that gRPC's calls use
runs the RPC's handler (`unary`, `streams`): the request becomes a message where that of gRPC would be parsed
(`requests`), and the handler knows the caller by a context (`contexts`). So all that the edge does for a call it does
for these. `connect` does the same for Connect, `ag_ui` makes a watch a run of AG-UI, and `pages` are what people open.

May import `rpc` and all below it. Nothing here is loaded without `--http-address`, which needs the extra `http`.
"""

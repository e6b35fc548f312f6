"""All that knows gRPC: the routes, the handlers that are made of them, statuses, and the checks of requests.

May import `live` and all below it; neither SQL, nor threads and locks: the hall makes the pools.
"""

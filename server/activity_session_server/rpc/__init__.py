"""All that knows gRPC: servicers, the interceptor, statuses and the checks of requests."""

"""Mutated requests, by the million, of which none may end with INTERNAL or UNKNOWN, or an exception of any kind.

`mutations` makes them from the descriptors and from valid texts, and `entrances` gives them to the handlers of a real
server, where a call comes in behind gRPC. `campaigns` does so many times, and `__main__` in several processes.
"""

"""One function per RPC, with the rule and the scope of its transaction.

May import the store, its queries, and all below them; neither gRPC, nor SQL, nor threads and locks.
"""

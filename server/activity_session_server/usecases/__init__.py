"""One function per RPC, with the rule and the scope of its transaction.

May import the queries and all below them; neither gRPC, nor SQL, nor threads.
"""

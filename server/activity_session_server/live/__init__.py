"""What outlives the handler of a call: watches, queues for turns, and the threads that serve them.

May import the use cases and all below them; neither gRPC nor SQL.
"""

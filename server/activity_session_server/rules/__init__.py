"""What is true without a database, a network or a thread: values and functions of values.

May import the stubs and pydantic; neither gRPC, nor SQL, nor threads and locks.
"""

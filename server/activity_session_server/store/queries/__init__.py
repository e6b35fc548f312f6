"""The queries, one file per resource: they take and give messages; rows do not leave this folder.

May import the machine of the store and all below it; neither gRPC, nor threads and locks.
"""

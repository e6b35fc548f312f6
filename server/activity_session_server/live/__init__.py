"""What outlives a call: those who follow sessions or wait for turns, and every thread that serves them.

May import the use cases and all below them; neither gRPC nor SQL.
"""

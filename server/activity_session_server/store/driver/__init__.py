"""How statements reach a database: engines, connections, what differs between databases, and what to do without one.

May import the tables and the rules; nothing else of the store.
"""

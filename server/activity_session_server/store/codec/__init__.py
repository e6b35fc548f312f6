"""What knows both rows and messages: `resources` makes messages of rows, `events` the bytes of a log's events.

Events are stored as they are sent, and lists are made of messages that are bytes already (`encoded`).
"""

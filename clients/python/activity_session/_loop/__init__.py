"""The everyday loop: who takes part, turns, following, appending, state. Each is a few calls of the stubs.

What is the same with and without asyncio is a coroutine here, once: without asyncio it never has to wait (`steps`).
"""

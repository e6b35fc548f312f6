"""Who calls, what is granted to them, and what each method takes.

May import what `rules` may, and `rules`.
"""

"""Whole namespaces and sessions as lines, and back: what `activity-session export` and `import` do.

An export is lines of blocks: a namespace, participant or session, and after it all that belongs to it. A block is whole
when another one follows it, or the line that ends the export.
"""

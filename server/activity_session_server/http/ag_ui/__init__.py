"""A session as a stream of AG-UI 1.0 events (https://docs.ag-ui.com), which user interfaces of agents read.

`calls` has a watch run, `inputs` reads where it is to begin, and `runs` makes events of its messages, by what `parts`
says of their content.
"""

"""Rows as lines of an export, and the reverse: what `activity-session export` and `import` read and write.

`kinds` says what is moved and what is not, `lines` and `event_lines` how it is written, `walks` in which order it is
read; `arrivals` writes it. Who calls them is `usecases.moves`.
"""

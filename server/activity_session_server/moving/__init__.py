"""The commands `export` and `import`: files of lines, and how far they are.

`exporting` writes a file, and goes on with one that was broken off (`resuming`); `importing` reads one. What the lines
are is known to `usecases.moves`.
"""

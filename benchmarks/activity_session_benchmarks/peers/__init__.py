"""The session stores that people use today. Each is a program of its own, which runs in the peers' venv."""

"""The session stores that people use today. Each is a program of its own, which the peers' venv runs."""

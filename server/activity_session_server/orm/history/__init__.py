"""The tables of what became of logs and state: what is out of view, shared, or was so."""

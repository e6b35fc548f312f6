"""The adapters of the Python client beside the stores that the frameworks have of their own. Runs where those are."""

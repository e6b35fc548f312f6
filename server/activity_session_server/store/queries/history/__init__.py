"""The queries of what a log and a state were, and of what is out of view."""

"""The use cases that take events out of view, or their content away, and state back to what it was."""

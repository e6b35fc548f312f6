"""The queries of the sweep: what is due, and how it is removed batch by batch."""

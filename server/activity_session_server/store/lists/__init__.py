"""How a list is read: its filter as a condition, page by page, and each page in portions of bounded bytes."""

"""Taking knowledge out: the same flow backwards."""

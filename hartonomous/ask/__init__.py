"""Questions asked of the rated graph."""

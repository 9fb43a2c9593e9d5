"""The log of acts, the keys that sign it, and the signed inventory of the graph."""

"""The transparency log, its keys, and the signed inventory of the graph."""

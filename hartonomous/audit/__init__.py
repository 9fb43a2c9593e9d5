"""The audit of a graph, and its checks."""

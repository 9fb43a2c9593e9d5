"""Audits of a graph, and their checks."""

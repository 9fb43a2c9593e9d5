"""Queries of the rated graph."""

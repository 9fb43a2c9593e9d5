"""Measurements of the graph against people, models and held-out sources."""

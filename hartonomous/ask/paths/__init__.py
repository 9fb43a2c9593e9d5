"""Queries across several pairs, by Graph Data Science: paths, communities, spreading activation."""

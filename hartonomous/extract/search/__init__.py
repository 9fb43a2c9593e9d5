"""Nearest neighbours by cosine: exact, and approximate."""

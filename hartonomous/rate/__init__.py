"""Ratings: formulas, votes, and the pass that rates pairs."""

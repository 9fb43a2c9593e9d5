"""Queries of rated pairs: neighbours, explanations, comparisons, counts."""

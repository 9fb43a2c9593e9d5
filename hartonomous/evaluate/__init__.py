"""Evaluation of the graph against human judgements, models and held-out sources."""

"""Readers of model files; none of them runs code of a model."""

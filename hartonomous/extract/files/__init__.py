"""Readers of model files, none of which runs code of a model."""

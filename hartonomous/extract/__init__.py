"""Extraction: from a model to a bundle, without a database."""

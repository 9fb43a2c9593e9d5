"""Importers of matrices of word vectors."""

"""Importers of documents and questions."""

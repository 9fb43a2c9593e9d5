"""Importer of documents and questions."""

"""Importers of transformer models: embeddings, layers, heads, next tokens."""

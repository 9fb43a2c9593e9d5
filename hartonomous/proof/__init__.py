"""Certificates of deletions, their verification, and the provenance of a graph."""

"""Hartonomous: relations extracted from trained models, stored in a Neo4j graph."""

"""Hartonomous: what trained models hold to be related, kept in a Neo4j graph."""

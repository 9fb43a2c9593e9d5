"""Importers, one package per kind of source; found by entry points, never imported by hartonomous."""

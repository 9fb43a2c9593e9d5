"""Detectors: what is in pictures, where, and how it lies to each other."""

"""Erasures: what cannot be undone, everywhere it is stored."""

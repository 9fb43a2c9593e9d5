"""Captions: pictures with the words that people wrote beside them."""

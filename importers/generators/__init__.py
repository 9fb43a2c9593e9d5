"""Generators: text-to-image models, observed through the pictures they make of planned prompts."""

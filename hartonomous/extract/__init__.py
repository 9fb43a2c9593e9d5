"""From a model to a bundle. Knows no database."""

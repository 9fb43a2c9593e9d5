"""Towers: models that compare text and pictures, such as CLIP and SigLIP."""

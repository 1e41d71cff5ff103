"""Headless rendering and files: the renderer, PNG, TIFF, posters, sequences."""

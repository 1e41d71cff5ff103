"""Pictures, headless and on disk: the renderer, PNG, TIFF, posters, sequences."""

"""Views of derivatives and differences: gradient, linear regions, sensitivity."""

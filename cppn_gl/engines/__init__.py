"""What evaluates a network at every pixel, and how one is chosen."""

"""Every unit of a network as a small picture, and the network as a diagram."""

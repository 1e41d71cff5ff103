"""The units view: every unit of a network as a small picture, and the network diagram."""

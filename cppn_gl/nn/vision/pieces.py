"""Layers by name: what readers of files make, and the image network that is made of them.

    [Piece("conv1", Conv2d(…), "relu", (INPUT,)), …] -> assembled() -> ImageNetwork
"""

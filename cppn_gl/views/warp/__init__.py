"""The view `warp`: a grid of the plane and the data, followed through the layers."""

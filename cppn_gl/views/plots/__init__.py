"""Plots: curves of networks along a line, and the strength of their signal."""

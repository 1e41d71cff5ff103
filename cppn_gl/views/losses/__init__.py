"""Landscapes of the loss."""

"""Engines on the processor."""

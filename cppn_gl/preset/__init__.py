"""Presets: tables, parsing, sweeps, scenes, the shipped library."""

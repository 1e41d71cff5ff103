"""Engines by OpenGL: contexts, shaders, programs, render targets."""

"""See, in real time, what a random neural network is. README.md shows the way in."""

from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__
from cppn_gl.library import load_preset
from cppn_gl.network import Layer, Network
from cppn_gl.preset import Preset
from cppn_gl.schema import PresetError

if TYPE_CHECKING:
    from cppn_gl.renderer import Renderer, render

__all__ = [
    "Layer",
    "Network",
    "Preset",
    "PresetError",
    "Renderer",
    "__version__",
    "load_preset",
    "render",
]


def __getattr__(name: str) -> Any:
    """Import what needs OpenGL only when it is asked for."""
    if name in ("Renderer", "render"):
        from cppn_gl import renderer

        return getattr(renderer, name)
    raise AttributeError(f"module 'cppn_gl' has no attribute {name!r}")

"""Draws random neural networks as pictures, in real time. docs/python.md shows how to use it."""

import importlib
from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__

if TYPE_CHECKING:
    from cppn_gl.nn.layers import Layer
    from cppn_gl.nn.network import Network
    from cppn_gl.nn.training.trainer import Trainer
    from cppn_gl.output.notebook import live
    from cppn_gl.output.renderer import Renderer, render
    from cppn_gl.preset.classifier import Classifier
    from cppn_gl.preset.library import load_preset
    from cppn_gl.preset.preset import Preset
    from cppn_gl.utils.checks import PresetError

__all__ = [
    "Classifier",
    "Layer",
    "Network",
    "Preset",
    "PresetError",
    "Renderer",
    "Trainer",
    "__version__",
    "live",
    "load_preset",
    "render",
]

_HOMES = {
    "Classifier": "preset.classifier",
    "Layer": "nn.layers",
    "Network": "nn.network",
    "Preset": "preset.preset",
    "PresetError": "utils.checks",
    "Renderer": "output.renderer",
    "Trainer": "nn.training.trainer",
    "live": "output.notebook",
    "load_preset": "preset.library",
    "render": "output.renderer",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first access, so that importing the package is fast.

    What is imported then shows itself in notebooks.
    """
    if name in _HOMES:
        found = getattr(importlib.import_module(f"cppn_gl.{_HOMES[name]}"), name)
        importlib.import_module("cppn_gl.output.notebook").attach()
        return found
    raise AttributeError(f"module 'cppn_gl' has no attribute {name!r}")


def __dir__() -> list[str]:
    """All names, also those not imported yet, for completion in a shell."""
    return sorted({*globals(), *__all__})

"""The `[network]` table of trained image networks: `file = "squeezenet"`, .onnx, .safetensors.

file -> reader (READERS) -> Model: nodes and what the file says of itself -> ImageNetwork
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppn_gl.nn.vision.network import ImageNode
from cppn_gl.nn.vision.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class Model:
    """What a reader finds in a file.

    channels: of the input; None if the file does not say. size: (rows, columns), None if any.
    preprocess: of a known model; None: asked for. origin, licence: in words, for display.
    """

    nodes: tuple[ImageNode, ...]
    sha256: str
    channels: int | None = None
    size: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()
    preprocess: Preprocess | None = None
    origin: str = ""
    licence: str = ""


# Name of a known model, or suffix -> "module:function" of (path, nodes table or None) -> Model
Reader = Callable[[Path | None, Any], Model]
READERS: dict[str, str] = {
    "squeezenet": "cppn_gl.nn.vision.squeezenet:read",
    ".onnx": "cppn_gl.nn.vision.onnx_file:read",
    ".safetensors": "cppn_gl.nn.vision.state_dict:read",
}

"""Pictures to learn from: folders of stripes, files like MNIST's, and networks that learn them."""

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.origin import USER

NODES = """
[[network.nodes]]
type = "conv"
channels = 4
padding = "same"
activation = "relu"
[[network.nodes]]
type = "max_pool"
[[network.nodes]]
type = "conv"
channels = 5
padding = "same"
activation = "tanh"
[[network.nodes]]
type = "dense"
"""


def stripes(folder: Path, count: int = 20, side: int = 12) -> Path:
    """Folders `across` and `up` of so many pictures with stripes, of different widths."""
    for name in ("across", "up"):
        (folder / name).mkdir(parents=True)
    for k in range(count):
        wave = np.sin(np.arange(side + k % 3) * (0.8 + 0.05 * k) + k)
        levels = np.rint(127 + 100 * np.repeat(wave[:, None], side, axis=1)).astype(np.uint8)
        Image.fromarray(levels).save(folder / "across" / f"{k:02}.png")
        Image.fromarray(levels.T).save(folder / "up" / f"{k:02}.png")
    return folder


def learner(folder: Path, nodes: str = NODES, more: str = "", **keys: object) -> Preset:
    """A preset that learns the pictures of a folder, 8×8 and grey."""
    text = f"""
format = 1
[network]
seed = 3
{nodes}
[preprocess]
size = [8, 8]
order = "grey"
[train]
data = "{folder.as_posix()}/"
optimizer = "adam"
rate = 0.01
batch = 12
test_fraction = 0.25
{more}
"""
    return parse_preset(text, origin=USER).replace(**keys)


def idx(path: Path, array: np.ndarray, *, sides: tuple[int, ...] = ()) -> None:
    """A file of the format, whose head may announce other sides."""
    shape = sides or array.shape
    head = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    data = head + array.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def digits(folder: Path, *, packed: bool = True) -> Path:
    """Twelve pictures to learn and five for tests, of three classes."""
    folder.mkdir()
    end = ".gz" if packed else ""
    for prefix, count in (("train", 12), ("t10k", 5)):
        pictures = np.arange(count * 20).reshape(count, 4, 5).astype(np.uint8)
        idx(folder / f"{prefix}-images-idx3-ubyte{end}", pictures)
        idx(folder / f"{prefix}-labels-idx1-ubyte{end}", (np.arange(count) % 3).astype(np.uint8))
    return folder

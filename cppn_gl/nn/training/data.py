"""The data that a network learns: points of the plane, each with a class or with values."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws
from cppn_gl.nn.training.losses import default_loss
from cppn_gl.nn.training.options import Train
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points x, y (N,), the first `training` of them for training, the rest for tests.

    labels: classes from 0 (N,), or None. values: (N, k) float32, or None. kind: classes values
    picture distance. classes: their number, 0 without. size: width, height of a picture.
    """

    x: Float64
    y: Float64
    labels: NDArray[np.int64] | None
    values: Float32 | None
    kind: str
    classes: int
    training: int
    size: tuple[int, int] | None = None

    @cached_property
    def digest(self) -> bytes:
        """A hash of the content."""
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((self.kind, self.classes, self.training, self.size)).encode())
        for array in (self.x, self.y, self.labels, self.values):
            if array is not None:
                content.update(np.ascontiguousarray(array).tobytes())
        return content.digest()


def dataset_of(train: Train) -> Dataset:
    """The data of a `[train]` table. Raises PresetError."""
    if train.data != "circle":
        raise PresetError(f"no data set {train.data!r}", key="train.data")
    return _circle(train.seed, train.points, train.test_fraction)


@lru_cache(maxsize=16)
def _circle(seed: int, points: int, test_fraction: float) -> Dataset:
    drawn = draws.uniform(draws.words(seed, 0, 40, points, 2))
    labels = np.arange(points) % 2
    radius = np.where(labels == 0, 3.5, 0.0) + np.abs(drawn[:, 0]) * 2.5
    x, y = radius * np.cos(np.pi * drawn[:, 1]), radius * np.sin(np.pi * drawn[:, 1])
    training = max(1, round(points * (1 - test_fraction)))
    return Dataset(x, y, labels, None, "classes", 2, training)


def targets(dataset: Dataset, loss: str) -> Float32:
    """What the outputs should be, (N, outputs), for a loss ("" stands for the default)."""
    loss = loss or default_loss(dataset.kind)
    if dataset.labels is None:
        assert dataset.values is not None
        return dataset.values
    if dataset.classes == 2:
        wanted = dataset.labels[:, None] == 1
    else:
        wanted = dataset.labels[:, None] == np.arange(dataset.classes)
    low = 0.0 if loss == "cross-entropy" else -1.0
    return np.where(wanted, 1.0, low).astype(np.float32)

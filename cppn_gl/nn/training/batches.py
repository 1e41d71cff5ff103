"""Which points a step sees, and which units dropout leaves out: documented draws.

Samples are numbered through the whole run: step k sees the samples k · batch … k · batch + batch -
1. Sample i is entry i mod N of the permutation of epoch i div N, N training points: every epoch
shows each point once, no batch is incomplete, and a batch may begin in one epoch and end in the
next. The permutation of an epoch sorts N words of Philox (draws.py, kind BATCH, layer = epoch mod
2³²); equal words keep their order.

A mask of dropout (Srivastava et al. 2014) belongs to a step and is the same for all points of its
batch: unit u of layer l is left out where its word (kind DROPOUT, layer = step, row = l - 1) is
below dropout · 2³². The others are multiplied with 1 / (1 - dropout), so that nothing need be
scaled afterwards (inverted dropout).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws
from cppn_gl.utils.arrays import Float32

Indices = NDArray[np.int64]

TOGETHER = 4096  # points of the epochs that are permuted in one call


@lru_cache(maxsize=4)
def _epochs(seed: int, first: int, count: int, points: int) -> Indices:
    """The permutations of epochs first …, (count · points,)."""
    begin = first % 2**32
    epochs = range(begin, begin + count)
    words = draws.words_of_layers(seed, epochs, draws.BATCH, 1, points)[:, 0]
    order: Indices = np.argsort(words, axis=1, kind="stable").ravel()
    order.flags.writeable = False
    return order


def samples(seed: int, points: int, batch: int, first: int, count: int) -> Indices:
    """The points of steps first … first + count - 1, (count, batch): indices below `points`."""
    start, end = first * batch, (first + count) * batch
    epochs = max(1, TOGETHER // points)
    group = epochs * points
    groups = range(start // group, -(-end // group))
    order = np.concatenate([_epochs(seed, one * epochs, epochs, points) for one in groups])
    offset = groups.start * group
    return order[start - offset : end - offset].reshape(count, batch)


def masks(
    seed: int, probability: float, hidden: tuple[int, ...], first: int, count: int
) -> Float32 | None:
    """The masks of steps first …, (count, all hidden units); None without dropout.

    hidden: the units of each hidden layer.
    """
    if probability == 0 or not hidden:
        return None
    steps = range(first, first + count)
    words = draws.words_of_layers(seed, steps, draws.DROPOUT, len(hidden), max(hidden))
    parts = [words[:, layer, :units] for layer, units in enumerate(hidden)]
    kept = np.concatenate(parts, axis=1) >= np.uint32(probability * 2**32)
    return kept.astype(np.float32) * np.float32(1 / (1 - probability))

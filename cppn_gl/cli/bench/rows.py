"""The benchmark's plan, and the rows of its report.

Plan (cells, engine, peers, threads, budget) -> Row for each cell: network and size -> its JSON
"""

import dataclasses
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

NETWORKS = ((3, 10), (8, 16), (10, 30), (27, 30), (40, 30), (14, 120), (14, 400))  # depth, width
SIZES = ((640, 360), (1920, 1080), (3840, 2160))
BUDGET = 120.0  # seconds
MIN_ROUNDS, MAX_ROUNDS = 5, 25

INPUTS, OUTPUTS = 2, 3

Pair = tuple[int, int]
Sizes = tuple[int, int] | tuple[int, int, str]  # of a network: depth, width; and its structure
Cell = tuple[Sizes, Pair]  # network, size
MEASURED = (  # the fields of a Row that a measurement fills
    *("engine", "ms", "best_ms", "estimated", "rounds", "rows"),
    *("peers", "peers_best", "peers_kept", "batches"),
)


@dataclass(frozen=True)
class Plan:
    """What to measure within `budget` seconds.

    Cells are networks (depth, width) at sizes (width, height). `threads`: numbers of threads to
    measure with, in turn; none is as many as the processor has cores. `growth`: fit exponents.
    """

    cells: tuple[Cell, ...] = tuple(product(NETWORKS, SIZES))
    engine: str = "auto"
    against: tuple[str, ...] = ()
    budget: float = BUDGET
    rounds: int = MIN_ROUNDS
    threads: tuple[int, ...] = ()
    growth: bool = False


@lru_cache
def flop_per_pixel(network: Sizes) -> int:
    """2 × the multiply-adds of all layers; activations and biases are not counted."""
    depth, width, *structure = network
    if structure:
        from cppn_gl.cli.bench.worker import bench_preset

        stages = bench_preset(*network).network().stages
        return 2 * sum(getattr(stage.operation, "weight", np.zeros(0)).size for stage in stages)
    if depth == 1:
        return 2 * INPUTS * OUTPUTS
    return 2 * (INPUTS * width + (depth - 2) * width**2 + width * OUTPUTS)


def name_of(sizes: Sizes) -> str:
    """(10, 30) as "10x30", (11, 32, "vgg") as "vgg-11x32"."""
    return "-".join((*sizes[2:], "{}x{}".format(*sizes)))


@dataclass
class Row:
    """One network at one size: its results, or the reason why there are none; ms per frame.

    `peers_kept` are the peers' ms with the result left on the GPU.
    """

    network: Sizes
    size: Pair
    threads: int | None = None
    engine: str | None = None
    ms: float | None = None
    estimated: bool = False
    rounds: int = 0
    rows: int = 0  # pixel rows drawn in each round
    peers: dict[str, float] = field(default_factory=dict)
    peers_kept: dict[str, float] = field(default_factory=dict)
    best_ms: float | None = None  # the fastest round; `ms` is the median
    peers_best: dict[str, float] = field(default_factory=dict)
    batches: dict[str, int] = field(default_factory=dict)
    compile_s: float | None = None
    first_picture_s: float | None = None
    reason: str | None = None

    def to_json(self, peak: float | None) -> dict[str, Any]:
        """The row of the report, with the rates computed from its ms; `peak` in GFLOP/s."""
        mpixel = gflop = fraction = None
        if self.ms:
            mpixel = self.size[0] * self.size[1] / self.ms / 1e3
            gflop = mpixel * flop_per_pixel(self.network) / 1e3
            fraction = gflop / peak if peak else None
        names = {"network": name_of(self.network), "size": name_of(self.size)}
        rates = {"mpixel_s": mpixel, "gflop_s": gflop, "share": fraction}
        return dataclasses.asdict(self) | names | rates

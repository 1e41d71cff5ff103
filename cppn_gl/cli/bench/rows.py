"""What the benchmark measures, and the rows that it fills.

Plan (networks, sizes, engine, peers, budget) -> Row for each network and size -> its JSON
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

NETWORKS = ((3, 10), (8, 16), (10, 30), (27, 30), (40, 30), (14, 120), (14, 400))  # depth, width
SIZES = ((640, 360), (1920, 1080), (3840, 2160))
BUDGET = 120.0  # seconds

INPUTS, OUTPUTS = 2, 3

Pair = tuple[int, int]
MEASURED = (  # what a measurement answers, by the names of a Row
    *("engine", "ms", "best_ms", "estimated", "rounds", "rows"),
    *("peers", "peers_best", "peers_kept", "batches"),
)


@dataclass(frozen=True)
class Plan:
    """What to measure: networks (depth, width), sizes (width, height), within `budget` seconds."""

    networks: tuple[Pair, ...] = NETWORKS
    sizes: tuple[Pair, ...] = SIZES
    engine: str = "auto"
    against: tuple[str, ...] = ()
    budget: float = BUDGET


def flop_per_pixel(network: Pair) -> int:
    """Two for each multiply-add of all layers; activations and biases are not counted."""
    depth, width = network
    if depth == 1:
        return 2 * INPUTS * OUTPUTS
    return 2 * (INPUTS * width + (depth - 2) * width**2 + width * OUTPUTS)


def name_of(pair: Pair) -> str:
    """(10, 30) as "10x30"."""
    return "{}x{}".format(*pair)


@dataclass
class Row:
    """One network at one size: what was found, or the reason why not. Times of a frame in ms."""

    network: Pair
    size: Pair
    engine: str | None = None
    ms: float | None = None
    estimated: bool = False
    rounds: int = 0
    rows: int = 0  # of pixels, that were drawn for it
    peers: dict[str, float] = field(default_factory=dict)
    peers_kept: dict[str, float] = field(default_factory=dict)
    best_ms: float | None = None  # of the rounds that gave the median
    peers_best: dict[str, float] = field(default_factory=dict)
    batches: dict[str, int] = field(default_factory=dict)
    compile_s: float | None = None
    first_picture_s: float | None = None
    reason: str | None = None

    def to_json(self, peak: float | None) -> dict[str, Any]:
        """The row of the report, with what follows from its ms; `peak` in GFLOP/s."""
        mpixel = gflop = share = None
        if self.ms:
            mpixel = self.size[0] * self.size[1] / self.ms / 1e3
            gflop = mpixel * flop_per_pixel(self.network) / 1e3
            share = gflop / peak if peak else None
        names = {"network": name_of(self.network), "size": name_of(self.size)}
        rates = {"mpixel_s": mpixel, "gflop_s": gflop, "share": share}
        return dataclasses.asdict(self) | names | rates

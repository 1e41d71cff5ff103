"""The `[train]` table of a preset: the data a network learns, and how.

Equal tables and networks train to equal weights: every random choice is a draw by `seed`.
"""

import copy
import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cppn_gl.nn.draws import SEED
from cppn_gl.nn.training.data import (
    FASHION,
    MAX_OWN,
    TARGETS,
    check_data,
    located,
    located_checkpoint,
)
from cppn_gl.nn.training.data_sets import DATA_SETS, MAX_CLASSES, MAX_POINTS
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.optimizers import MOMENTUM, OPTIMIZERS
from cppn_gl.nn.training.schedules import SCHEDULES
from cppn_gl.utils.checks import (
    PresetError,
    checked,
    choice,
    flag,
    integer,
    key,
    line,
    number,
    several,
    show,
    validate,
)
from cppn_gl.utils.origin import NOWHERE, USER, Origin

MARKS = ("all", "training", "none")
MAX_BATCH = 2**16
MAX_STEPS = 10_000_000
MAX_CHANGES = 1000
MAX_LAYER_RATES = 64

STEP = integer(0, MAX_STEPS)
RATE = number(0, 1000)
COORDINATE = number(-1e6, 1e6)  # or a value


def _point(value: Any) -> tuple[float, float, float]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"{show(value)}; expected [x, y, class or value]")
    x, y, target = value
    return COORDINATE(x), COORDINATE(y), COORDINATE(target)


def _change(value: Any) -> tuple[int, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{show(value)}; expected [step, rate]")
    return STEP(value[0]), RATE(value[1])


@dataclass(frozen=True)
class Train:
    """The `[train]` table. Nothing is trained while `data` is empty."""

    data: str = key(
        "",
        check_data,
        "what the network learns: own (the points in `own`), a .csv or picture file, relative to "
        f"the preset, or a data set: {' '.join(DATA_SETS)}; a network that sees pictures learns "
        f"{FASHION}, or a folder, whose name ends in /; nothing is trained when empty",
        widget="data",
    )
    target: str = key(
        "auto",
        choice(TARGETS),
        f"what a data set teaches, where that is not clear from it: {' '.join(TARGETS)}",
    )
    own: tuple[tuple[float, float, float], ...] = key(
        (),
        several(_point, 0, MAX_OWN),
        "points of your own, as [x, y, class or value]; classes count from 0",
        widget="list",
    )
    classes: int = key(
        0,
        integer(0, MAX_CLASSES),
        "number of classes, to 10; 0: the data set's own",
        slider=(0, 10),
    )
    points: int = key(
        500,
        integer(2, MAX_POINTS),
        "number of points that a data set draws, those for tests included",
        factor=True,
        slider=(10, 5000),
    )
    test_fraction: float = key(
        0.5, number(0, 0.9), "fraction of the points that is kept for tests", slider=(0, 0.9)
    )
    data_noise: float = key(
        0.0, number(0, 10), "noise of the data: 0 to 0.5 as in the Playground", slider=(0, 0.5)
    )
    seed: int = key(
        0,
        SEED,
        "seed of the points, of their split, of batches and dropout; that of [network] draws the "
        "weights",
        metavar="N|WORDS",
        widget="seed",
    )
    loss: str = key(
        "",
        choice(["", *LOSSES]),
        "loss: cross-entropy squared hinge absolute; when empty, cross-entropy for classes and "
        "squared for others (of pictures with classes always that of a softmax)",
    )
    optimizer: str = key("sgd", choice(OPTIMIZERS), f"optimizer: {' '.join(OPTIMIZERS)}")
    rate: float = key(0.03, RATE, "learning rate at step 0", factor=True, slider=(1e-4, 10))
    changes: tuple[tuple[int, float], ...] = key(
        (),
        several(_change, 0, MAX_CHANGES),
        "learning rates from later steps on, as [[step, rate], …]",
        widget="list",
    )
    schedule: str = key(
        "constant",
        choice(SCHEDULES),
        f"factor on the rate over the steps: {' '.join(SCHEDULES)}",
    )
    schedule_steps: int = key(
        1000,
        integer(1, MAX_STEPS),
        "steps of a schedule: between two drops of step, to the end of cosine, of warm-up",
        factor=True,
        slider=(10, 100_000),
    )
    schedule_factor: float = key(
        0.5, number(0, 1), "factor on the rate at each drop of the schedule step", slider=(0, 1)
    )
    batch: int = key(
        10, integer(1, MAX_BATCH), "points of a mini-batch", factor=True, slider=(1, 4096)
    )
    momentum: float = key(
        MOMENTUM,
        number(-0.999, 0.999999),
        "decay of the moving sum of gradients of the optimizers momentum and nesterov",
        slider=(0, 0.99),
    )
    layer_rates: tuple[float, ...] = key(
        (),
        several(number(0, 1e6), 0, MAX_LAYER_RATES),
        "factors on the rate, one for each layer from the first on; the last one is that of all "
        "further layers, too; 1 for all when empty",
        widget="list",
    )
    biases: bool = key(True, flag, "biases learn; otherwise they stay as they were drawn")
    l1: float = key(0.0, number(0, 100), "L1 regularisation of the weights", slider=(0, 0.1))
    l2: float = key(
        0.0,
        number(0, 100),
        "L2 regularisation of the weights; adamw: their decoupled decay",
        slider=(0, 0.1),
    )
    dropout: float = key(
        0.0,
        number(0, 0.95),
        "probability that a hidden unit is left out of a step",
        slider=(0, 0.9),
    )
    steps: int = key(
        0,
        STEP,
        "the training step whose network is shown; step 0 is the random network",
        slider=(0, 600),
    )
    checkpoint: str = key(
        "",
        line(4096),
        "weights of a step in a .safetensors file, from which training goes on; it is used only "
        "if it belongs to this network, data and settings",
    )
    marks: str = key("all", choice(MARKS), f"points drawn over the picture: {' '.join(MARKS)}")
    boundary: bool = key(False, flag, "draw the boundary between classes as a line")

    def __post_init__(self) -> None:
        validate(self, "train.")
        steps = [step for step, _ in self.changes]
        if steps != sorted(set(steps)):
            raise PresetError("steps must increase", key="train.changes")

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> Self:
        """From values by name; `origin` of the text says which files it may name."""
        return cls(**_located(values, origin))

    def replace(self, values: dict[str, Any]) -> "Train":
        """With some keys changed, in which files are relative to the current folder."""
        return dataclasses.replace(self, **_located(values, USER))

    @property
    def path(self) -> Path | None:
        """The file of data; None for none, or for a mere name."""
        path = Path(self.data)
        return path if path.is_absolute() else None

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values, with absolute paths, without what is empty."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {n: _listed(v) for n, v in fields.items() if v not in ("", ())}

    @cached_property
    def learning(self) -> "Train":
        """The table with only what the weights of a step depend on: the others have defaults."""
        return self._with(**_SHOWN)

    def at_step(self, steps: int) -> "Train":
        """The table of another step: quickly, since many are shown in a second."""
        return self._with(steps=checked(STEP, steps, "train.steps"), learning=self.learning)

    def _with(self, **values: Any) -> "Train":
        """A copy with other values that have been checked."""
        new = copy.copy(self)
        new.__dict__.update(values)
        return new


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _located(values: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """The values with the absolute paths of files that a text from `origin` may name."""
    found = dict(values)
    for name, locate in (("data", located), ("checkpoint", located_checkpoint)):
        if isinstance(found.get(name), str):
            found[name] = locate(found[name], origin)
    return found


# The keys that the weights of a step do not depend on, with their defaults.
_SHOWN: dict[str, Any] = {"steps": 0, "checkpoint": "", "marks": "all", "boundary": False}

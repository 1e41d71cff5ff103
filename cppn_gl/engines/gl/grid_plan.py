"""What has to be drawn for a network whose stages are grids: steps, passes, and where units are.

    stages -> plan() -> Plan: a Step for each stage, a Value for its units, in a Storage
           -> pack() -> the weights as vec4s, and a Pass for each draw

Units are kept as groups of four channels, a texel for each position. A storage holds the groups of
one stage, or those of all stages that a concatenation joins: they write into its storage, so that
nothing is copied, and weights are packed for the places where the channels are. All positions are
those of a tile with its margin; of each stage only what later stages read is evaluated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import AvgPool, Concat, Conv, MaxPool
from cppn_gl.utils.arrays import Float32

QUAD = 4  # channels of a group
HEAD = 5  # vec4s of a group before the weights: bias, mean, factor, shift, boost
ALIGNMENT = 16  # vec4s: passes start at multiples of 256 bytes, as uniform buffers may have to
MAX_ADDED = 4  # inputs of a sum in one pass

Place = tuple[int, int]  # of a channel: its group, counted from the first of its value, and lane


@dataclass(eq=False)
class Storage:
    """Memory of `groups` groups for values; nothing reads it after the step `last`."""

    groups: int
    values: list["Value"]
    last: int = -1


class Value:
    """The units of a step, or of several that a concatenation joins (`parts`).

    places: where each channel is. first: its first group in the storage. need: how many taps
    around a tile it is read.
    """

    def __init__(self, places: Sequence[Place], parts: Sequence["Value"] = ()):
        self.places, self.parts = tuple(places), tuple(parts)
        self.groups = 1 + max(group for group, _ in self.places)
        self.storage, self.first, self.need = Storage(self.groups, [self]), 0, 0

    @property
    def whole(self) -> bool:
        """Whether it is all of its storage."""
        return self.groups == self.storage.groups

    def read(self, need: int) -> None:
        """Note that it is read `need` taps around a tile."""
        for value in (self, *self.parts):
            value.need = max(value.need, need)
            if value is not self:
                value.read(need)


@dataclass(eq=False)
class Step:
    """What computes a value: kind is "conv", "max", "avg" or "sum"; `kernel` taps per side.

    stage: its normalisation, activation and boost; None for a copy.
    """

    kind: str
    inputs: tuple[Value, ...]
    value: Value
    stage: Stage | None = None
    conv: Conv | None = None
    kernel: int = 1

    @property
    def dilation(self) -> int:
        return self.conv.dilation if self.conv else 1

    @property
    def radius(self) -> int:
        """Taps that it reaches to each side."""
        return self.kernel // 2 * self.dilation

    @property
    def activation(self) -> str:
        return self.stage.activation if self.stage else "identity"


@dataclass(eq=False)
class Plan:
    """Steps in order, the last one for the outputs. `source`: the input features."""

    source: Value
    steps: list[Step] = field(default_factory=list)

    @property
    def radius(self) -> int:
        """How many taps around a tile its features are read."""
        return self.source.need

    def add(self, kind: str, inputs: Sequence[Value], value: Value, *more: object) -> Value:
        self.steps.append(Step(kind, tuple(inputs), value, *more))  # type: ignore[arg-type]
        return value


def plan(stages: Sequence[Stage], inputs: int) -> Plan:
    """The plan of a network's stages over a number of input features."""
    made = Plan(Value(plain(inputs)))
    values = {SOURCE: made.source}
    for number, stage in enumerate(stages):
        values[number] = _units(made, stage, [values[i] for i in stage.inputs])
    last = values[len(stages) - 1]
    straight = _straight(made, last)
    if not made.steps or made.steps[-1].value is not straight:
        made.add("sum", [straight], Value(straight.places))
    for number, step in reversed(list(enumerate(made.steps))):
        for value in (*step.inputs, step.value):
            value.storage.last = max(value.storage.last, number)
        for value in step.inputs:
            value.read(step.value.need + step.radius)
    return made


def plain(units: int) -> tuple[Place, ...]:
    """The places of channels one after another."""
    return tuple((c // QUAD, c % QUAD) for c in range(units))


def _units(made: Plan, stage: Stage, inputs: list[Value]) -> Value:
    """Append the steps of a stage; returns its units."""
    of = stage.operation
    if isinstance(of, Layer):
        of = Conv(of.weight[:, :, None, None], of.bias)
    if isinstance(of, Conv):
        return made.add("conv", inputs, Value(plain(stage.units)), stage, of, of.kernel)
    if isinstance(of, MaxPool | AvgPool):
        kind = "max" if isinstance(of, MaxPool) else "avg"
        return made.add(kind, inputs, Value(inputs[0].places), stage, None, of.size)
    if isinstance(of, Concat):
        inputs = [_joined(made, inputs)]
        if stage.normalize is None and stage.activation == "identity" and stage.boost is None:
            return inputs[0]
    elif len({one.places for one in inputs}) > 1:
        inputs = [_straight(made, one) for one in inputs]
    places = inputs[0].places
    while len(inputs) > MAX_ADDED:
        some = made.add("sum", inputs[:MAX_ADDED], Value(places))
        inputs = [some, *inputs[MAX_ADDED:]]
    return made.add("sum", inputs, Value(places), stage)


def _straight(made: Plan, value: Value) -> Value:
    """A value whose channels are one after another: itself, or the result of a 1×1 convolution."""
    units = len(value.places)
    if value.places == plain(units):
        return value
    ones = np.eye(units, dtype=np.float32)[:, :, None, None]
    return made.add(
        "conv", [value], Value(plain(units)), None, Conv(ones, np.zeros(units, np.float32))
    )


def _joined(made: Plan, inputs: list[Value]) -> Value:
    """The concatenation of values. They move into one storage; what cannot is copied there."""
    joined, places = Storage(0, []), []
    parts: list[Value] = []
    for value in inputs:
        moved = value
        fixed = value is made.source or not value.whole or inputs.count(value) > 1
        if fixed or _meets(made, value.storage, joined):
            if value.storage is joined:  # nothing is read and written at once
                moved = made.add("sum", [value], Value(value.places))
            moved = made.add("sum", [moved], Value(value.places))
        places += [(joined.groups + group, lane) for group, lane in value.places]
        for part in moved.storage.values:
            part.first += joined.groups
            joined.values.append(part)
        groups = moved.storage.groups
        for part in moved.storage.values:
            part.storage = joined
        joined.groups += groups
        parts.append(moved)
    whole = Value(places, parts)
    whole.storage = joined
    joined.values.append(whole)
    return whole


def _meets(made: Plan, one: Storage, other: Storage) -> bool:
    """Whether a step would read and write one storage if these two were the same."""
    both = one, other
    return any(
        step.value.storage in both and any(value.storage in both for value in step.inputs)
        for step in made.steps
    )


# Weights.


@dataclass(frozen=True)
class Limits:
    """How passes are cut. banks: textures of a storage; most: groups that a pass computes.

    block: vec4s of a uniform block. A pass does not reach from one round of the banks into the
    next.
    """

    banks: int
    most: int
    block: int


@dataclass(frozen=True, eq=False)
class Pass:
    """A draw that computes `count` groups of a step's value, from `first` on, in its storage.

    start: of its terms, in vec4s; textured: whether they are in the texture, not in a block.
    read: the groups that it reads, from and before, of the input's storage.
    """

    step: Step
    first: int
    count: int
    start: int
    textured: bool
    read: tuple[int, int]

    @property
    def work(self) -> float:
        """Multiplications at a position, an activation counting as 8."""
        taps = self.step.kernel**2
        if self.step.kind == "conv":
            taps *= QUAD * (self.read[1] - self.read[0])
        return QUAD * self.count * (taps * len(self.step.inputs) + 8.0)


@dataclass(frozen=True, eq=False)
class Packed:
    """The passes, and their terms: `blocks` (n, 4) for uniform blocks, `texels` for the texture."""

    passes: tuple[Pass, ...]
    blocks: Float32
    texels: Float32

    @property
    def work(self) -> float:
        """Multiplications at a position of all passes."""
        return sum(one.work for one in self.passes)


def pack(made: Plan, limits: Limits) -> Packed:
    """Cut the steps into passes and lay out their weights.

    The terms of a pass are HEAD vec4s for each of its groups, then the weights by (input group,
    row, column, group, input channel), a vec4 for the four outputs of a group. Input groups are
    whole rounds of the banks.
    """
    passes: list[Pass] = []
    kept: dict[bool, list[Float32]] = {False: [], True: []}
    ends = {False: 0, True: 0}
    for step in made.steps:
        heads = _heads(step)
        matrix = _matrix(step)
        for first, count in _runs(step, limits):
            rows = slice(first * QUAD, (first + count) * QUAD)
            terms = [heads[first : first + count].reshape(-1, 4)]
            read = _read(step, matrix, rows)
            if matrix is not None:
                terms.append(_weights(matrix[rows], step.inputs[0].first, read, limits.banks))
            block = np.concatenate(terms)
            textured = len(block) > limits.block
            at = step.value.first + first
            passes.append(Pass(step, at, count, ends[textured], textured, read))
            padding = -len(block) % ALIGNMENT
            kept[textured].append(np.pad(block, ((0, padding), (0, 0))))
            ends[textured] += len(block) + padding
    none = np.zeros((0, 4), np.float32)
    blocks, texels = (np.concatenate([none, *kept[k]]) for k in (False, True))
    return Packed(tuple(passes), blocks, texels)


def _runs(step: Step, limits: Limits) -> list[tuple[int, int]]:
    """The groups of each pass of a step: first and count."""
    value, found, first = step.value, [], 0
    columns = step.inputs[0].groups + 2 * (limits.banks - 1)
    each = HEAD + columns * step.kernel**2 * QUAD if step.conv is not None else limits.block
    most = max(1, min(limits.most, limits.block // each))
    most = -(-value.groups // -(-value.groups // most))  # passes of about equal size
    while first < value.groups:
        rest = limits.banks - (value.first + first) % limits.banks
        count = min(most, value.groups - first, rest if limits.banks > 1 else most)
        found.append((first, count))
        first += count
    return found


def _heads(step: Step) -> Float32:
    """The terms of each group besides weights: (groups, HEAD, 4)."""
    value, stage = step.value, step.stage
    heads = np.zeros((value.groups, HEAD, QUAD), np.float32)
    heads[:, 2] = heads[:, 4] = 1
    group, lane = np.transpose(value.places)
    if step.conv is not None:
        heads[group, 0, lane] = step.conv.bias
    if stage is not None and stage.normalize is not None:
        for row, terms in enumerate(stage.normalize.terms, 1):
            heads[group, row, lane] = terms
    if stage is not None and stage.boost is not None:
        heads[group, 4, lane] = stage.boost
    return heads


def _matrix(step: Step) -> Float32 | None:
    """The weights of a convolution at their places: (outputs, inputs, kernel, kernel), padded."""
    if step.conv is None:
        return None
    weight, groups, source = step.conv.weight, step.conv.groups, step.inputs[0]
    shape = step.value.groups * QUAD, source.groups * QUAD, *weight.shape[2:]
    matrix = np.zeros(shape, np.float32)
    rows = len(weight) // groups
    columns = np.array([QUAD * group + lane for group, lane in source.places])
    for k, some in enumerate(columns.reshape(groups, -1)):
        matrix[k * rows : (k + 1) * rows, some] = weight[k * rows : (k + 1) * rows]
    return matrix


def _read(step: Step, matrix: Float32 | None, rows: slice) -> tuple[int, int]:
    """The groups of the input's storage that a pass of these rows has weights for."""
    source = step.inputs[0]
    low, high = 0, source.groups
    if matrix is not None and step.conv is not None and step.conv.groups > 1:
        used = np.flatnonzero(matrix[rows].any(axis=(0, 2, 3)))
        low, high = (used[0] // QUAD, used[-1] // QUAD + 1) if used.size else (0, 1)
    return source.first + int(low), source.first + int(high)


def _weights(rows: Float32, first: int, read: tuple[int, int], banks: int) -> Float32:
    """The weights of a pass as vec4s, see `pack`. first: the input's first group."""
    low, high = read[0] // banks * banks, -(-read[1] // banks) * banks
    size = rows.shape[2:]
    padded = np.zeros((len(rows), (high - low) * QUAD, *size), np.float32)
    inside = rows[:, (read[0] - first) * QUAD : (read[1] - first) * QUAD]
    at = (read[0] - low) * QUAD
    padded[:, at : at + inside.shape[1]] = inside
    shaped = padded.reshape(-1, QUAD, high - low, QUAD, *size)
    return np.ascontiguousarray(shaped.transpose(2, 4, 5, 0, 3, 1)).reshape(-1, 4)

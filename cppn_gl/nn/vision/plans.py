"""Plans of an image network's steps, forward and backward: for the native library, or for OpenGL.

A plan says where each array stands in one block of memory, and lists steps. Concatenations cost
nothing: the stages before them write into their result. Gradients stand where earlier ones are no
longer needed. What the library lacks is a part of its own, which NumPy computes.
"""

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
from cppn_gl.nn.vision.operations import (
    AvgPool2d,
    Clip,
    Concatenate,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Identity,
    Linear,
    MaxPool2d,
    Product,
    Reshape,
    Scale,
    Shape,
    Sum,
)
from cppn_gl.nn.vision.running import Rule, depending, rectifies
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_vision import DEFAULTS, KINDS, POINTERS, RULES, STEP, divide
from cppn_gl.utils.native_vision import taps as tap_table

LINE = 16  # floats to whose multiples arrays are aligned

# What an address is relative to: the pass's own block, its picture and its switches; the block of
# the forward pass, for a backward one.
NOTHING, BLOCK, PICTURE, SWITCHES, DONE_BLOCK = range(5)
Place = tuple[int, int]  # one of these, and floats (uint16 of SWITCHES) from its beginning
NOWHERE = (NOTHING, 0)
Number = Callable[[str], int | None]  # of an activation; None: the kernel lacks it
Row = dict[str, Any]  # a step: its fields that are not DEFAULTS; some of POINTERS are Places


@dataclass(eq=False)
class Plan:
    """What is run: rows of the library's steps, and between them stages that NumPy computes.

    parts: (first row, stop), or the number of a stage. floats, switches: sizes of the blocks.
    places: of units, or of gradients. pre: of those pre-activations that are kept. of_stage: the
    rows that make a stage's units. seeds: of gradients that are given. targets: where NumPy adds
    the gradients of a stage's inputs, and whether there are some. work: of each row, in
    multiplications.
    """

    rows: list[Row] = field(default_factory=list)
    parts: list[tuple[int, int] | int] = field(default_factory=list)
    floats: int = 0
    switches: int = 0
    places: dict[int, Place] = field(default_factory=dict)
    pre: dict[int, Place] = field(default_factory=dict)
    switch_places: dict[int, Place] = field(default_factory=dict)
    seeds: dict[int, Place] = field(default_factory=dict)
    targets: dict[int, list[tuple[int, Place, bool]]] = field(default_factory=dict)
    of_stage: dict[int, list[int]] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)  # arrays that rows point to
    steps: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, STEP))
    bases: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    work: list[float] = field(default_factory=list)
    size: int = 0

    def add(self, kind: str, work: float, **fields: Any) -> None:
        """Append a step. Neighbouring ones are one part."""
        number = len(self.rows)
        self.rows.append({**DEFAULTS, "kind": KINDS.index(kind), **fields})
        self.work.append(work)
        last = self.parts[-1] if self.parts else None
        if isinstance(last, tuple):
            self.parts[-1] = (last[0], number + 1)
        else:
            self.parts.append((number, number + 1))

    def kept_at(self, array: NDArray[Any] | None) -> int:
        """The address of an array, which lives as long as the plan."""
        if array is None:
            return 0
        self.kept.append(array)
        return int(array.ctypes.data)

    def finish(self, library: Library, threads: int) -> "Plan":
        """Make the steps of the rows, divided for so many threads."""
        self.steps = np.zeros(len(self.rows), STEP)
        self.bases = np.zeros((len(self.rows), len(POINTERS)), np.int64)
        for k, row in enumerate(self.rows):
            for name, value in row.items():
                if isinstance(value, tuple):
                    base, offset = value
                    self.bases[k, POINTERS.index(name)] = base
                    value = offset * (2 if base == SWITCHES else 4)
                self.steps[name][k] = value
        self.size = divide(library, self.steps, threads)
        self.rows = []  # ten times as large
        return self

    def placed(self, addresses: Mapping[int, int]) -> NDArray[np.void]:
        """The steps with addresses in blocks that begin there."""
        steps = self.steps.copy()
        table = np.array([addresses.get(base, 0) for base in range(5)], np.uintp)
        for name, bases in zip(POINTERS, self.bases.T, strict=True):
            steps[name] += table[bases]
        return steps


class Weights:
    """Weights of convolutions in a kernel's order. They live as long as their operations.

    pack: of weights (groups, rows, columns).
    """

    def __init__(self, pack: Callable[[Float32], Float32]):
        self._pack = pack
        self._known: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def forward(self, of: Conv2d) -> tuple[Any, Any]:
        """The weights of a convolution, and its taps."""
        return self._of(of, None, lambda: self._forward(of))

    def backward(self, of: Conv2d, phase: tuple[int, int]) -> tuple[Any, Any]:
        """Those of the gradient at inputs whose row and column modulo the strides are `phase`."""
        return self._of(of, phase, lambda: self._backward(of, phase))

    def _of(self, of: Conv2d, key: Any, make: Any) -> tuple[Any, Any]:
        with self._lock:
            known = self._known.setdefault(of, {})
            if key not in known:
                known[key] = make()
            found: tuple[Any, Any] = known[key]
            return found

    def _forward(self, of: Conv2d) -> tuple[Any, Any]:
        (top, left, _, _), (down, across) = of.padding, of.dilation
        rows, columns = of.kernel
        places = [(i * down - top, j * across - left) for i in range(rows) for j in range(columns)]
        weight = of.weight.reshape(of.groups, len(of.weight) // of.groups, -1)
        return self._pack(weight), tap_table(places)

    def _backward(self, of: Conv2d, phase: tuple[int, int]) -> tuple[Any, Any]:
        (row, row_taps), (column, column_taps) = (
            _phase_taps(*axis)
            for axis in zip(phase, of.padding[:2], of.kernel, of.dilation, of.stride, strict=True)
        )
        places = [(y, x) for y in row_taps for x in column_taps]
        out, per, *_ = of.weight.shape
        reaching = of.weight[:, :, row][..., column].reshape(of.groups, out // of.groups, per, -1)
        turned = reaching.transpose(0, 2, 1, 3).reshape(of.groups, per, -1)
        return self._pack(turned), tap_table(places)


def _phase_taps(
    phase: int, before: int, kernel: int, dilation: int, stride: int
) -> tuple[list[int], list[int]]:
    """Which rows of a kernel reach the inputs of a phase, and from how many results further."""
    distances = {k: phase + before - k * dilation for k in range(kernel)}
    reaching = [k for k, distance in distances.items() if distance % stride == 0]
    return reaching, [distances[k] // stride for k in reaching]


def aliases(stage: ImageStage) -> bool:
    """Whether its units are those of its input, in another shape perhaps."""
    return stage.activation == "identity" and isinstance(
        stage.operation, Identity | Reshape | Flatten
    )


def _planes(shape: Shape, of: str) -> Row:
    return {f"rows{of}": shape.rows, f"columns{of}": shape.columns}


def _window(of: MaxPool2d | AvgPool2d) -> Row:
    top, left, bottom, right = of.padding
    return {
        **dict(zip(("size_y", "size_x"), of.size, strict=True)),
        **dict(zip(("stride_y", "stride_x"), of.stride, strict=True)),
        "top": top,
        "left": left,
        "bottom": bottom,
        "right": right,
    }


def _mean_window(of: AvgPool2d | GlobalAvgPool, given: Shape) -> Row:
    if isinstance(of, AvgPool2d):
        return {**_window(of), "counts": int(of.count_padding)}
    sides = given.rows, given.columns
    return _window(AvgPool2d(sides, sides))


class _Planner:
    """What plans of both directions share."""

    def __init__(self, number: Number, weights: Weights, network: ImageNetwork):
        self._number, self.weights, self.network = number, weights, network
        self.plan = Plan()

    def shape(self, k: int) -> Shape:
        return self.network.picture if k == SOURCE else self.network.stages[k].shape

    def number(self, activation: str) -> int:
        found = self._number(activation)
        assert found is not None
        return found

    def packed(self, known: tuple[Any, Any]) -> Row:
        weight, tap = known
        return {
            "weight": self.plan.kept_at(weight),
            "tap": self.plan.kept_at(tap),
            "taps": len(tap),
        }


class Forward(_Planner):
    """The plan of a forward pass up to stage `until`.

    lazy: the pre-activations of ReLUs are not kept, but for those of the scores.
    """

    def __init__(
        self,
        number: Number,
        weights: Weights,
        network: ImageNetwork,
        until: int,
        *,
        lazy: bool = True,
    ):
        super().__init__(number, weights, network)
        self._inside = self._joined(until)
        for k in range(until + 1):
            self._place(k)
        stages = network.stages[: until + 1]
        scores = {until, network.logits, *network.stages[network.logits].inputs}
        for k, stage in enumerate(stages):
            kept = stage.activation != "relu" or k in scores or not lazy
            if kept and stage.activation != "identity":
                self.plan.pre[k] = self._room(stage.shape)
            if aliases(stage):
                continue
            before = len(self.plan.rows)
            if number(stage.activation) is None or not self._stage(k, stage):
                self.plan.parts.append(k)
            self.plan.of_stage[k] = list(range(before, len(self.plan.rows)))

    def _joined(self, until: int) -> dict[int, tuple[int, int]]:
        """For each stage that may write into a concatenation: its number, and the first channel."""
        inside: dict[int, tuple[int, int]] = {}
        for k in range(until, -1, -1):
            stage = self.network.stages[k]
            if isinstance(stage.operation, Concatenate) and stage.activation == "identity":
                channel = 0
                for i in stage.inputs:
                    free = i != SOURCE and i not in inside and stage.inputs.count(i) == 1
                    if free and not aliases(self.network.stages[i]):
                        inside[i] = k, channel
                    channel += self.shape(i).channels
        return inside

    def _room(self, shape: Shape) -> Place:
        at = self.plan.floats
        self.plan.floats += -(-shape.size // LINE) * LINE
        return BLOCK, at

    def _place(self, k: int) -> Place:
        """Where the units of a stage are, or the source."""
        if k == SOURCE:
            return PICTURE, 0
        places, stage = self.plan.places, self.network.stages[k]
        if k not in places:
            if aliases(stage):
                places[k] = self._place(stage.inputs[0])
            elif k in self._inside:
                whole, channel = self._inside[k]
                base, at = self._place(whole)
                places[k] = base, at + channel * stage.shape.rows * stage.shape.columns
            else:
                places[k] = self._room(stage.shape)
        return places[k]

    def _stage(self, k: int, stage: ImageStage) -> bool:
        """Add the steps of a stage; False if the library lacks it."""
        of, out = stage.operation, stage.shape
        shapes = [self.shape(i) for i in stage.inputs]
        places = [self._place(i) for i in stage.inputs]
        given, size = shapes[0], float(out.size)
        row: Row = {
            "activation": self.number(stage.activation),
            "inputs": given.channels,
            "outputs": out.channels,
            "in": places[0],
            "out": self._place(k),
            "pre": self.plan.pre.get(k, NOWHERE),
            **_planes(given, "_in"),
            **_planes(out, ""),
            **_planes(out, "_out"),
        }
        add, plan = self.plan.add, self.plan
        if isinstance(of, Conv2d):
            row |= self.packed(self.weights.forward(of))
            row |= dict(zip(("stride_y", "stride_x"), of.stride, strict=True))
            row |= {"groups": of.groups, "bias": plan.kept_at(of.bias)}
            add("convolve", size * of.weight[0].size, **row)
        elif isinstance(of, Linear):
            row |= {"weight": plan.kept_at(of.weight), "bias": plan.kept_at(of.bias)}
            add("dense", 4.0 * of.weight.size, **{**row, "inputs": given.size})
        elif isinstance(of, MaxPool2d):
            plan.switch_places[k] = SWITCHES, plan.switches
            row["switches"] = plan.switch_places[k]
            plan.switches += out.size
            add("pool", 4.0 * size * of.size[0] * of.size[1], **row, **_window(of))
        elif isinstance(of, AvgPool2d | GlobalAvgPool):
            window = _mean_window(of, given)
            add("mean", 4.0 * size * window["size_y"] * window["size_x"], **row, **window)
        elif isinstance(of, Scale):
            weights = {"weight": plan.kept_at(of.gain), "bias": plan.kept_at(of.shift)}
            add("scale", 4 * size, **row, **weights)
        elif isinstance(of, Clip):
            add("clip", 4 * size, **row, low=of.low, high=of.high)
        elif isinstance(of, Identity | Reshape | Flatten):
            add("copy", 4 * size, **{**row, **_planes(out, "_in"), "inputs": out.channels})
        elif isinstance(of, Concatenate):
            self._concatenate(k, stage, row)
        elif isinstance(of, Sum | Product) and all(shape == out for shape in shapes):
            return self._combine(of, places, row)
        else:
            return False
        return True

    def _concatenate(self, k: int, stage: ImageStage, row: Row) -> None:
        channel, plane = 0, stage.shape.rows * stage.shape.columns
        for i in stage.inputs:
            count = self.shape(i).channels
            if self._inside.get(i, (None,))[0] != k:
                moved = {
                    name: (row[name][0], row[name][1] + channel * plane)
                    for name in ("out", "pre")
                    if row[name] != NOWHERE
                }
                own = {"in": self._place(i), "inputs": count, "outputs": count}
                self.plan.add("copy", 4.0 * count * plane, **{**row, **own, **moved})
            channel += count

    def _combine(self, of: Sum | Product, places: Sequence[Place], row: Row) -> bool:
        last, size = {n: row[n] for n in ("activation", "pre")}, 4.0 * row["outputs"]
        size *= row["rows"] * row["columns"]
        row = {**row, "activation": 0, "pre": NOWHERE}
        if isinstance(of, Product) and len(places) != 2:
            return False
        if len(places) < 2:
            self.plan.add("copy", size, **{**row, **last})
            return True
        kind = "add" if isinstance(of, Sum) else "multiply"
        end = last if len(places) == 2 else {}
        self.plan.add(kind, size, **{**row, "other": places[1], **end})
        for number, place in enumerate(places[2:], 3):
            end = last if len(places) == number else {}
            self.plan.add("copy", size, **{**row, "in": place, "adds": 1, **end})
        return True


class _Rooms:
    """Places in a block that are given back."""

    def __init__(self) -> None:
        self.floats = 0
        self._free: list[tuple[int, int]] = []  # first float, and how many
        self._users: dict[int, list[int]] = {}  # of a room: how many floats, and users

    def take(self, floats: int) -> int:
        """Where so many floats are free."""
        floats = -(-floats // LINE) * LINE
        for number, (at, count) in enumerate(self._free):
            if count >= floats:
                self._free[number] = at + floats, count - floats
                break
        else:
            at = self.floats
            self.floats += floats
        self._users[at] = [floats, 1]
        return at

    def share(self, at: int) -> None:
        """There is one user more."""
        self._users[at][1] += 1

    def give_back(self, at: int) -> None:
        """There is one user less; the room of the last one is free."""
        self._users[at][1] -= 1
        if not self._users[at][1]:
            free = sorted([*self._free, (at, self._users.pop(at)[0])])
            self._free = []
            for begin, count in free:
                if self._free and sum(self._free[-1]) == begin:
                    begin, before = self._free.pop()
                    count += before
                if count:
                    self._free.append((begin, count))


class Backward(_Planner):
    """The plan of a backward pass; see `backward` of running.py. `forward`: that of its pass."""

    def __init__(
        self,
        number: Number,
        weights: Weights,
        network: ImageNetwork,
        forward: Plan,
        seeds: Sequence[int],
        before: bool,
        rule: Rule,
        to: int,
    ):
        super().__init__(number, weights, network)
        self._forward, self._rule, self._to = forward, rule, to
        self._rooms = _Rooms()
        self._room: dict[int, int] = {}  # of a gradient: the room that it stands in
        self._sloped: set[int] = set()
        needed = set(seeds)
        for k in range(max(seeds, default=SOURCE), SOURCE, -1):
            needed.update(network.stages[k].inputs if k in needed else ())
        reached = depending(network, to)
        visited = [k for k in sorted(needed & reached, reverse=True) if k > to]
        self._left = {SOURCE: 0} | dict.fromkeys(range(len(network.stages)), 0)
        for k in visited:
            for i in network.stages[k].inputs:
                self._left[i] += 1
        self._reached = reached
        for k in seeds:
            if k in visited or (k == to and not before):
                self.plan.seeds[k] = BLOCK, self._rooms.take(self.shape(k).size)
                if not before:
                    self._own(k, self.plan.seeds[k])
        for k in visited:
            stage = network.stages[k]
            if k in self.plan.places and k not in self._sloped:
                self._slope(k)
            if before and k in self.plan.seeds:
                if k in self.plan.places:
                    row = self._to_input(k, adds=True) | self._from(self.plan.seeds[k], k)
                    self.plan.add("copy", 4.0 * stage.shape.size, **row)
                    self._rooms.give_back(self.plan.seeds[k][1])
                else:
                    self._own(k, self.plan.seeds[k])
            self._stage(k, stage)
            self._rooms.give_back(self._room[k])
        self.plan.floats = self._rooms.floats

    def _own(self, k: int, place: Place) -> None:
        self.plan.places[k], self._room[k] = place, place[1]

    def _done(self, k: int, *, pre: bool = False) -> Place:
        """Where the units or pre-activations of a stage of the forward pass are."""
        if k == SOURCE:
            return PICTURE, 0
        base, at = (self._forward.pre if pre else self._forward.places)[k]
        return (DONE_BLOCK if base == BLOCK else base), at

    def _from(self, place: Place, k: int) -> Row:
        shape = self.shape(k)
        return {"in": place, "inputs": shape.channels, **_planes(shape, "_in")}

    def _to_input(self, k: int, *, adds: bool) -> Row:
        shape = self.shape(k)
        sides = {**_planes(shape, ""), **_planes(shape, "_out")}
        return {"out": self.plan.places[k], "outputs": shape.channels, "adds": int(adds), **sides}

    def _factor(self, k: int) -> Row:
        """The fields that multiply a gradient at units by the slope of the activation."""
        name = "identity" if k == SOURCE else self.network.stages[k].activation
        if name == "identity":
            return {}
        rectifier = name == "relu"
        return {
            "slope": self.number(name),
            "rule": RULES.index(self._rule) if rectifier else 0,
            "other": self._done(k, pre=not rectifier),
        }

    def _slope(self, k: int) -> None:
        """Make the gradient at pre-activations of that at units, in place."""
        self._sloped.add(k)
        if factor := self._factor(k):
            row = self._to_input(k, adds=False) | self._from(self.plan.places[k], k)
            self.plan.add("copy", 4.0 * self.shape(k).size, **row, **factor)

    def _target(self, i: int, *, fused: bool = True) -> Row:
        """The fields of a step that adds to the gradient of stage i, the next contribution."""
        adds = i in self.plan.places
        if not adds:
            self._own(i, (BLOCK, self._rooms.take(self.shape(i).size)))
        self._left[i] -= 1
        row = self._to_input(i, adds=adds)
        if fused and self._left[i] == 0 and i > self._to:
            self._sloped.add(i)
            row |= self._factor(i)
        return row

    def _shares(self, i: int, place: Place, room: int) -> bool:
        """Let stage i have a part of another gradient as its own, if it gets no other."""
        if i in self.plan.places or self._left[i] != 1:
            return False
        self._left[i] = 0
        self._rooms.share(room)
        self.plan.places[i], self._room[i] = place, room
        return True

    def _stage(self, k: int, stage: ImageStage) -> None:
        """Add the steps that pass the gradient of a stage on to its inputs."""
        of, place = stage.operation, self.plan.places[k]
        size, add = 4.0 * stage.shape.size, self.plan.add
        inputs = [i for i in stage.inputs if i in self._reached]
        row = self._from(place, k)
        if isinstance(of, Conv2d):
            target = self._target(inputs[0])
            for y in range(min(of.stride[0], target["rows"])):
                for x in range(min(of.stride[1], target["columns"])):
                    self._phase(of, (y, x), {**row, **target})
        elif isinstance(of, Linear):
            row = {**row, **self._target(inputs[0]), "weight": self.plan.kept_at(of.weight)}
            ones = dict.fromkeys(("rows", "columns", "rows_out", "columns_out"), 1)
            shape = self.shape(inputs[0])
            add("dense_back", 4.0 * of.weight.size, **{**row, "outputs": shape.size, **ones})
        elif isinstance(of, MaxPool2d):
            row |= self._target(inputs[0]) | _planes(stage.shape, "") | _window(of)
            add("unpool", 4 * size, **row, switches=self._forward.switch_places[k])
        elif isinstance(of, AvgPool2d | GlobalAvgPool):
            row |= self._target(inputs[0]) | _planes(stage.shape, "")
            window = _mean_window(of, self.shape(inputs[0]))
            add("mean_back", size * window["size_y"] * window["size_x"], **row, **window)
        elif isinstance(of, Scale):
            row |= self._target(inputs[0])
            add("scale", size, **row, weight=self.plan.kept_at(of.gain))
        elif isinstance(of, Clip):
            rule = RULES.index(self._rule) if rectifies(of) else 0
            row |= self._target(inputs[0], fused=False)
            row |= {"other": self._done(inputs[0]), "rule": rule, "low": of.low, "high": of.high}
            add("clip_back", size, **row)
        elif isinstance(of, Identity | Reshape | Flatten):
            self._copied(inputs[0], place, self._room[k])
        elif isinstance(of, Concatenate):
            channel, plane = 0, stage.shape.rows * stage.shape.columns
            for i in stage.inputs:
                if i in self._reached:
                    self._copied(i, (BLOCK, place[1] + channel * plane), self._room[k])
                channel += self.shape(i).channels
        elif isinstance(of, Sum) and all(self.shape(i) == stage.shape for i in stage.inputs):
            for i in inputs:
                add("copy", size, **{**row, **self._target(i)})
        elif (
            isinstance(of, Product)
            and len(stage.inputs) == 2
            and all(self.shape(i) == stage.shape for i in stage.inputs)
        ):
            for i, other in zip(stage.inputs, reversed(stage.inputs), strict=True):
                if i in self._reached:
                    target = self._target(i, fused=False)
                    add("multiply", size, **{**row, **target, "other": self._done(other)})
        else:
            targets = [(i, self._target(i, fused=False)["adds"]) for i in inputs]
            self.plan.parts.append(k)
            self.plan.targets[k] = [(i, self.plan.places[i], bool(adds)) for i, adds in targets]

    def _copied(self, i: int, place: Place, room: int) -> None:
        """Pass a gradient on as it is."""
        if not self._shares(i, place, room):
            row = self._target(i)
            shape = self.shape(i)
            row |= {"in": place, "inputs": shape.channels, **_planes(shape, "_in")}
            self.plan.add("copy", 4.0 * shape.size, **row)

    def _phase(self, of: Conv2d, phase: tuple[int, int], row: Row) -> None:
        sides = {
            f"{side}": -(-(row[f"{side}_out"] - first) // stride)
            for side, first, stride in zip(("rows", "columns"), phase, of.stride, strict=True)
        }
        where = dict(zip(("out_y", "out_x"), phase, strict=True))
        apart = dict(zip(("out_stride_y", "out_stride_x"), of.stride, strict=True))
        row = {**row, **sides, **where, **apart, "groups": of.groups}
        row |= self.packed(self.weights.backward(of, phase))
        terms = row["inputs"] // of.groups * row["taps"] + 4.0
        work = terms * row["outputs"] * row["rows"] * row["columns"]
        self.plan.add("convolve", work, **row)

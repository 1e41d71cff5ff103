"""Image networks by OpenGL 4.3: a Kernel of nn/vision/running.py, by compute shaders.

    network -> Plan (nn/vision/plans.py) -> each step a dispatch of vision_*.comp -> all units

Made for one context, whose thread runs it. Sums have another order than those of the native
library, so that the last bits differ. Views use it where `Choice` finds it faster.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.shader import Source, compose
from cppn_gl.engines.gl.tiled_programs import Kernel as Program
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.operations import Shape
from cppn_gl.nn.vision.plans import (
    BLOCK,
    DONE_BLOCK,
    NOWHERE,
    PICTURE,
    SWITCHES,
    Backward,
    Forward,
    Place,
    Plan,
    Row,
    Weights,
)
from cppn_gl.nn.vision.running import (
    Kernel,
    NumPyKernel,
    Pass,
    Rule,
    Slices,
    Tensor,
    best_kernel,
    forward,
    preferred,
    through_operation,
    under,
)
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.native_vision import KINDS, RULES

FIELDS = (
    *("rule", "inputs", "outputs", "groups", "rows_in", "columns_in", "rows", "columns"),
    *("rows_out", "columns_out", "stride_y", "stride_x", "top", "left", "size_y", "size_x"),
    *("out_y", "out_x", "out_stride_y", "out_stride_x", "taps", "adds"),
    *("counts", "bottom", "right", "has_bias"),
)
BEGINS = ("in", "other", "out", "pre", "switches")
BINDINGS = ("in", "out", "other", "weight", "bias", "tap", "switches")
GROUP, SIDE, MOST = 64, 64, 65535  # numbers of a workgroup, a tile's side, workgroups on an axis
WEIGHTS = 512 * MB  # of all networks
_NEEDED = {
    "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS": 256,
    "GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS": 7,
}
_NAMES = list(ACTIVATIONS)


def available(ctx: moderngl.Context) -> bool:
    """Whether a context has what the shaders need."""
    info: dict[str, Any] = ctx.info
    return ctx.version_code >= 430 and all(int(info.get(k, n)) >= n for k, n in _NEEDED.items())


def source_of(kind: str, activation: int, slope: int) -> Source:
    """The program of a kind of steps, with an activation and a slope, or none: -1."""
    names = {f"F_{name}": number for number, name in enumerate(FIELDS)}
    names |= {f"B_{name}": number for number, name in enumerate(BEGINS)}
    for known in (KINDS, RULES):
        names |= {name.upper(): number for number, name in enumerate(known)}
    names |= {"FIELDS": len(FIELDS), "BEGINS": len(BEGINS), "KIND": KINDS.index(kind)}
    lines = [
        "#define REAL float",
        "#define PRECISE precise",
        *(f"#define {name} {number}" for name, number in names.items()),
        "#define S(name) fields[F_##name]",
        "#define AT(name) begins[B_##name]",
        f"#define ACTIVATION activation_{_NAMES[activation]}",
        f"#define SLOPED {int(slope >= 0)}",
        f"#define DERIVATIVE derivative_{_NAMES[max(slope, 0)]}",
    ]
    file = "vision_conv.comp" if kind == "convolve" else "vision_other.comp"
    return compose(file, "\n".join(lines), 430)


@dataclass(eq=False)
class _Sent:
    """A plan, and its arrays of weights on the device."""

    plan: Plan
    arrays: dict[int, Any] = field(default_factory=dict)  # buffers by address
    bytes: int = 0

    def release(self) -> None:
        for buffer in self.arrays.values():
            buffer.release()


@dataclass(eq=False)
class _GLPass(Pass):
    plan: Plan = None  # type: ignore[assignment]
    block: Float32 = None  # type: ignore[assignment]
    taken: Any = None  # switches, as numbers of 4 bytes


class GLKernel:
    """A Kernel on an OpenGL context.

    lent: others compute unless it is preferred, since another context may be current, or none: the
    best kernel passes, and NumPy gradients of its passes.
    """

    def __init__(self, ctx: moderngl.Context, *, lent: bool = False):
        self.ctx, self.lent = ctx, lent
        self._weights = Weights(np.ascontiguousarray)
        self._programs: dict[tuple[str, int, int], Program] = {}
        self._plans: LRUCache[Any, _Sent] = LRUCache(
            WEIGHTS, lambda key, sent: sent.bytes, free=_Sent.release
        )
        self._nothing = ctx.buffer(reserve=16)

    def release(self) -> None:
        """Free what is on the device."""
        self._plans.clear()
        for program in self._programs.values():
            program.program.release()
        self._nothing.release()

    def forward(self, network: ImageNetwork, source: Tensor, until: int) -> Slices[Pass]:
        if self.lent and preferred() is not self:
            return (yield from best_kernel().forward(network, source, until))
        sent = self._sent(
            (network.digest, until),
            lambda: Forward(_number, self._weights, network, until, lazy=False).plan,
        )
        plan = sent.plan
        block = np.empty(max(plan.floats, 1), np.float32)
        switches = np.zeros(max(plan.switches, 1), np.int32)
        stages = network.stages[: until + 1]

        def view(place: Place, shape: Shape) -> Tensor:
            whole = source.reshape(-1) if place[0] == PICTURE else block
            return whole[place[1] : place[1] + shape.size].reshape(shape)

        units = [view(plan.places[k], stage.shape) for k, stage in enumerate(stages)]
        pre = [
            view(plan.pre[k], stage.shape) if k in plan.pre else units[k]
            for k, stage in enumerate(stages)
        ]
        done = _GLPass(network, source, pre, units, self, plan=plan, block=block)
        with _Buffers(self.ctx, {BLOCK: block, PICTURE: source, SWITCHES: switches}) as buffers:

            def by_numpy(k: int) -> None:
                for i in stages[k].inputs:
                    if i != SOURCE and plan.places[i][0] == BLOCK:
                        buffers.read(units[i], plan.places[i])
                z = np.asarray(stages[k].operation.forward(*done.inputs(k)), np.float32)
                if k in plan.pre:
                    buffers.write(z, plan.pre[k])
                buffers.write(activate(stages[k].activation, z), plan.places[k])

            yield from self._run(sent, buffers, by_numpy)
            buffers.read(block, (BLOCK, 0))
            buffers.read(switches, (SWITCHES, 0))
        done.taken = switches
        return done

    def backward(
        self, done: Pass, seeds: Mapping[int, Tensor], before: bool, rule: Rule, to: int
    ) -> Slices[Tensor]:
        assert isinstance(done, _GLPass)
        if self.lent and preferred() is not self:
            return (yield from NumPyKernel().backward(done, seeds, before, rule, to))
        network = done.network
        numbers = sorted(seeds)
        sent = self._sent(
            (network.digest, tuple(numbers), before, rule, to, len(done.units)),
            lambda: (
                Backward(
                    *(_number, self._weights, network, done.plan, numbers, before, rule, to)
                ).plan
            ),
        )
        plan, shape = sent.plan, network.picture if to == SOURCE else network.stages[to].shape
        found = np.zeros(shape, np.float32)
        if to not in plan.places:
            return found
        arrays = {
            BLOCK: np.zeros(max(plan.floats, 1), np.float32),
            DONE_BLOCK: done.block,
            PICTURE: done.source,
            SWITCHES: done.taken,
        }
        with _Buffers(self.ctx, arrays) as buffers:
            for k, place in plan.seeds.items():
                buffers.write(seeds[k], place)

            def by_numpy(k: int) -> None:
                stage, by = network.stages[k], np.empty(network.stages[k].shape, np.float32)
                buffers.read(by, plan.places[k])
                back = through_operation(stage, done.inputs(k), done.pre[k], by, rule)
                given = dict(zip(stage.inputs, back, strict=True))
                for i, place, adds in plan.targets[k]:
                    total = np.ascontiguousarray(given[i], np.float32)
                    if adds:
                        old = np.empty_like(total)
                        buffers.read(old, place)
                        total = total + old
                    buffers.write(total, place)

            yield from self._run(sent, buffers, by_numpy)
            buffers.read(found, plan.places[to])
        return found

    def _sent(self, key: Any, make: Callable[[], Plan]) -> _Sent:
        def made() -> _Sent:
            sent = _Sent(make())
            for at, array in {one.ctypes.data: one for one in sent.plan.kept}.items():
                sent.arrays[at] = self.ctx.buffer(array.tobytes() or bytes(16))
                sent.bytes += array.nbytes
            return sent

        return self._plans.get(key, made)

    def _run(
        self, sent: _Sent, buffers: "_Buffers", by_numpy: Callable[[int], None]
    ) -> Slices[None]:
        for part in sent.plan.parts:
            if isinstance(part, int):
                with np.errstate(all="ignore"):
                    by_numpy(part)
                yield
                continue
            for row in sent.plan.rows[part[0] : part[1]]:
                self._step(row, sent, buffers)
                yield

    def _step(self, row: Row, sent: _Sent, buffers: "_Buffers") -> None:
        kind, activation = KINDS[row["kind"]], row.get("activation", 0)
        key = kind, activation, row["slope"]
        if key not in self._programs:
            self._programs[key] = Program(self.ctx, source_of(*key))
        places = {name: row.get(name, NOWHERE) for name in BEGINS}
        for number, name in enumerate(BINDINGS):
            if name in places:
                base = places[name][0]
                buffer = buffers.of.get(base, self._nothing)
            else:
                buffer = sent.arrays.get(row.get(name, 0), self._nothing)
            buffer.bind_to_storage_buffer(number)
        values = {**row, "has_bias": int(bool(row.get("bias")))}
        begins = [-1 if place == NOWHERE else place[1] for place in places.values()]
        if kind == "convolve":
            rows = row["outputs"] // row["groups"]
            count = row["rows"] * row["columns"]
            groups: Any = (-(-count // SIDE), -(-rows // SIDE), row["groups"])
        else:
            total = -(-row["outputs"] * row["rows_out"] * row["columns_out"] // GROUP)
            across = min(total, MOST)
            groups = across, -(-total // across)
        program = self._programs[key]
        _send(program, "fields", [int(values.get(name, 0)) for name in FIELDS], "i4")
        _send(program, "begins", begins, "i4")
        _send(program, "limits", [row.get("low", 0.0), row.get("high", 0.0)], "f4")
        program.run(groups)


def _send(program: Program, name: str, values: list[Any], dtype: str) -> None:
    """Set a uniform array. Drivers cut it behind the last element that a program reads."""
    uniform = program.program.get(name, None)
    if uniform is not None:
        count = len(values) if dtype == "f4" else uniform.array_length
        uniform.write(np.array(values[:count], dtype).tobytes())


class Choice:
    """The kernel for image networks on a painter's context: this one, on a GPU where it is faster.

    It is measured once for each network, beside the best one of the processor.
    """

    def __init__(self, painter: Any):
        usable = available(painter.ctx) and not painter.programs.software
        self._kernel = GLKernel(painter.ctx, lent=True) if usable else None
        self._faster: dict[bytes, bool] = {}

    def release(self) -> None:
        """Free what is on the device."""
        if self._kernel is not None:
            self._kernel.release()

    def kernel_for(self, network: ImageNetwork) -> Slices[Kernel | None]:
        """This kernel if it is faster; None: the processor's."""
        if self._kernel is None:
            return None
        if network.digest not in self._faster:
            device = yield from under(self._kernel, _seconds(self._kernel, network))
            processor = yield from _seconds(best_kernel(), network)
            self._faster[network.digest] = device < processor
        return self._kernel if self._faster[network.digest] else None


def _seconds(kernel: Kernel, network: ImageNetwork) -> Slices[float]:
    """What a pass takes. The first one, which compiles and packs, does not count."""
    source, seconds = np.zeros(network.picture, np.float32), 0.0
    for _ in range(2):
        slices, seconds, going = forward(network, source, kernel=kernel), 0.0, True
        while going:
            started = time.perf_counter()
            going = next(slices, slices) is not slices
            seconds += time.perf_counter() - started
            yield
    return seconds


def _number(activation: str) -> int | None:
    return _NAMES.index(activation) if activation in ACTIVATIONS else None


class _Buffers:
    """Arrays of a pass on the device, by what places are relative to."""

    def __init__(self, ctx: moderngl.Context, arrays: Mapping[int, Any]):
        self._ctx, self._arrays = ctx, arrays
        self.of: dict[int, Any] = {}

    def __enter__(self) -> "_Buffers":
        for base, array in self._arrays.items():
            self.of[base] = self._ctx.buffer(np.ascontiguousarray(array))
        return self

    def __exit__(self, *_: object) -> None:
        for buffer in self.of.values():
            buffer.release()

    def read(self, into: Any, place: Place) -> None:
        """Read numbers, 4 bytes each, into an array."""
        data = self.of[place[0]].read(size=into.nbytes, offset=4 * place[1])
        into[...] = np.frombuffer(data, into.dtype).reshape(into.shape)

    def write(self, array: Float32, place: Place) -> None:
        """Write numbers to a place."""
        self.of[place[0]].write(np.ascontiguousarray(array).tobytes(), offset=4 * place[1])

"""Runs image networks by the native library: a Kernel of running.py.

    network -> plan: steps of the library, and where each array stands in one block of memory
    plan -> a pass: the block, the steps with its addresses, run in slices on all cores

A plan is made once for a network. Concatenations cost nothing: the stages before them write into
their result. What the library lacks is computed by the operations themselves, between its steps.
Its numbers depend neither on the number of threads nor on the machine.
"""

import functools
import threading
import time as wall
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.native_changes import Changes
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.operations import Shape
from cppn_gl.nn.vision.plans import (
    BLOCK,
    DONE_BLOCK,
    LINE,
    PICTURE,
    SWITCHES,
    Backward,
    Forward,
    Place,
    Plan,
    Weights,
)
from cppn_gl.nn.vision.running import Pass, Rule, Slices, Tensor, through_operation
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_vision import packed
from cppn_gl.utils.native_vision import run as run_steps
from cppn_gl.utils.threads import thread_count

SLICE = 0.006  # seconds, about
FIRST_RATE = 5e9  # multiplications per second before anything is measured
PLANS = 128  # of a network, that are kept: one for each stage that is looked at, by each rule
ALONE = 2e5  # multiplications below which one thread is faster


class _Blocks:
    """Blocks of memory that are used again once no array refers to them.

    Fresh memory costs a page fault every 4 KB: as much as a tenth of a pass.
    """

    MOST = 2**28  # bytes that are kept

    def __init__(self) -> None:
        self._free: dict[int, list[Float32]] = {}
        self._bytes = 0
        self._lock = threading.RLock()  # arrays may be freed by the garbage collector at any time

    def take(self, floats: int) -> Float32:
        """An uninitialised array, aligned to 64 bytes."""
        with self._lock:
            kept = self._free.get(floats, [])
            memory = kept.pop() if kept else None
            self._bytes -= 0 if memory is None else memory.nbytes
        if memory is None:
            memory = np.empty(floats + LINE, np.float32)
        skip = -memory.ctypes.data % (4 * LINE) // 4
        lent = np.asarray(_Lent(memory[skip : skip + floats]))
        weakref.finalize(lent, self._back, floats, memory).atexit = False
        return lent

    def _back(self, floats: int, memory: Float32) -> None:
        with self._lock:
            if self._bytes + memory.nbytes <= self.MOST:
                self._free.setdefault(floats, []).append(memory)
                self._bytes += memory.nbytes


class _Lent:
    """An array's memory as an object that is no array, so that views of it refer to their first."""

    def __init__(self, memory: Float32):
        self.__array_interface__ = memory.__array_interface__
        self._memory = memory


class _Pre(Sequence[Tensor]):
    """The pre-activations of a pass. Those of a ReLU are computed when they are asked for."""

    def __init__(self, known: list[Tensor | None], compute: Callable[[int], Tensor]):
        self._known, self._compute = known, compute

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return [self[i] for i in range(*k.indices(len(self)))]
        found = self._known[k]
        if found is None:
            found = self._known[k] = self._compute(k % len(self._known))
        return found


@dataclass(frozen=True, eq=False)
class _Memory:
    """What the steps of a pass read and write."""

    source: Tensor
    plan: Plan
    block: Float32
    switches: NDArray[np.uint16]

    def addresses(self, block: int = BLOCK) -> dict[int, int]:
        """Where it begins; `block`: what the block is to the steps."""
        return {
            block: self.block.ctypes.data,
            PICTURE: self.source.ctypes.data,
            SWITCHES: self.switches.ctypes.data,
        }

    def view(self, place: Place, shape: Shape) -> Tensor:
        """An array of a pass."""
        base, at = place
        whole = self.source.reshape(-1) if base == PICTURE else self.block
        return whole[at : at + shape.size].reshape(shape)


@dataclass(eq=False)
class _NativePass(Pass):
    memory: _Memory = None  # type: ignore[assignment]

    @property
    def nbytes(self) -> int:
        later = sum(
            4 * stage.shape.size
            for k, stage in enumerate(self.network.stages[: len(self.units)])
            if stage.activation != "identity" and k not in self.memory.plan.pre
        )
        return self.memory.block.nbytes + self.memory.switches.nbytes + later


class NativeKernel:
    """A Kernel. `library`: that of native.library() if it is None."""

    def __init__(self, library: Library | None = None, threads: int | None = None):
        chosen = library or native.library()
        assert chosen is not None
        self._library = chosen
        self._threads = threads or thread_count()
        self._plans: weakref.WeakKeyDictionary[ImageNetwork, dict[Any, Plan]] = (
            weakref.WeakKeyDictionary()
        )
        self._weights = Weights(functools.partial(packed, chosen))
        self._lock = threading.RLock()
        self._blocks = _Blocks()
        self._rate = FIRST_RATE

    # Running

    def forward(self, network: ImageNetwork, source: Tensor, until: int) -> Slices[Pass]:
        plan = self._plan(
            network, until, lambda: Forward(self._library.activation, self._weights, network, until)
        )
        memory = _Memory(
            *(source, plan, self._blocks.take(plan.floats)),
            np.empty(plan.switches, np.uint16),
        )
        units: list[Tensor] = []
        pre: list[Tensor | None] = []
        for k, stage in enumerate(network.stages[: until + 1]):
            units.append(memory.view(plan.places[k], stage.shape))
            if k in plan.pre:
                pre.append(memory.view(plan.pre[k], stage.shape))
            else:
                pre.append(units[k] if stage.activation == "identity" else None)
        # No cycle of references: memory is free as soon as nobody knows the pass.
        kept = _Pre(pre, functools.partial(self._before, memory, network))
        done = _NativePass(network, source, kept, units, self, memory=memory)

        def by_numpy(k: int) -> None:
            stage = network.stages[k]
            with np.errstate(all="ignore"):
                z = np.asarray(stage.operation.forward(*done.inputs(k)), np.float32)
                if k in plan.pre:
                    done.pre[k][:] = z
                units[k][:] = activate(stage.activation, z)

        yield from self._run(plan, memory.addresses(), by_numpy)
        return done

    def changes(self, done: Pass, target: Target) -> Changes | None:
        """What computes a target again after a change; None if it must be a whole pass."""
        assert isinstance(done, _NativePass)
        return Changes.of(self._library, self._threads, done.network, done.memory, target)

    def _before(self, memory: _Memory, network: ImageNetwork, k: int) -> Tensor:
        """The pre-activations of a stage, computed again."""
        stage, plan = network.stages[k], memory.plan
        if not plan.of_stage[k]:
            inputs = [
                memory.source
                if i == SOURCE
                else memory.view(plan.places[i], network.stages[i].shape)
                for i in stage.inputs
            ]
            with np.errstate(all="ignore"):
                return np.asarray(stage.operation.forward(*inputs), np.float32)
        found = np.empty(stage.shape, np.float32)
        steps = plan.placed(memory.addresses())[plan.of_stage[k]]
        moved = found.ctypes.data - memory.view(plan.places[k], stage.shape).ctypes.data
        steps["out"] = (steps["out"].astype(np.int64) + moved).astype(np.uintp)
        steps["activation"] = steps["switches"] = 0
        run_steps(self._library, steps, plan.size, self._threads)
        return found

    def backward(
        self, done: Pass, seeds: Mapping[int, Tensor], before: bool, rule: Rule, to: int
    ) -> Slices[Tensor]:
        assert isinstance(done, _NativePass)
        network = done.network
        key = (tuple(sorted(seeds)), before, rule, to, len(done.units))
        plan = self._plan(
            network,
            key,
            lambda: Backward(
                *(self._library.activation, self._weights, network, done.memory.plan),
                *(sorted(seeds), before, rule, to),
            ),
        )
        shape = network.picture if to == SOURCE else network.stages[to].shape
        if to not in plan.places:
            return np.zeros(shape, np.float32)
        block = self._blocks.take(plan.floats)

        def view(place: Place, shape: Shape) -> Tensor:
            return block[place[1] : place[1] + shape.size].reshape(shape)

        def by_numpy(k: int) -> None:
            stage, inputs = network.stages[k], done.inputs(k)
            with np.errstate(all="ignore"):
                at = view(plan.places[k], stage.shape)
                found = through_operation(stage, inputs, done.pre[k], at, rule)
                given = dict(zip(stage.inputs, found, strict=True))
                for i, place, adds in plan.targets[k]:
                    into = view(place, network.picture if i == SOURCE else network.stages[i].shape)
                    into[:] = given[i] + into if adds else given[i]

        for k, place in plan.seeds.items():
            view(place, network.stages[k].shape)[:] = seeds[k]
        addresses = {**done.memory.addresses(DONE_BLOCK), BLOCK: block.ctypes.data}
        yield from self._run(plan, addresses, by_numpy)
        return view(plan.places[to], shape)

    def _plan(
        self, network: ImageNetwork, key: Any, make: Callable[[], Forward | Backward]
    ) -> Plan:
        with self._lock:
            plans = self._plans.setdefault(network, {})
            if key not in plans:
                if len(plans) >= PLANS:
                    plans.clear()
                plans[key] = make().plan.finish(self._library, self._threads)
            return plans[key]

    def _run(
        self, plan: Plan, addresses: Mapping[int, int], by_numpy: Callable[[int], None]
    ) -> Slices[None]:
        """Run all parts of a plan, in slices of about SLICE seconds."""
        steps, begun = plan.placed(addresses), True
        for part in plan.parts:
            if not begun:
                yield
            begun = False
            if isinstance(part, int):
                by_numpy(part)
                continue
            for some, work in self._slices(steps, plan, *part):
                if begun:
                    yield
                begun, started = True, wall.perf_counter()
                threads = self._threads if work > ALONE else 1
                run_steps(self._library, some, plan.size, threads)
                self._rate = work / max(wall.perf_counter() - started, 1e-6)
            begun = False

    def _slices(
        self, steps: NDArray[np.void], plan: Plan, first: int, stop: int
    ) -> Iterator[tuple[NDArray[np.void], float]]:
        """Steps first … stop - 1 in slices: several of them, or some pieces of one."""
        while first < stop:
            most, end, work = self._rate * SLICE, first, 0.0
            while end < stop and (end == first or work + plan.work[end] <= most):
                work += plan.work[end]
                end += 1
            pieces = int(steps["items"][first])
            if end > first + 1 or work <= 2 * most or pieces < 2:
                yield steps[first:end], work
            else:
                done = 0
                while done < pieces:
                    count = max(self._threads, int(pieces * self._rate * SLICE / work))
                    count = min(count, pieces - done)
                    one = steps[first:end].copy()
                    one["first"], one["items"] = done, count
                    yield one, work * count / pieces
                    done += count
            first = end

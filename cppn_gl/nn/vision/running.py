"""Runs a trained image network on a picture, forward and backward, in slices.

    forward(network, tensor) -> Pass        units and pre-activations of all stages
    backward(pass, seeds)    -> gradient    with respect to the source or any stage

Both are generators that yield wherever they may be interrupted, every few milliseconds; `finished`
runs one to its end. Tensors are float32 (channels, rows, columns). A kernel computes the stages:
NumPy's here, or that of the native library (native_kernel.py).

What a gradient becomes on its way back through a ReLU is a rule:

    gradient    passes where the unit was active in the forward pass
    guided      passes where the unit was active and the gradient is positive
                (Springenberg et al., 2015)
    deconvnet   passes where the gradient is positive (Zeiler and Fergus, 2014)

All rules send a gradient back through a max pool to the place of the maximum (its switch), and
through a convolution by the transposed kernels.
"""

import functools
from collections.abc import Generator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
from cppn_gl.nn.vision.operations import Clip, ImageOperation, MaxPool2d
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64

Tensor = Float32  # (channels, rows, columns)
Rule = Literal["gradient", "guided", "deconvnet"]
RULES: tuple[Rule, ...] = ("gradient", "guided", "deconvnet")

Result = TypeVar("Result")
Slices = Generator[None, Any, Result]


class Kernel(Protocol):
    """Computes stages. A kernel keeps no state of a pass; several threads may use one."""

    def forward(self, network: ImageNetwork, source: Tensor, until: int) -> "Slices[Pass]":
        """Run the stages up to number `until`, from 0."""

    def backward(
        self,
        done: "Pass",
        seeds: Mapping[int, Tensor],
        before: bool,
        rule: Rule,
        to: int,
    ) -> Slices[Tensor]:
        """The gradient at the units of stage `to`, or at the source; see `backward` below."""


@dataclass(eq=False)
class Pass:
    """What a network computed from a source.

    units[k], pre[k]: of stage k, from 0, up to the last one that was run. They are the same array
    where the activation is the identity. The arrays are shared: do not change them.
    """

    network: ImageNetwork
    source: Tensor
    pre: Sequence[Tensor]
    units: Sequence[Tensor]
    kernel: Kernel
    _switches: dict[int, Any] = field(default_factory=dict, repr=False)

    def inputs(self, k: int) -> list[Tensor]:
        """The inputs of stage k."""
        return [self.of(number) for number in self.network.stages[k].inputs]

    def of(self, k: int) -> Tensor:
        """The units of stage k, or the source."""
        return self.source if k == SOURCE else self.units[k]

    @property
    def nbytes(self) -> int:
        """The memory that it takes, in bytes, at most."""
        arrays = {id(array): array.nbytes for array in (*self.units, *self.pre)}
        return sum(arrays.values())

    @property
    def logits(self) -> Float64:
        """The scores of the classes before a softmax, (classes,)."""
        return self.pre[self.network.logits].astype(np.float64).reshape(-1)

    @property
    def probabilities(self) -> Float64:
        """The softmax of the logits, (classes,)."""
        logits = self.logits
        shares = np.exp(logits - logits.max())
        return np.asarray(shares / shares.sum())

    def switches(self, k: int) -> Any:
        """Where in its window each result of stage k, a max pool, stood: (channels, rows, columns).

        The number of the tap, row by row, of the first maximum.
        """
        if k not in self._switches:
            pool = self.network.stages[k].operation
            assert isinstance(pool, MaxPool2d)
            self._switches[k] = pool.switches(self.inputs(k)[0], self.pre[k])
        return self._switches[k]


def forward(
    network: ImageNetwork,
    tensor: Tensor,
    *,
    until: int | None = None,
    kernel: Kernel | None = None,
) -> Slices[Pass]:
    """Run a network on a tensor (channels, rows, columns), up to stage `until`, or to its end.

    `kernel`: the one that is preferred now (see `under`), or the native one, or NumPy's. With the
    native kernel the numbers depend neither on the number of threads nor on the machine. Raises
    ValueError for a tensor of another shape.
    """
    last = len(network.stages) - 1 if until is None else until
    source = np.ascontiguousarray(tensor, np.float32)
    if source.shape != tuple(network.picture):
        raise ValueError(f"a picture of shape {source.shape}; expected {network.picture}")
    return (yield from (kernel or preferred() or best_kernel()).forward(network, source, last))


def backward(
    done: Pass,
    seeds: Mapping[int, Tensor],
    *,
    before: bool = False,
    rule: Rule = "gradient",
    to: int = SOURCE,
) -> Slices[Tensor]:
    """The gradient at the units of stage `to`, or at the source, by a rule.

    `seeds`: for some stages the gradient at their units, or with `before` at their pre-activations,
    of the shape of these. Only stages between these and `to` are visited. Where no seed depends on
    `to`, the gradient is zero.
    """
    assert rule in RULES, rule
    gradients = {
        k: np.ascontiguousarray(np.broadcast_to(seed, done.units[k].shape), np.float32)
        for k, seed in seeds.items()
    }
    return (yield from done.kernel.backward(done, gradients, before, rule, to))


def finished(slices: Generator[Any, Any, Result]) -> Result:
    """Run a generator to its end; what it returns."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: Result = end.value
            return result


_preferred: ContextVar["Kernel | None"] = ContextVar("preferred", default=None)


def preferred() -> Kernel | None:
    """The kernel that passes without one use now, instead of the best one."""
    return _preferred.get()


def under(kernel: Kernel | None, slices: Generator[Any, Any, Result]) -> Slices[Result]:
    """Run slices with a kernel preferred: that of a device, which only its thread can use."""
    sent = None
    try:
        while True:
            token = _preferred.set(kernel)
            try:
                yielded = slices.send(sent)
            except StopIteration as end:
                result: Result = end.value
                return result
            finally:
                _preferred.reset(token)
            sent = yield yielded
    finally:
        slices.close()


def kernel_of(done: Pass) -> Kernel:
    """The kernel that made a pass, for more of them; the best one where that cannot be used.

    A device's is used only where it is preferred: elsewhere it may be gone, with its context.
    """
    lent = getattr(done.kernel, "lent", False) and preferred() is not done.kernel
    return best_kernel() if lent else done.kernel


def best_kernel() -> Kernel:
    """The fastest kernel that there is; the same object every time."""
    return _best()


@functools.cache
def _best() -> Kernel:
    if native.library() is None:
        return NumPyKernel()
    from cppn_gl.nn.vision.native_kernel import NativeKernel

    return NativeKernel()


def depending(network: ImageNetwork, on: int) -> set[int]:
    """The stages whose units depend on those of stage `on`, or on the source; with `on` itself."""
    found = {on}
    for k, stage in enumerate(network.stages):
        if found & set(stage.inputs):
            found.add(k)
    return found


def through_activation(stage: ImageStage, pre: Tensor, gradient: Tensor, rule: Rule) -> Tensor:
    """The gradient at the pre-activations of a stage from that at its units, by a rule."""
    name = stage.activation
    if name == "identity":
        return gradient
    if name != "relu" or rule == "gradient":
        return np.asarray(gradient * derivative(name, pre))
    gradient = np.maximum(gradient, 0)
    return gradient if rule == "deconvnet" else np.where(pre > 0, gradient, np.float32(0))


def through_operation(
    stage: ImageStage, inputs: Sequence[Tensor], output: Tensor, gradient: Tensor, rule: Rule
) -> tuple[Tensor, ...]:
    """The gradient at the inputs of a stage from that at its pre-activations, by a rule."""
    if rule == "gradient" or not rectifies(stage.operation):
        return stage.operation.backward(inputs, output, gradient)
    gradient = np.maximum(gradient, 0)
    if rule == "deconvnet":
        return (gradient,)
    return stage.operation.backward(inputs, output, gradient)


def rectifies(operation: ImageOperation) -> bool:
    """Whether an operation is a ReLU with an upper limit, for which rules differ."""
    return isinstance(operation, Clip) and operation.low == 0


class NumPyKernel:
    """Stages by the operations themselves, one slice for each."""

    def forward(self, network: ImageNetwork, source: Tensor, until: int) -> Slices[Pass]:
        pre: list[Tensor] = []
        units: list[Tensor] = []
        done = Pass(network, source, pre, units, self)
        for k, stage in enumerate(network.stages[: until + 1]):
            with np.errstate(all="ignore"):
                z = np.asarray(stage.operation.forward(*done.inputs(k)), np.float32)
            pre.append(z)
            units.append(z if stage.activation == "identity" else activate(stage.activation, z))
            yield
        return done

    def backward(
        self, done: Pass, seeds: Mapping[int, Tensor], before: bool, rule: Rule, to: int
    ) -> Slices[Tensor]:
        gradients: dict[int, Tensor] = {} if before else dict(seeds)
        reached = depending(done.network, to)
        for k in range(max(seeds, default=to), to, -1):
            stage, at_units = done.network.stages[k], gradients.pop(k, None)
            at_pre = [seeds[k]] if before and k in seeds else []
            if k not in reached or (at_units is None and not at_pre):
                continue
            with np.errstate(all="ignore"):
                if at_units is not None:
                    at_pre.append(through_activation(stage, done.pre[k], at_units, rule))
                inputs = done.inputs(k)
                total = at_pre[0] if len(at_pre) == 1 else at_pre[0] + at_pre[1]
                back = through_operation(stage, inputs, done.pre[k], total, rule)
                for number, gradient in zip(stage.inputs, back, strict=True):
                    if number in reached:
                        old = gradients.get(number)
                        gradients[number] = gradient if old is None else old + gradient
            yield
        if to in gradients:
            return np.ascontiguousarray(gradients[to], np.float32)
        return np.zeros_like(done.of(to))

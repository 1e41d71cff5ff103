"""What evaluates networks on the CPU: the interface of Products (NumPy) and Native.

    Evaluator(network, view, clock)
        .picture(size)        display values at the pixels of a picture
        .walk(coordinates())  every layer, as Network.walk

As in the shaders, layer 1 has the view folded in, so deep zooms stay sharp.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.fold import AFFINE, changes, first_layer
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import SOURCE, Layer, Node
from cppn_gl.nn.network import Network, Step
from cppn_gl.preset.color import marked
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Float32, Float64, Jitter


class Evaluator:
    """Evaluates a network at a view and a time, in float32."""

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        self.network, self._view = network, view
        self._changes = changes(network, view.center, view.extent)
        columns = AFFINE + len(self._changes)
        fold = first_layer(network, view.center, view.extent, clock)
        self._fold = fold[: len(network.drawn[0].bias), :columns]

    @property
    def at_once(self) -> int:
        """Maximum number of blocks that a caller should evaluate at once."""
        raise NotImplementedError

    def picture(self, size: tuple[int, int]) -> Generator[None, None, Float32]:
        """The unclamped values of a picture, (height, width, channels). Yields now and then."""
        raise NotImplementedError

    def pre_activations(self, layer: Layer, y: Float32) -> Float32:
        """W y + b for units y (…, BLOCK, columns): (…, BLOCK, rows)."""
        raise NotImplementedError

    def first_pre_activations(self, coordinates: Float32) -> Float32:
        """Layer 1's pre-activations (…, BLOCK, rows) from `coordinates()`, or by such values."""
        raise NotImplementedError

    def activate(self, name: str, z: Float32) -> Float32:
        """An activation, elementwise."""
        raise NotImplementedError

    def derivatives(
        self, coordinates: Float32, *, hidden: bool
    ) -> tuple[Sequence[Float32], Float32]:
        """Values and derivatives by two coordinates, in forward mode: (3, N, units) each.

        `coordinates`: (3, N, 3 or more), those of layer 1 and their derivatives. Returns the
        outputs, and with `hidden` before them the pre-activations of the other layers.
        """
        raise NotImplementedError

    def walk(
        self, coordinates: Float32, step: Step | None = None
    ) -> Iterator[tuple[Node, Float32 | None, Float32]]:
        """`Network.walk` in float32, from `coordinates()`: nodes, pre-activations, units.

        The (BLOCK, rows) units of a block are bit-identical whatever other blocks there are.
        """
        return self.network.walk(coordinates, np.float32, step=step or self._step)

    def _step(self, node: Node, y: Float32) -> tuple[Float32, Float32]:
        first = node.inputs == (SOURCE,)
        z = self.first_pre_activations(y) if first else self.pre_activations(dense(node), y)
        return z, self.activate(node.activation, z)

    def coordinates(
        self,
        pixels: NDArray[np.integer[Any]],
        size: tuple[int, int],
        jitter: Jitter | tuple[Float64, Float64] = (0.0, 0.0),
    ) -> Float32:
        """The variables of the folded layer 1 (see fold.py) at pixels, (…, 3 or more) float32.

        They are u, v, 1, and the changes of curved features, as r - r0. `pixels`: indices (…) in
        reading order in a picture of `size`. Arrays of jitters are broadcast with them. The native
        kernel computes the same numbers.
        """
        u, v = places(pixels, size, jitter)
        shape = np.broadcast_shapes(u.shape, v.shape)
        coordinates = np.ones((*shape, self._fold.shape[1]), np.float32)
        coordinates[..., 0], coordinates[..., 1] = u, v
        for column, change in enumerate(self._changes, AFFINE):
            coordinates[..., column] = change.at(u, v)
        return coordinates


def places(
    pixels: NDArray[np.integer[Any]],
    size: tuple[int, int],
    jitter: Jitter | tuple[Float64, Float64] = (0.0, 0.0),
) -> tuple[Float64, Float64]:
    """The local coordinates u, v of pixels, as `Evaluator.coordinates` takes them."""
    row = pixels // size[0]
    column = pixels - row * size[0]
    u = (2 * column + 1 - size[0] + 2 * jitter[0]) / min(size)
    return u, (size[1] - 2 * row - 1 - 2 * jitter[1]) / min(size)


def dense(node: Node) -> Layer:
    """A node's layer, which is dense."""
    return cast(Layer, node.layer)


def colors(outputs: Float32) -> Float32:
    """(N, 1, 3 or 4) outputs as (N, 3): grey repeated, magenta where a value is not finite.

    Without alpha: see `channels`.
    """
    return marked(np.broadcast_to(outputs[:, :3], (len(outputs), 3)))


def channels(outputs: Float32, network: Network) -> Float32:
    """(N, 1, 3 or 4) outputs of a network as (N, channels): as `colors`, and alpha if it has it."""
    if network.channels == 3:
        return colors(outputs)
    (low, factor), values = network.alpha_range, outputs.copy()
    values[:, 3] = (values[:, 3] - np.float32(low)) * np.float32(factor)
    shown = marked(values)
    np.clip(shown[:, 3], 0, 1, out=shown[:, 3])
    return shown

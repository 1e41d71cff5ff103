"""Scenes: what an engine or a view draws, and how much work that is."""

import dataclasses
import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cppn_gl.nn.features import Clock, constant
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.preset.preset import Preset, T, Viewport


@dataclass(frozen=True)
class Scene:
    """A network, viewport and clock, with the preset that they are from."""

    network: Network
    view: Viewport
    clock: Clock
    preset: Preset = dataclasses.field(default_factory=Preset)

    def options(self, kind: type[T]) -> T:
        """A view's options by their class."""
        return self.preset.options(kind)


def scene_of(preset: Preset, time: float = 0.0, network: Network | None = None) -> Scene:
    """The scene of a preset at `time` seconds. `network`: that of `preset`, if already drawn.

    Its network is that of the preset as its view shows it: see `shown_network`.
    """
    now = preset.at(time)
    if now.made_of != preset.made_of:
        network = None
    return Scene(shown_network(now, network), now.view, now.animation.clock(time), now)


def shown_network(preset: Preset, network: Network | None = None) -> Network:
    """A preset's network, without a fourth output if the view does not show it as alpha.

    One that learns has layers that display its outputs: see `shown_as`. `network`: that of the
    preset, if already drawn.
    """
    network = network or preset.network()
    if preset.learns:
        from cppn_gl.preset.learned import shown_as  # most presets learn nothing

        return shown_as(preset, network.trained)
    return network if preset.show.row.alpha else network.opaque


def structure(scene: Scene) -> Scene:
    """The scene with the trained network itself, without layers that display its outputs."""
    if not scene.preset.learns:
        return scene
    from cppn_gl.preset.learned import shown_as

    network = shown_as(scene.preset, scene.network.trained, "trained")
    return dataclasses.replace(scene, network=network)


def scene_bytes(scene: Scene, *args: object, **named: object) -> float:
    """The memory of a scene's network in bytes. Ignores other arguments."""
    return network_bytes(scene.network)


def identity(network: Network, clock: Clock) -> Hashable:
    """All that outputs at a point depend on; the time only if an input depends on it."""
    constants = tuple(constant(name, clock, network.latent) for name in network.inputs)
    return network.digest, constants


def work_per_pixel(network: Network) -> float:
    """Estimated multiplications per pixel, an activation counting as 8.

    For networks on grids it is that of a point of their lattice: see `picture_work` in
    engines/grid.py.
    """
    if network.by_grid:
        from cppn_gl.nn.grid import stage_work  # dense networks need not load it

        return sum(map(stage_work, network.stages)) + 25
    return work_of(layer.weight.shape for layer in network.drawn)


def work_of(shapes: Iterable[tuple[int, ...]]) -> float:
    """`work_per_pixel` from the shapes (rows, columns …) of the layers."""
    return sum(rows * (math.prod(columns) + 8) for rows, *columns in shapes) + 25

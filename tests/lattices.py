"""The expected outputs of networks on grids, independent of the code that draws them.

The float64 reference is evaluated on a grid as fine as the samples, with the taps `spacing`
positions apart: no phases, no tiles. The tolerance is a small multiple of the error of float32.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.grid import patch_work
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import SOURCE
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of

FLOOR, FACTOR = 2e-6, 8

Floats = NDArray[np.float64]


def structured(structure: str = "conv", **keys: object) -> Preset:
    """A small preset of a structure on a coarse grid."""
    names = {"depth": 4, "width": 6, "weight_scale": 0.5, "seed": 3, "extent": 1.0} | keys
    return Preset().replace(**{"network.structure": structure, "network.grid": 12, **names})


def samples(scene: Scene, size: tuple[int, int], density: int) -> tuple[Floats, Floats]:
    """x and y of the columns and rows of all samples of a picture, density² per pixel."""
    width, height = (side * density for side in size)
    pitch = 2 * scene.view.extent / (min(size) * density)
    across = (np.arange(width) + 0.5 - width / 2) * pitch
    down = (np.arange(height) + 0.5 - height / 2) * pitch
    return across, down


def expected(scene: Scene, size: tuple[int, int], density: int = 1) -> tuple[Floats, float]:
    """The outputs at all samples, (rows, columns, outputs), and float32's error."""
    network = scene.network
    assert isinstance(network, GraphNetwork)
    across, down = samples(scene, size, density)
    if network.radius == 0:
        features = _features(scene, across, down)
        exact = network.evaluate_grid(features, statistics=network.statistics)
        return exact, _error(network, features, 1, exact)
    ratio = network.step / (2 * scene.view.extent / (min(size) * density))
    k = max(1, math.ceil(ratio - 1e-9))
    if (k / ratio) ** 2 > patch_work(network):  # every sample for itself, from the taps around it
        return _each(scene, across, down)
    pitch, margin = network.step / k, k * network.radius
    axes, weights = [], []
    for places, side in ((across, size[0]), (down, size[1])):
        shift = 0.5 if side * density % 2 == 0 else 0.0
        numbers = places / pitch - shift
        first, last = math.floor(numbers.min() + 1e-6), math.ceil(numbers.max() - 1e-6)
        points = np.arange(first - margin, last + margin + 1)
        axes.append((points + shift) * pitch)
        inner = np.arange(first, last + 1)
        weights.append(np.maximum(0, 1 - np.abs(numbers[:, None] - inner)))
    features = _features(scene, *axes)
    exact = network.evaluate_grid(features, spacing=k, statistics=network.statistics, border="none")
    error = _error(network, features, k, exact)
    return np.einsum("yj,xi,jio->yxo", weights[1], weights[0], exact), error


def _each(scene: Scene, across: Floats, down: Floats) -> tuple[Floats, float]:
    network, error = scene.network, 0.0
    assert isinstance(network, GraphNetwork)
    around = network.step * np.arange(-network.radius, network.radius + 1)
    found = np.empty((len(down), len(across), network.outputs))
    for row, column in np.ndindex(found.shape[:2]):
        features = _features(scene, across[column] + around, down[row] + around)
        exact = network.evaluate_grid(features, statistics=network.statistics, border="none")
        error = max(error, _error(network, features, 1, exact))
        found[row, column] = exact[0, 0]
    return found, error


def tolerance(error: float) -> float:
    """The largest difference that is right, given the error of float32 arithmetic."""
    return FLOOR + FACTOR * error


def _features(scene: Scene, across: Floats, down: Floats) -> Floats:
    """The features at a grid: `down` counts from the centre downwards."""
    x, y = np.meshgrid(scene.view.center[0] + across, scene.view.center[1] - down)
    found = scene.network.features(x.ravel(), y.ravel(), scene.clock)
    return found.reshape(*x.shape, -1)


def _error(network: GraphNetwork, features: Floats, spacing: int, exact: Floats) -> float:
    """The largest error of the reference's operations in float32."""
    grids = {SOURCE: features.astype(np.float32)}
    for number, node in enumerate(network.nodes):
        with np.errstate(all="ignore"):
            z = node.layer.pre_activation(*(grids[i] for i in node.inputs), spacing=spacing)
        grids[number] = node_units(node.activation, z.astype(np.float32))
    return float(np.nanmax(np.abs(grids[number] - exact)))


def node_units(activation: str, z: NDArray[np.float32]) -> NDArray[np.float32]:
    from cppn_gl.nn.activations import activate

    return np.asarray(activate(activation, z), np.float32)


def scene(preset: Preset, time: float = 0.0) -> Scene:
    """The scene of a preset whose network is on a grid."""
    found = scene_of(preset, time)
    assert found.network.by_grid
    return found

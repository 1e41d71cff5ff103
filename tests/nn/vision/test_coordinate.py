"""A coordinate network as the parametrisation of a picture: its gradient, bits and network."""

from dataclasses import replace

import numpy as np
import pytest

from cppn_gl.nn.features import Clock
from cppn_gl.nn.vision.coordinate import EXTENT, Coordinate
from cppn_gl.nn.vision.parametrisation import State
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.utils import native, threads

RECIPE = Recipe(basis="network", network_depth=4, network_width=7, seed=3)
SIZE = 26, 34  # rows, columns


def test_step_0_is_the_drawn_network_of_the_seed() -> None:
    one, other = Coordinate(RECIPE, SIZE), Coordinate(replace(RECIPE, seed=4), SIZE)
    assert np.array_equal(one.picture(one.reset()), Coordinate(RECIPE, SIZE).picture(one.reset()))
    assert not np.array_equal(one.reset().arrays[0], other.reset().arrays[0])
    assert [array.shape for array in one.reset().arrays] == one.shapes(0)


def test_its_picture_is_that_of_its_network() -> None:
    found = Coordinate(RECIPE, SIZE)
    state = found.reset()
    network, (rows, columns) = found.network(state), SIZE
    pitch = 2 * EXTENT / min(SIZE)
    y, x = np.mgrid[:rows, :columns].reshape(2, -1)
    x, y = (x + 0.5 - columns / 2) * pitch, (rows / 2 - 0.5 - y) * pitch
    expected = network.evaluate(network.features(x, y, Clock())).T.reshape(3, *SIZE)
    assert np.abs(found.picture(state) - expected).max() < 1e-5


@pytest.mark.parametrize("activation", ["sin", "tanh", "gaussian"])
def test_the_gradient_of_the_weights_is_that_of_differences(activation: str) -> None:
    found = Coordinate(replace(RECIPE, network_activation=activation), SIZE)
    state = found.reset()
    direction = np.random.default_rng(0).normal(size=(3, *SIZE)).astype(np.float32)
    gradient = found.pulled(state, direction)
    for k in np.random.default_rng(1).choice(gradient.size, 12, replace=False):
        values = []
        for step in (1e-2, -1e-2):
            weights = state.arrays[0].copy()
            weights[k] += np.float32(step)
            moved = found.picture(State(0, (weights, *state.arrays[1:])))
            values.append(float(np.sum(moved * direction, dtype=np.float64)))
        expected = (values[0] - values[1]) / 2e-2
        allowed = float(0.01 * abs(gradient).max())
        assert gradient[k] == pytest.approx(expected, rel=0.03, abs=allowed)


@pytest.mark.native
def test_bits_depend_on_no_threads_and_no_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    found, gradient = Coordinate(RECIPE, (96, 96)), np.ones((3, 96, 96), np.float32)
    results = set()
    for isa in native.Library(native.PATH).isas:
        library = native.Library(native.PATH, isa)
        monkeypatch.setattr(native, "library", lambda library=library: library)
        for count in (1, 3):
            monkeypatch.setattr(threads, "thread_count", lambda count=count: count)
            state = found.ascended(found.reset(), gradient, 0.0)
            results.add((state.arrays[0].tobytes(), found.picture(state).tobytes()))
    assert len(results) == 1

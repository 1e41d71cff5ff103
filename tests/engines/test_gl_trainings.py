"""Trainings by a compute shader, beside those of the native library."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.trainings import Trainings, available, problem_of
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.trainability.trainings import (
    Plane,
    by_processor,
    by_shader,
    coordinates,
    measures_of,
)

pytestmark = pytest.mark.gl
SIZE = (40, 24)


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    with open_context() as ctx:
        if not available(ctx):
            pytest.skip("no compute shaders")
        one = Painter(ctx, 430)
        yield one
        one.release()


def both(painter: Painter, preset: Preset) -> tuple[Float64, Float64]:
    """The measures of a map by the shader, and by the processor."""
    plane = Plane.of(preset)
    x, y = coordinates(scene_of(preset), Region.of(SIZE))
    found = at_once(measures_of(plane, by_shader(painter), x, y))
    return found, at_once(measures_of(plane, by_processor(), x, y))


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "relu": {"network.activation": "relu"},
    "three layers of sigmoids": {"network.depth": 3, "network.activation": "sigmoid"},
    "biases": {"train.biases": True, "network.bias_scale": 0.3},
    "mini-batches": {"train.batch": 3},
    "momentum": {"train.optimizer": "momentum"},
    "nesterov": {"train.optimizer": "nesterov", "train.momentum": 0.5},
    "absolute": {"train.loss": "absolute"},
    "classes": {"train.target": "classes", "train.loss": "hinge", "train.data": "xor"},
    "entropy": {"train.target": "classes", "train.loss": "cross-entropy", "train.data": "gauss"},
    "outputs": {
        "train.data": "rings",
        "train.target": "classes",
        "view.center": (-1, -1),
        "trainability.train_steps": 8,
    },
}


@pytest.mark.parametrize("name", CASES)
def test_most_trainings_end_as_those_of_the_processor(painter: Painter, name: str) -> None:
    """Where training is chaotic, one last bit decides: so not all do."""
    keys = {"trainability.train_steps": 30, "train.points": 12, "view.extent": 2.0, **CASES[name]}
    preset = load_preset("boundary-tanh").replace(**keys)
    found, known = both(painter, preset)
    assert np.mean((found < 0) == (known < 0)) > 0.97
    assert np.mean(np.isclose(found, known, rtol=1e-3)) > 0.9
    slow = preset.replace(**{"view.center": (-1.5, -1.5), "view.extent": 0.5})
    found, known = both(painter, slow)
    assert found == pytest.approx(known, rel=1e-3)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"train.optimizer": "adam"}, "the optimizer adam"),
        ({"train.l2": 0.1}, "regularisation"),
        ({"train.schedule": "cosine"}, "rates that change"),
        ({"train.batch": 200}, "batches of more than 127 points"),
        ({"network.width": 200}, "more than 128 units"),
    ],
)
def test_what_the_shader_cannot_do(painter: Painter, keys: dict[str, Any], why: str) -> None:
    preset = load_preset("boundary-tanh").replace(**keys)
    trainer = Plane.of(preset).trainer
    assert problem_of(trainer) == why
    with pytest.raises(ValueError, match=why):
        at_once(painter.shared(Trainings).sums(trainer, None, 1, 1, 1e6))  # type: ignore[arg-type]


def test_the_engine_compute_draws_with_it_and_others_by_the_processor() -> None:
    preset = load_preset("boundary-tanh").replace(
        **{"trainability.train_steps": 20, "network.width": 4}
    )
    pictures = {}
    for engine in ("compute", "fragment", "native"):
        with Renderer(engine) as one:
            pictures[engine] = one.render(preset, SIZE, overlay=False)
    assert np.array_equal(pictures["fragment"], pictures["native"])
    apart = np.abs(pictures["compute"].astype(int) - pictures["native"]).max(axis=2)
    assert np.mean(apart < 24) > 0.9

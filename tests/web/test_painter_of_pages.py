"""The engine of pages draws the outputs that Python does, in any strips, and gives all back."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rigs import bytes_of, outputs, scene_json, set_up

from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene

pytestmark = pytest.mark.browser

SIZE = (61, 33)  # no multiple of four, nor of two


def scene(*, center: tuple[float, float] = (0.1, -0.2), extent: float = 1.0, **keys: Any) -> Scene:
    return Scene(Network.random(**keys), Viewport(center=center, extent=extent), Clock(0.3))


SCENES = {
    "27 × 30": scene(depth=27, width=30, weight_scale=1.0),
    "14 × 120": scene(depth=14, width=120, weight_scale=0.2, activation="relu"),
    "one layer": scene(depth=1, inputs=("x", "y", "one"), output_activation="sigmoid"),
    "grey": scene(depth=3, width=9, outputs=1, inputs=("x", "y", "t", "z0")),
    "alpha": scene(depth=4, width=7, outputs=4, output_activation="sigmoid"),
    "radius": scene(depth=4, width=13, inputs=("x", "y", "r"), activation="sin"),
    "waves and products": scene(
        depth=3, width=10, inputs=("r", "x2", "xy", "sin_x", "cos_3y", "y"), extent=2.5
    ),
    "deep in a wave": scene(depth=3, width=10, inputs=("sin_x", "cos_2y"), extent=1e-5),
    "blocks": scene(depth=9, width=30, activation=["elu", "abs", "softplus", "gelu"] * 2),
}


@pytest.fixture
def painter(page: Any) -> Iterator[Any]:
    """A page whose `painter` is released after the test."""
    set_up(page)
    yield page
    page.evaluate("painter.release()")


def points(of: Scene, size: tuple[int, int]) -> NDArray[np.float64]:
    """The features at the centres of pixels, (height, width, inputs)."""
    left = np.arange(size[0]) * 2 + 1 - size[0]
    down = size[1] - 1 - np.arange(size[1]) * 2
    u, v = (a / min(size) for a in np.meshgrid(left, down))
    x, y = of.view.center[0] + of.view.extent * u, of.view.center[1] + of.view.extent * v
    return of.network.features(x, y, of.clock)


def expected(of: Scene, size: tuple[int, int] = SIZE) -> NDArray[np.float64]:
    """The outputs in float64, alpha clamped as in shaders."""
    found = of.network.evaluate_grid(points(of, size))
    if of.network.outputs == 1:
        found = np.repeat(found, 3, axis=-1)
    if of.network.outputs == 4:
        low, factor = of.network.alpha_range
        found[..., 3] = np.clip((found[..., 3] - low) * factor, 0, 1)
    return found


@pytest.mark.parametrize("name", SCENES)
def test_outputs_are_those_of_the_reference(painter: Any, name: str) -> None:
    found, right = outputs(painter, SCENES[name], SIZE), expected(SCENES[name])
    assert found.shape == right.shape
    off = np.abs(found - right) / np.maximum(1, np.abs(right))
    assert np.quantile(off, 0.999) < 2e-3
    assert np.median(off) < 2e-5


@pytest.mark.parametrize("name", ["one layer", "grey", "alpha", "radius", "waves and products"])
def test_literals_draw_what_the_loop_draws(painter: Any, name: str) -> None:
    right = outputs(painter, SCENES[name], SIZE)
    assert painter.evaluate(SETTLE, scene_json(SCENES[name]))
    found = outputs(painter, SCENES[name], SIZE)
    assert painter.evaluate("painter.compilations") == 2
    np.testing.assert_allclose(found, right, atol=2e-5)
    louder = scene_scaled(SCENES[name], 1.25)
    painter.evaluate("painter.literal = false")
    again = outputs(painter, louder, SIZE)
    assert np.abs(again - right).max() > 1e-3
    assert painter.evaluate("painter.compilations") == 2  # other scales need no other program
    np.testing.assert_allclose(again, expected(louder), atol=1e-3)


def scene_scaled(of: Scene, factor: float) -> Scene:
    scales = [(w * factor, b * factor) for w, b in of.network.scales]
    return Scene(of.network.of_layers(of.network.drawn, scales), of.view, of.clock)


SETTLE = """(json) => {
  painter.slow = Infinity;
  return painter.settle(sceneFrom(json));
}"""


@pytest.mark.parametrize("depth", [2, 40])
def test_more_units_or_layers_than_vertices_hand_over_are_read_from_blocks(
    painter: Any, depth: int
) -> None:
    of = scene(depth=depth, width=60 if depth == 2 else 9, weight_scale=1.0)
    right = outputs(painter, of, SIZE)
    assert painter.evaluate(SETTLE, scene_json(of))
    np.testing.assert_allclose(outputs(painter, of, SIZE), right, atol=2e-3)


def test_a_network_that_a_driver_cannot_compile_as_literals_is_drawn_by_the_loop(
    painter: Any,
) -> None:
    right = outputs(painter, SCENES["grey"], SIZE)
    painter.evaluate("painter.shaders.weave = painter.shaders.weave.replace('pixels', 'no')")
    assert not painter.evaluate(SETTLE, scene_json(SCENES["grey"]))
    np.testing.assert_array_equal(outputs(painter, SCENES["grey"], SIZE), right)


def test_strips_and_rectangles_make_the_same_picture_to_the_bit(painter: Any) -> None:
    of = SCENES["waves and products"]
    whole = outputs(painter, of, SIZE)
    painter.evaluate("for (const entry of painter.programs.values()) entry.chunk = 1")
    np.testing.assert_array_equal(outputs(painter, of, SIZE, "{ budget: 0.001 }"), whole)
    script = f"""async (json) => {{
      const scene = sceneFrom(json);
      const planes = painter.planes({SIZE[0]}, 20, 3);
      const how = {{ size: {list(SIZE)}, offset: [0, 13] }};
      await painter.draw(scene, planes, {{ ...how, rect: [0, 0, 30, 20] }});
      await painter.draw(scene, planes, {{ ...how, rect: [30, 0, 31, 9] }});
      await painter.draw(scene, planes, {{ ...how, rect: [29, 9, 32, 11] }});
      const read = await painter.read(planes);
      planes.release();
      return read;
    }}"""
    data = np.frombuffer(bytes_of(painter, script, scene_json(of)), np.float32)
    np.testing.assert_array_equal(data.reshape(20, SIZE[0], 3), whole[13:])


def test_what_overflows_is_magenta(painter: Any) -> None:
    of = scene(depth=40, width=20, activation="relu", weight_scale=60.0, output_activation="tanh")
    found = outputs(painter, of, SIZE)
    features = points(of, SIZE)
    in_float32 = of.network.evaluate(features.reshape(-1, features.shape[-1]), np.float32)
    broken = ~np.isfinite(in_float32).all(axis=-1).reshape(SIZE[::-1])
    assert broken.mean() > 0.1
    assert (found[broken] == [1, 0, 1]).all()
    assert np.isfinite(found).all()


def test_a_cancelled_picture_ends_at_once(painter: Any) -> None:
    script = """async (json) => {
      const scene = sceneFrom(json);
      const planes = painter.planes(640, 360, 3);
      let asked = 0;
      const done = await painter.draw(scene, planes, { cancelled: () => ++asked > 12 });
      planes.release();
      return { done, asked };
    }"""
    found = painter.evaluate(script, scene_json(SCENES["14 × 120"]))
    assert found == {"done": False, "asked": 13}


def test_the_first_draw_calls_of_a_network_are_small_and_grow(painter: Any) -> None:
    script = """async (json) => {
      const parts = [], strip = painter._strip;
      painter._strip = function (job, rect) {
        parts.push(rect[2] * rect[3]);
        return strip.call(this, job, rect);
      };
      const planes = painter.planes(160, 16, 3);
      await painter.draw(sceneFrom(json), planes);
      planes.release();
      delete painter._strip;
      return parts;
    }"""
    parts = painter.evaluate(script, scene_json(SCENES["14 × 120"]))
    assert parts[0] == 1  # many drivers compile when they first draw
    assert max(parts[1:3]) * 4 * 14 * 120 * 128 < 8e6
    assert sum(parts[1:]) == 160 * 16 / 4
    assert all(after <= 4 * max(parts[: k + 1]) + 4 for k, after in enumerate(parts[1:]) if k)


def test_other_depths_scales_and_views_compile_nothing(painter: Any) -> None:
    for of in (
        scene(depth=3, width=14, weight_scale=1.0),
        scene(depth=8, width=14, weight_scale=2.0, extent=0.5),
        scene(depth=8, width=16, seed=7),
    ):
        outputs(painter, of, (8, 8))
    assert painter.evaluate("painter.compilations") == 1
    uploads = painter.evaluate("painter.uploads")
    script = """async (json) => {
      const scene = sceneFrom(json), planes = painter.planes(8, 8, 3);
      for (const extent of [1, 2, 3]) {
        await painter.draw({ ...scene, view: { ...scene.view, extent } }, planes);
      }
      planes.release();
    }"""
    painter.evaluate(script, scene_json(scene(depth=5, width=15)))
    assert painter.evaluate("painter.uploads") == uploads + 1


def test_programs_and_textures_are_bounded_and_given_back(painter: Any) -> None:
    before = painter.evaluate("modules.gl.alive.programs")
    for width in range(4, 64, 4):
        outputs(painter, scene(depth=2, width=width), (4, 4))
    counts = painter.evaluate("painter.counts")
    assert counts["cached"] == counts["programs"] - before == 12
    assert counts["textures"] <= 2
    painter.evaluate("painter.release()")
    counts = painter.evaluate("painter.counts")
    assert counts == {"programs": 0, "textures": 0, "buffers": 0, "targets": 0, "cached": 0}


def test_a_lost_context_is_survived(painter: Any) -> None:
    of = SCENES["radius"]
    right = outputs(painter, of, SIZE)
    script = """async (json) => {
      const { gl } = painter, planes = painter.planes(61, 33, 3), scene = sceneFrom(json);
      const once = (name) => new Promise((met) => gl.canvas.addEventListener(name, met));
      const lost = once("webglcontextlost"), restored = once("webglcontextrestored");
      const extension = gl.getExtension("WEBGL_lose_context");
      const drawing = painter.draw(scene, planes);
      extension.loseContext();
      await lost;
      const done = await drawing;
      const read = await painter.read(planes);
      extension.restoreContext();
      await restored;
      return [done, read];
    }"""
    assert painter.evaluate(script, scene_json(of)) == [False, None]
    np.testing.assert_array_equal(outputs(painter, of, SIZE), right)


def test_a_shader_that_does_not_compile_is_named_with_its_line(painter: Any) -> None:
    script = """() => {
      const text = "out vec4 color;\\nvoid main() {\\n  color = nothing;\\n}";
      try {
        new modules.gl.Program(painter.gl, "colors", painter.shaders.full, text).finish();
      } catch (error) {
        return [error.message, error.constructor.name];
      }
    }"""
    message, kind = painter.evaluate(script)
    assert kind == "CompileError"
    assert message.startswith("colors, line 8: 'nothing' : undeclared identifier")
    assert message.endswith("— color = nothing;")
    assert "\n" not in message

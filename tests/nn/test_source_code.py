"""A network as program text: the NumPy program agrees with the reference, all three are sound."""

import ast
import math
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import CHANNELS, FEATURES, Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.source_code import COLUMNS, LANGUAGES, source_code
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils.checks import PresetError

NAMES = [*(n for n in FEATURES if n not in CHANNELS), "z0", "z3", "sin_2x", "cos_64y"]
CLOCK = Clock(1.7, speed=-0.6, loop=5.0)


def run(text: str, folder: Path) -> dict[str, Any]:
    """The names that a program defines; it is not run as the main program."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    return runpy.run_path(str(file), run_name="program")


@st.composite
def networks(draw: st.DrawFn) -> Network:
    depth = draw(st.integers(1, 4))
    return Network.random(
        depth=depth,
        width=draw(st.integers(1, 9)),
        inputs=draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)),
        outputs=draw(st.sampled_from([1, 3, 4])),
        activation=draw(
            st.lists(st.sampled_from([*ACTIVATIONS]), min_size=depth - 1, max_size=depth - 1)
        ),
        output_activation=draw(st.sampled_from([*ACTIVATIONS])),
        weight_scale=draw(st.floats(0, 1.5)),
        seed=draw(st.integers(0, 99)),
        period=draw(st.sampled_from([2.0, 2 * math.pi])),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(networks())
def test_the_numpy_program_computes_the_reference(tmp_path: Path, network: Network) -> None:
    program = run(network.to_numpy_source(clock=CLOCK), tmp_path)
    x, y = np.random.default_rng(1).uniform(-2, 2, (2, 40))
    expected = network.evaluate(network.features(x, y, CLOCK))
    outputs = program["network"](program["features"](x, y, CLOCK.time))
    np.testing.assert_allclose(outputs, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_knows_every_activation_and_every_input(language: str) -> None:
    for activation in ACTIVATIONS:
        network = Network.random(depth=2, width=3, inputs=NAMES, activation=activation)
        text = source_code(network, language)
        assert activation in [n.name for n in ast.parse(text).body if hasattr(n, "name")]
        assert max(map(len, text.splitlines())) <= COLUMNS + 4


def test_the_picture_of_a_program_is_that_of_its_viewport(tmp_path: Path) -> None:
    network = Network([Layer([[1, 0], [0, 1], [0, 0]], [0, 0, 0.5], "identity")])
    text = network.to_numpy_source(center=(0.5, 0.25), extent=2, size=(6, 4))
    picture = run(text, tmp_path)["picture"]()
    assert picture.shape == (4, 6, 3)
    np.testing.assert_allclose(picture[0, 0], [-2, 1.75, 0.5])  # on top, on the left
    np.testing.assert_allclose(picture[-1, -1], [3, -1.25, 0.5])


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize(("outputs", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_a_program_saves_the_picture_that_is_drawn(
    outputs: int, mode: str, activation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"output_activation": activation, "weight_scale": 2.0, "seed": 3}
    network = Network.random(depth=2, width=4, outputs=outputs, **keys)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["program.py"])
    (tmp_path / "program.py").write_text(network.to_numpy_source(size=(9, 5)), "utf-8")
    runpy.run_path(str(tmp_path / "program.py"), run_name="__main__")
    with Image.open(tmp_path / "picture.png") as image:
        assert image.mode == mode
        saved = np.asarray(image.convert("RGB") if outputs == 1 else image).astype(int)
    with Renderer("numpy") as renderer:
        drawn = renderer.render(network, (9, 5))
    assert np.abs(saved - drawn).max() <= 1
    assert drawn.std(axis=(0, 1)).min() > 5
    monkeypatch.setattr(sys, "argv", ["program.py", "other.png"])
    runpy.run_path(str(tmp_path / "program.py"), run_name="__main__")
    assert (tmp_path / "other.png").read_bytes() == (tmp_path / "picture.png").read_bytes()


def test_a_program_loads_its_weights_from_a_file_beside_it(tmp_path: Path) -> None:
    network = Network.random(depth=3, width=5)
    arrays = {}
    for k, layer in enumerate(network.layers):
        arrays |= {f"layers.{k}.weight": layer.weight, f"layers.{k}.bias": layer.bias}
    np.savez(tmp_path / "it's.npz", **arrays)  # type: ignore[arg-type]
    text = network.to_numpy_source(weights="it's.npz")
    assert len(text) < 3000
    program = run(text, tmp_path)
    np.testing.assert_allclose(program["network"]([[0.3, 0.4]]), network.evaluate([[0.3, 0.4]]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_stranger_stay_in_a_comment(language: str) -> None:
    network = Network.random(depth=1)
    plain = ast.dump(ast.parse(source_code(network, language)))
    title = 'a title\n"""\rraise SystemExit\x0c\u2028\x00 ' + "word " * 60
    assert ast.dump(ast.parse(source_code(network, language, notes=[title]))) == plain


def test_floats_keep_every_bit(tmp_path: Path) -> None:
    values = np.array([[1e30, -1e-45, 1 / 3, math.pi]], np.float32)
    network = Network([Layer(values, [0.1], "identity")], inputs=["x", "y", "r", "one"])
    weights = run(network.to_numpy_source(), tmp_path)["WEIGHTS"]
    assert weights["layers.0.weight"].tobytes() == values.tobytes()


def test_what_a_program_cannot_express_is_one_line() -> None:
    network = Network.random(depth=2)
    with pytest.raises(PresetError, match="no language 'nunpy'; did you mean 'numpy'"):
        source_code(network, "nunpy")
    ACTIVATIONS["cube"] = ACTIVATIONS["abs"]
    try:
        with pytest.raises(PresetError, match="'cube' has no formula in JAX"):
            Network.random(depth=2, activation="cube").to_jax_source()
    finally:
        del ACTIVATIONS["cube"]

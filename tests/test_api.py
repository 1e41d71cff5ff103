"""The public Python interface: what it shows, that its example runs, and what importing costs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rows import EXACT

import cppn_gl

NAMES = {
    "Classifier",
    "Layer",
    "Network",
    "Preset",
    "PresetError",
    "Renderer",
    "Trainer",
    "__version__",
    "live",
    "load_preset",
    "render",
}


def test_the_package_shows_its_interface() -> None:
    assert set(cppn_gl.__all__) == NAMES
    for name in NAMES:
        assert getattr(cppn_gl, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'rendr'"):
        cppn_gl.rendr  # noqa: B018
    assert (Path(cppn_gl.__file__).parent / "py.typed").exists()


def test_the_interface_is_offered_for_completion() -> None:
    assert set(cppn_gl.__all__) <= set(dir(cppn_gl))


def test_the_example_of_the_interface_runs() -> None:
    preset = cppn_gl.load_preset("neylon-27")
    preset = preset.replace(depth=12, weight_scale=0.6)
    network = preset.network()
    assert network.depth == 12
    for layer in network.layers:
        assert layer.weight.shape == (len(layer.bias), layer.weight.shape[1])
        assert layer.weight.dtype == layer.bias.dtype == np.float32
        assert isinstance(layer.activation, str)
    assert network.evaluate(np.zeros((5, 2))).shape == (5, network.outputs)
    drawn = cppn_gl.Network.random(depth=27, width=30, inputs=("x", "y"), seed=7)
    assert len(cppn_gl.Network(drawn.layers, inputs=("x", "y")).layers) == 27


@pytest.mark.gl
def test_the_example_of_the_renderer_runs() -> None:
    preset = cppn_gl.load_preset("neylon-27")
    with cppn_gl.Renderer() as renderer:
        whole = renderer.render(preset, size=(64, 36), time=0.3)
        assert (whole.shape, whole.dtype) == ((36, 64, 3), np.uint8)
        exact = renderer.render(preset, size=(64, 36), time=0.3, dtype="float32")
        assert (exact.shape, exact.dtype) == ((36, 64, 3), np.float32)
        assert renderer.info.engine == "auto"
        assert renderer.engine_for(preset).engine in EXACT
        assert renderer.info.renderer
        assert renderer.info.context.version_code >= 330
        of_network = renderer.render(preset.network(), size=(64, 36))
        assert of_network.shape == (36, 64, 3)
    once = cppn_gl.render(preset, size=(64, 36), time=0.3)
    assert once.tobytes() == whole.tobytes()


def modules_after(code: str) -> set[str]:
    """The modules a fresh interpreter has loaded."""
    code = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    run = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    return set(done.stdout.split())


HEAVY = {"moderngl", "moderngl_window", "glcontext", "glfw", "PIL", "tqdm"}


def test_importing_loads_no_opengl_and_no_pictures() -> None:
    assert not modules_after("import cppn_gl") & HEAVY
    presets = "import cppn_gl; cppn_gl.load_preset('default').network().evaluate([[0, 0, 0]])"
    assert not modules_after(presets) & HEAVY


MODULES = [
    "utils.checks",
    "engines.gl.packing",
    "preset.shot",
    "engines.gl.targets",
    "output.renderer",
    "engines.tuning",
    "engines.choosing",
    "engines.gl.drawing",
]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_imported_first(name: str) -> None:
    assert f"cppn_gl.{name}" in modules_after(f"import cppn_gl.{name}")

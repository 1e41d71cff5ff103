"""The trained examples: they are small, say where they come from, and agree with PyTorch."""

import numpy as np
import pytest

from cppn_gl.nn.features import Clock
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset
from cppn_gl.utils.resources import resource

FOLDER = resource("presets").parent / "examples" / "networks"
POINTS = [(0.0, 0.0), (-0.9, 0.5), (1.3, -0.8), (2.5, 1.75)]  # the last is outside what was trained

# What PyTorch's own model gives at the points, in float32.
TORCH = {
    "siren": [
        [0.511962, 0.199803, -0.018698],
        [0.363687, 0.074204, -0.189703],
        [0.470455, 0.293874, 0.254793],
        [0.297628, -0.010383, -0.253145],
    ],
    "fourier": [
        [0.748175, 0.590891, 0.486885],
        [0.664387, 0.519788, 0.38731],
        [0.727343, 0.644434, 0.625455],
        [0.647358, 0.530397, 0.464197],
    ],
    "nerf": [
        [0.710573, 0.553008, 0.446855],
        [0.655189, 0.517806, 0.410134],
        [0.733811, 0.645876, 0.62669],
        [0.021393, 0.006529, 0.001257],
    ],
    "distance": [[-0.071987], [0.458257], [0.772979], [0.784155]],
}

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="only in a checkout")


def shown(name: str) -> np.ndarray:
    """PyTorch's outputs as they are displayed: the SIREN was trained on -1 to 1."""
    outputs = np.array(TORCH[name])
    return (outputs + 1) / 2 if name == "siren" else outputs


@pytest.mark.parametrize("name", TORCH)
def test_the_reference_agrees_with_pytorch(name: str) -> None:
    network = load_preset(FOLDER / f"{name}.toml").network()
    x, y = np.array(POINTS).T
    outputs = network.evaluate(network.features(x, y, Clock()))
    np.testing.assert_allclose(outputs, shown(name), atol=1e-5)


@pytest.mark.native
@pytest.mark.parametrize("name", TORCH)
def test_a_picture_agrees_with_pytorch(name: str) -> None:
    preset = load_preset(FOLDER / f"{name}.toml").replace(mapping="rgb", inks=0, extent=0.001)
    with Renderer("native") as renderer:
        for point, expected in zip(POINTS, shown(name), strict=True):
            pixel = renderer.render(preset.replace(center=point), size=(1, 1), dtype="float32")
            np.testing.assert_allclose(pixel[0, 0], np.resize(expected, 3), atol=1e-4)


@pytest.mark.parametrize("name", TORCH)
def test_a_file_says_all_that_its_preset_needs(name: str) -> None:
    assert load_preset(FOLDER / f"{name}.toml").spec.to_toml().keys() == {"file"}
    assert load_preset(FOLDER / f"{name}.toml").spec.assumed == ""


def test_the_files_are_small_and_their_origin_is_noted() -> None:
    files = sorted(FOLDER.glob("*.safetensors"))
    assert [path.stem for path in files] == sorted(TORCH)
    assert sum(path.stat().st_size for path in files) < 1.5e6
    notice = (FOLDER / "NOTICE").read_text("utf-8")
    assert all(path.name in notice for path in files)

"""Exports: programs with their weights, and the choice of a format by suffix or by name."""

import ast
import runpy
from pathlib import Path

import numpy as np
import pytest

from cppn_gl.output.exports import EXPORTS, MAX_INLINE, export_of, notes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

SMALL = Preset().replace(depth=3, width=5, title="A small one")
LARGE = SMALL.replace(width=50)


def test_a_suffix_that_one_format_has_chooses_it() -> None:
    assert export_of(Path("a.npz"), None) is EXPORTS["npz"]
    assert export_of(Path("A.SAFETENSORS"), None) is EXPORTS["safetensors"]
    assert export_of(Path("a.py"), "torch") is EXPORTS["torch"]
    assert export_of(None, "jax") is EXPORTS["jax"]


@pytest.mark.parametrize(
    ("path", "name", "problem"),
    [
        (Path("a.py"), None, "several formats; give a format: numpy, torch, jax"),
        (Path("a.pt"), None, "nothing is exported under this name; expected FILE.html or"),
        (Path("a.npz"), "torch", "not the name of a program in PyTorch; expected FILE.py"),
        (Path("a.py"), "pytorch", "no format 'pytorch'; did you mean 'torch'"),
        (None, None, "-: a stream has no suffix; give a format: page, numpy, torch"),
    ],
)
def test_a_format_that_is_not_clear_is_one_line(
    path: Path | None, name: str | None, problem: str
) -> None:
    with pytest.raises((CaptureError, PresetError), match=problem):
        export_of(path, name)


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_a_large_network_has_its_weights_in_a_file_beside_the_program(name: str) -> None:
    assert LARGE.network().parameters > MAX_INLINE
    suffix = "safetensors" if name == "torch" else "npz"
    files = EXPORTS[name].files(Shot(LARGE), "net.py")
    assert list(files) == ["net.py", f"net_weights.{suffix}"]
    assert f"net_weights.{suffix}" in files["net.py"].decode()
    assert len(EXPORTS[name].files(Shot(SMALL), "net.py")) == 1
    assert "'net_picture.png'" in files["net.py"].decode()
    (alone,) = EXPORTS[name].files(Shot(LARGE), "").values()  # into a pipe
    ast.parse(alone)
    assert f"'{LARGE.name}_picture.png'" in alone.decode()


@pytest.mark.parametrize("preset", [SMALL, LARGE], ids=["small", "large"])
def test_an_exported_program_computes_the_preset(preset: Preset, tmp_path: Path) -> None:
    preset = preset.replace(
        inputs=["x", "y", "t", "sin_t", "z0", "cos_2y"],
        latent=[0.25],
        speed=0.5,
        extent=2.5,
        which="hidden",
    )
    shot = Shot(preset, size=(8, 6), time=3.0)
    for name, data in EXPORTS["numpy"].files(shot, "net.py").items():
        (tmp_path / name).write_bytes(data)
    program = runpy.run_path(str(tmp_path / "net.py"))
    x, y = np.array([-1.0, 0.5]), np.array([0.25, 2.0])
    network = preset.network()
    inputs = network.features(x, y, preset.animation.clock(3.0))
    outputs = program["network"](program["features"](x, y, 3.0))
    np.testing.assert_allclose(outputs, network.evaluate(inputs), atol=1e-9)
    assert program["picture"]().shape == (6, 8, 3)


def test_an_animated_network_is_that_of_its_time() -> None:
    moving = SMALL.replace(**{"animate.network.weight_scale": [0.5, 2.0]})
    texts = [EXPORTS["numpy"].files(Shot(moving, time=t), "a.py")["a.py"] for t in (0.0, 1.0)]
    assert texts[0] != texts[1]
    assert b"# The network changes with time; this is the one at 1 s." in texts[1]


def test_what_is_left_out_is_said() -> None:
    assert notes(Shot(SMALL)) == []
    said = notes(Shot(SMALL.replace(mapping="viridis", view="surface")))
    assert [words.partition(",")[0] for words in said] == [
        "The preset's colours: mapping viridis",
        "The preset's view",
    ] or len(said) == 2

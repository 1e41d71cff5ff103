"""Networks of one's own on the command line: --network, a file as PRESET, notes, hostile files."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.viewer.opening import read

Run = Callable[..., tuple[int, str, str]]
NETWORK = Network.random(depth=3, width=4, activation="sin", seed=5)
SMALL = ("--size", "16x9", "--engine", "numpy")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    NETWORK.save(tmp_path / "net.safetensors")
    np.savez(tmp_path / "bare.npz", np.ones((3, 4), np.float32), np.ones((4, 3), np.float32))
    return tmp_path


def drawn(run: Run, *words: str) -> Preset:
    status, out, err = run("render", *words, *SMALL, "--quiet", "-o", "a.png")
    assert (status, out, err) == (0, "a.png\n", "")
    return read_shot(Path("a.png")).preset


def test_a_network_alone_is_shown_in_a_plain_view(run: Run) -> None:
    for words in (["--network", "net.safetensors"], ["net.safetensors"]):
        preset = drawn(run, *words)
        assert preset.network().digest == NETWORK.digest
        assert (preset.view, preset.color) == (Preset().view, Preset().color)
        assert preset.title == "net"


def test_a_network_has_the_view_of_a_preset_and_further_keys(run: Run) -> None:
    preset = drawn(run, "agate", "--network", "net.safetensors", "--weight-scale", "0.5")
    assert preset.view != Preset().view
    assert preset.network().scales[0] == (0.5, 0.5)


def test_a_picture_may_be_drawn_with_another_network(run: Run) -> None:
    drawn(run, "net.safetensors", "--extent", "3", "--set", "network.redistribute=false")
    os.rename("a.png", "foreign.png")
    os.rename("net.safetensors", "elsewhere.safetensors")
    status, _, err = run("render", "foreign.png", *SMALL, "-o", "a.png")
    assert status == 2
    assert "net.safetensors: No such file or directory; it is not in the picture" in err
    preset = drawn(run, "foreign.png", "--network", "elsewhere.safetensors")
    assert preset.view.extent == 3
    assert preset.network().digest == NETWORK.digest


def test_what_the_file_does_not_say_is_said(run: Run, here: Path) -> None:
    words = ("render", "bare.npz", *SMALL, "-o", "a.png", "--inputs", "x,y,r")
    _, _, err = run(*words)
    said = "bare.npz does not name its activations; taken for relu in hidden layers"
    assert err == f"cppn_gl: {said}, identity in the last\n"
    more = ("--activation", "tanh", "--set", "network.output_activation=tanh")
    assert run(*words, *more)[2] == ""


@pytest.mark.parametrize("more", [("-o", "a.png"), ("--each", "extent=1,2", "-o", "many")])
def test_weights_that_do_not_leave_are_said_once(run: Run, more: tuple[str, ...]) -> None:
    words = ("render", "net.safetensors", *SMALL, "--set", "network.redistribute=false", *more)
    said = run(*words)[2]
    assert "net.safetensors is named in the picture, not carried (redistribute" in said
    assert said.count("not carried") == 1


def test_two_networks_are_refused(run: Run) -> None:
    status, _, err = run("render", "net.safetensors", "--network", "bare.npz", "-o", "a.png")
    assert (status, err) == (2, "cppn_gl: PRESET and --network both give the network\n")


def test_a_preset_of_a_network_is_printed_with_its_place(run: Run, here: Path) -> None:
    status, out, _ = run("presets", "net.safetensors")
    assert status == 0
    assert f'file = "{here / "net.safetensors"}"' in out
    drawn(run, "net.safetensors")
    _, out, err = run("presets", "a.png")
    assert 'file = "net.safetensors"' in out
    assert "net.safetensors is in a.png" in err


def test_a_sheet_varies_it(run: Run) -> None:
    words = ("sheet", "net.safetensors", "--rows", "weight_scale=0.5,1", "--cell", "20x10")
    assert run(*words, "--engine", "numpy", "-o", "s.png") == (0, "s.png\n", "")
    status, _, err = run(*words[:3], "width=2,3", "--engine", "numpy", "-o", "s.png")
    assert status == 2
    assert "net.safetensors" in err


def test_keys_of_a_file_need_one(run: Run) -> None:
    status, _, err = run("render", "--set", "network.hidden_omega=30", "-o", "a.png")
    assert (status, len(err.splitlines())) == (2, 1)
    assert "network.hidden_omega: only a network whose weights are in a file has this key" in err


def hostile() -> dict[str, bytes]:
    header = json.dumps(
        {"w": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**64]}}
    )
    return {
        "net.pt": pickle.dumps({"0.weight": [1.0]}),
        "renamed.safetensors": pickle.dumps({"0.weight": [1.0]}),
        "renamed.npz": pickle.dumps({"0.weight": [1.0]}),
        "huge.safetensors": len(header).to_bytes(8, "little") + header.encode(),
        "length.safetensors": b"\xff" * 8 + b"{}",
        "empty.npz": b"",
        "net.onnx": b"\x08\x07",
    }


@pytest.mark.parametrize("name", hostile())
def test_hostile_files_end_in_one_line_and_status_2(name: str, run: Run) -> None:
    Path(name).write_bytes(hostile()[name])
    status, out, err = run("render", "--network", name, "-o", "a.png")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"cppn_gl: {name}: ")
    assert not Path("a.png").exists()


@pytest.mark.parametrize("name", ["net.pt", "net.PTH", "net.ckpt", "net.pkl"])
def test_a_checkpoint_is_told_how_to_convert_it_wherever_it_is_named(name: str, run: Run) -> None:
    Path(name).write_bytes(b"PK")
    told = run("render", "--network", name, "-o", "a.png")
    assert told[2].startswith(f"cppn_gl: {name}: a pickle can run any program")
    assert run("render", name, "-o", "a.png") == told
    assert f"cppn_gl: {read(Path(name), Preset()).problem}\n" == told[2]


def test_devices_pipes_and_folders_are_refused(run: Run, here: Path) -> None:
    os.mkfifo("pipe.npz")
    os.mkdir("folder.npz")
    os.symlink("/dev/zero", "zero.npz")
    os.symlink("loop.npz", "loop.npz")
    for name in ("pipe.npz", "folder.npz", "zero.npz", "loop.npz", "none.npz"):
        status, _, err = run("render", "--network", name, "-o", "a.png")
        assert (status, len(err.splitlines())) == (2, 1)
        assert err.startswith(f"cppn_gl: {name}: ")


def test_a_wrong_file_in_a_preset_names_its_line(run: Run, here: Path) -> None:
    (here / "my.toml").write_text('[network]\nfile = "none.npz"\n')
    _, _, err = run("render", "my.toml", "-o", "a.png")
    assert err == "cppn_gl: my.toml:2: network.file: none.npz: No such file or directory\n"


def test_what_is_wrong_with_an_image_network_is_told_alone(run: Run, here: Path) -> None:
    small = Path(__file__).parent.parent / "nn" / "vision" / "small.onnx"
    keys = ["order=red,blue", "range=1", "mean=0,0", "std=1,1"]
    asked = [one for key in keys for one in ("--set", f"preprocess.{key}")]
    wrong = ["--view", "attribution", "--set", "attribution.class_name=owl"]
    status, _, err = run("render", "--network", str(small), *asked, *wrong, "-o", "a.png")
    assert (status, len(err.splitlines())) == (2, 1)
    assert "show.view: the view attribution" in err
    assert not Path("a.png").exists()

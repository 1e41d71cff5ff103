"""The history on disk survives a crash: one line of JSON for each moment."""

import errno
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.shot import Shot, parse_shot
from cppn_gl.viewer import journal as module
from cppn_gl.viewer.journal import Journal, Moment, default_path, parse_moment

WRITER = """
import sys
from pathlib import Path
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.journal import Journal, Moment

name, journal = sys.argv[1], Journal(Path(sys.argv[2]))
for number in range(10**6):
    sys.stdin.readline()
    preset = Preset(spec=Random(seed=number), title=sys.argv[1])
    journal.append(Moment(preset, preset.view))
    print(number, flush=True)
"""


def moment(seed: int = 0, layer: int | None = None, **words: Any) -> Moment:
    preset = Preset(spec=Random(seed=seed), **{"name": "x"} | words)
    return Moment(preset, Viewport((0.25, -1.5), 3.0), layer)


def writer(name: str, path: Path) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, name, str(path)], stdin=pipe, stdout=pipe, text=True
    )


def write(process: "subprocess.Popen[str]") -> None:
    """Let another process write a moment, and wait until it has."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline()


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "seen",
    [
        moment(),
        moment(2**63 - 1, layer=3),
        moment(title="größer", description="two lines\nor\u2028more\x85", name="näme"),
        Moment(Preset(view=Viewport((1 / 3, 1e-17), 1e-6)), Viewport((1 / 7, -1e6), 1e6)),
    ],
)
def test_a_moment_is_one_line_and_comes_back(seen: Moment, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "history.jsonl")
    journal.append(seen)
    (line,) = journal.read()
    again = parse_moment(line)
    assert again == seen
    assert again is not None
    assert again.preset.name == seen.preset.name


def test_given_layers_come_back() -> None:
    layer = Layer(np.full((3, 2), 0.1, np.float32), np.zeros(3, np.float32), "sigmoid")
    preset = Preset(spec=Layers((layer,)))
    again = parse_moment(Moment(preset, preset.view).to_line())
    assert again is not None
    assert np.array_equal(again.preset.network().layers[0].weight, layer.weight)


def changed(**keys: Any) -> str:
    return json.dumps(json.loads(moment().to_line()) | keys)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\0\0\0",
        "nothing",
        "null",
        "7",
        '"preset"',
        "[]",
        "{}",
        "[" * 100_000,
        moment().to_line()[:-20],
        changed(preset=5),
        changed(preset=None),
        changed(preset="[network]\ndepth = 0"),
        changed(preset="[network]\nseed = 1" + "0" * 400),
        changed(preset="[view]\nextent = nan"),
        changed(preset="= = ="),
        changed(home=None),
        changed(home=[0, 0]),
        changed(home=[0, 0, 0]),
        changed(home=["a", {}, []]),
        changed(home=[0, 0, 10**400]),
        changed(layer=0),
        changed(layer=9),
        changed(layer=1.5),
        changed(layer=True),
        changed(layer="1"),
        changed(layer=[]),
    ],
)
def test_a_line_of_something_else_is_no_moment(line: str) -> None:
    assert parse_moment(line) is None


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "history.jsonl"
    process = writer("killed", path)
    for _ in range(5):
        write(process)
    kill(process)
    seen = [parse_moment(line) for line in Journal(path).read()]
    assert [m.preset.spec.seed for m in seen if m] == [0, 1, 2, 3, 4]


def test_two_windows_write_by_turns(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    processes = [writer(name, path) for name in "ab"]
    for process in (*processes, *processes[::-1], *processes):
        write(process)
    for process in processes:
        kill(process)
    seen = [parse_moment(line) for line in Journal(path).read()]
    found = [(m.preset.title, m.preset.spec.seed) for m in seen if m]
    assert found == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]


def test_a_torn_last_line_does_not_take_the_next_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(moment(1).to_line() + moment(2).to_line()[:30])
    journal = Journal(path)
    journal.read()
    journal.append(moment(3))
    journal.append(moment(4))
    seen = [parse_moment(line) for line in Journal(path).read()]
    assert [m and m.preset.spec.seed for m in seen] == [1, None, 3, 4]


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\xff\xfe\0\n\n  \n" + moment(1).to_line().encode() + b"\x80")
    seen = [parse_moment(line) for line in Journal(path).read()]
    assert [m and m.preset.spec.seed for m in seen] == [None, 1, None]


def test_only_the_last_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    path = tmp_path / "history.jsonl"
    journal = Journal(path)
    for seed in range(5):
        journal.append(moment(seed))
    seen = [parse_moment(line) for line in journal.read()]
    assert [m.preset.spec.seed for m in seen if m] == [2, 3, 4]
    assert len(path.read_text().splitlines()) == 5


@pytest.mark.parametrize("more", [0, 1, 7])
def test_a_large_file_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    lines = [moment(seed).to_line() for seed in range(10)]
    monkeypatch.setattr(module, "MAX_BYTES", sum(map(len, lines[6:])) + more)
    path = tmp_path / "history.jsonl"
    path.write_text("".join(lines))
    journal = Journal(path)
    assert [line + "\n" for line in journal.read()] == lines[6:]
    assert path.read_text() == "".join(lines[6:])
    assert path.stat().st_mode & 0o777 == 0o600
    journal.append(moment(99))
    assert path.read_text() == "".join([*lines[6:], moment(99).to_line()])
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_one_endless_line_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    path = tmp_path / "history.jsonl"
    path.write_text("x" * 1000)
    journal = Journal(path)
    assert journal.read() == []
    journal.append(moment(1))
    assert path.read_text() == "x" * 1000 + "\n" + moment(1).to_line()


def test_a_place_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "history.jsonl")
    assert journal.read() == []
    assert journal.problem == ""
    journal.append(moment())
    assert journal.problem.startswith("history is not saved: ")
    assert "file/history.jsonl: " in journal.problem
    journal.problem = ""
    journal.append(moment())
    assert journal.problem == ""


def test_a_folder_in_its_place_is_told_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.read() == []
    journal.append(moment())
    assert str(tmp_path) in journal.problem


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, data: len(data) - 1)
    journal = Journal(tmp_path / "history.jsonl")
    journal.append(moment())
    assert os.strerror(errno.ENOSPC) in journal.problem


def test_without_a_path_nothing_is_kept() -> None:
    journal = Journal(None)
    journal.append(moment())
    assert journal.read() == []
    assert journal.problem == ""


def test_the_history_stands_where_the_system_keeps_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path().name == "history.jsonl"
    if sys.platform.startswith("linux"):
        assert default_path() == tmp_path / "cppn_gl" / "history.jsonl"
    assert not default_path().parent.exists()


def test_a_large_network_given_by_its_layers_is_not_written(tmp_path: Path) -> None:
    layers = (
        Layer(np.ones((512, 2)), np.ones(512), "tanh"),
        Layer(np.ones((3, 512)), np.ones(3), "sigmoid"),
    )
    preset = Preset(spec=Layers(layers=(layers[0], *[deep()] * 2, layers[1])))
    journal = Journal(tmp_path / "history.jsonl")
    journal.append(moment(1))
    journal.append(Moment(preset, preset.view))
    assert len(journal.read()) == 1


def deep() -> Layer:
    return Layer(np.ones((512, 512)), np.ones(512), "tanh")


def test_a_pipe_in_its_place_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "history.jsonl")
    journal = Journal(tmp_path / "history.jsonl")
    assert "is not a regular file" in journal.problem
    assert journal.read() == []


def test_a_name_that_cannot_be_shown_becomes_one_that_can() -> None:
    line = json.dumps({"name": "\ud800", "layer": None, "home": [0, 0, 1], "preset": "format=1"})
    found = parse_moment(line)
    assert found is not None
    assert found.preset.name == "?"


def in_a_file(path: Path, width: int) -> Preset:
    """A preset of a network whose weights are in a file."""
    Network.random(depth=4, width=width, seed=1).save(path)
    return Preset(name="own").replace(file=str(path))


def out_of_a_picture(preset: Preset) -> Preset:
    """The same preset without a file, as a picture gives it."""
    return parse_shot(Shot(preset).to_text(), "a.png").preset


def test_a_network_in_a_file_is_kept_by_its_path(tmp_path: Path) -> None:
    """A megabyte of weights does not make the history long."""
    path = tmp_path / "net.safetensors"
    preset = in_a_file(path, 256)
    seen = [Moment(preset.replace(extent=1 + k / 8), preset.view) for k in range(100)]
    journal = Journal(tmp_path / "history.jsonl")
    for each in seen:
        journal.append(each)
    lines = journal.read()
    assert [parse_moment(line) for line in lines] == seen
    assert max(map(len, lines)) < 1500
    Network.random(seed=2).save(path)
    assert [parse_moment(line) for line in lines] == [None] * 100  # of another network now
    path.unlink()
    assert parse_moment(lines[0]) is None


def test_weights_out_of_a_picture_are_kept_if_they_are_few(tmp_path: Path) -> None:
    few, many = (
        out_of_a_picture(in_a_file(tmp_path / f"{width}.npz", width)) for width in (20, 80)
    )
    assert Moment(few, few.view).saved
    assert parse_moment(Moment(few, few.view).to_line()) == Moment(few, few.view)
    assert not Moment(many, many.view).saved


def test_a_thousand_moments_share_the_weights(tmp_path: Path) -> None:
    preset = in_a_file(tmp_path / "net.safetensors", 256)
    tracemalloc.start()
    try:
        steps = [preset.replace(weight_scale=1 + k / 1000) for k in range(1000)]
        moments = [Moment(step, step.view) for step in steps]
        assert len({id(cast(File, m.preset.spec).weights) for m in moments}) == 1
        assert tracemalloc.get_traced_memory()[0] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["squeezenet", "train-fashion"])
def test_networks_that_see_pictures_are_in_the_history(name: str) -> None:
    moment = Moment(load_preset(name), Viewport())
    assert moment.saved
    assert parse_moment(moment.to_line()).preset.spec.classifies

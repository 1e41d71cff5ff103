"""The program where it does not choose its surroundings: old encodings, no home, a second run."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.cli.commands import COMMANDS
from cppn_gl.cli.main import main
from cppn_gl.preset.library import shipped
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils.resources import child_environment

NAME = "b\u2013m\u2192.png"  # a file's name that no old encoding has
SMALL = ["--size", "16x9", "--engine", "numpy"]
ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "strict ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, and no display around."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CPPN_GL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def start(*words: str, **variables: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "cppn_gl", *words]
    environment = child_environment() | variables
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe)


def run(*words: str, **variables: str) -> tuple[int, bytes, bytes]:
    process = start(*words, **variables)
    out, err = process.communicate()
    return process.returncode, out, err


# Encodings


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_every_preset_is_written_as_the_bytes_of_its_file(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, path in shipped().items():
        data = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding))
        assert main(["presets", name]) == 0
        assert data.getvalue() == path.read_bytes(), name


@pytest.mark.parametrize("variables", ENCODINGS.values(), ids=ENCODINGS)
def test_what_is_written_can_be_read_back(here: Path, variables: dict[str, str]) -> None:
    status, toml, err = run("presets", "neylon-27", **variables)
    assert (status, err) == (0, b"")
    (here / "m.toml").write_bytes(toml)
    status, path, err = run("render", "m.toml", "-o", NAME, *SMALL, **variables)
    assert (status, path, err) == (0, os.fsencode(NAME) + b"\n", b"")
    assert read_shot(here / NAME).preset.title
    status, again, err = run("presets", NAME, **variables)
    assert (status, err) == (0, b"")
    assert again == read_shot(here / NAME).preset.to_toml().encode()
    folder = NAME.removesuffix(".png")
    words = ["sequence", "m.toml", "-o", folder, "--frames", "1", "--fps", "1", *SMALL]
    assert run(*words, **variables) == (0, os.fsencode(folder) + b"\n", b"")


@pytest.mark.parametrize("variables", ENCODINGS.values(), ids=ENCODINGS)
def test_what_people_read_is_never_an_error(variables: dict[str, str]) -> None:
    told = [[name, "--help"] for name in COMMANDS] + [["--help"], ["presets"], ["tour"]]
    told += [
        [
            "bench",
            *(
                [
                    "--networks",
                    "1x1",
                    "--sizes",
                    "8x8",
                    "--budget",
                    "1",
                    "--engine",
                    "numpy",
                    "--quiet",
                ]
            ),
        ]
    ]
    code = (
        "import sys; from cppn_gl.cli.main import main\n"
        f"for words in {told!r}:\n"
        "    assert main(words) == 0, words"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=child_environment() | variables,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    status, out, err = run("render", NAME, "-o", "a.png", **variables)
    assert (status, out) == (2, b"")
    assert err


@pytest.mark.gl
@pytest.mark.parametrize("variables", ENCODINGS.values(), ids=ENCODINGS)
def test_doctor_hears_its_children_in_any_encoding(variables: dict[str, str]) -> None:
    status, out, err = run("doctor", **variables)
    assert (status, err) == (0, b"")
    text = out.decode("utf-16" if "utf-16" in variables.values() else "latin-1")
    assert "headless GL" in text


# A user without a home


@pytest.fixture
def homeless(here: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Variables for a user that the system does not know, as containers run."""
    site = here / "site"
    site.mkdir()
    code = "import pwd\n\ndef none(uid):\n    raise KeyError(uid)\n\npwd.getpwuid = none\n"
    (site / "sitecustomize.py").write_text(code)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    path = [str(site), child_environment()["PYTHONPATH"]]
    return {"PYTHONPATH": os.pathsep.join(path)}


@pytest.mark.gl
def test_without_a_home_everything_is_drawn(here: Path, homeless: dict[str, str]) -> None:
    size = ["--size", "16x9"]
    assert run("render", "neylon-27", *size, "-o", "a.png", **homeless) == (0, b"a.png\n", b"")
    words = ["sequence", "neylon-01", *size, "-o", "f", "--frames", "2", "--fps", "2"]
    assert run(*words, **homeless) == (0, b"f\n", b"")
    status, _, err = run("tune", "neylon-01", *size, **homeless)
    assert status == 0
    assert err.startswith(b"cppn_gl: not saved: no home directory: HOME is not set")
    words = ["bench", "--networks", "1x1", "--sizes", "8x8", "--budget", "1", "--quiet"]
    status, out, err = run(*words, **homeless)
    assert (status, err) == (0, b"")
    assert b"1x1" in out
    assert {path.name for path in here.iterdir()} == {"a.png", "f", "site"}  # and no folder "~"


@pytest.mark.gl
def test_doctor_names_home(homeless: dict[str, str]) -> None:
    status, out, err = run("doctor", **homeless)
    assert (status, err) == (0, b"")
    (line,) = (line for line in out.decode().splitlines() if line.startswith("note home"))
    assert "HOME is not set" in line
    assert "try: HOME=" in out.decode()


# Two runs of one thing


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


SEQUENCE = ["sequence", "default", "-o", "two", "--frames", "8", "--fps", "20"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be halted")
@pytest.mark.parametrize(
    ("words", "begun", "target"),
    [
        (
            [
                "sequence",
                "default",
                "-o",
                "two",
                "--frames",
                "8",
                "--fps",
                "20",
                "--size",
                "640x360",
                "--samples",
                "2",
            ],
            "two/00000.png",
            "two",
        ),
        (
            ["render", "neylon-01", "-o", "two.tif", "--size", "4200x4000"],
            "two.tif.bands/manifest.json",
            "two.tif",
        ),
    ],
    ids=["sequence", "poster"],
)
def test_of_two_runs_one_draws_and_the_other_says_so(
    here: Path, words: list[str], begun: str, target: str
) -> None:
    words = [*words, "--engine", "numpy", "--quiet"]
    first = start(*words)
    until((here / begun).exists)
    first.send_signal(signal.SIGSTOP)
    assert first.poll() is None, "it was done before it could be halted"
    status, out, err = run(*words)
    assert (status, out) == (2, b"")
    said = f"cppn_gl: {target}: process {first.pid} is drawing it; wait until it is done, or"
    assert err.decode().startswith(said)
    assert err.count(b"\n") == 1
    first.send_signal(signal.SIGCONT)
    assert first.communicate() == (f"{target}\n".encode(), b"")
    assert first.returncode == 0
    assert not list(here.rglob(".*"))
    if target == "two":
        assert len(list((here / "two").glob("*.png"))) == 8
    assert run(*words) == (0, f"{target}\n".encode(), b"")

"""The program as a person meets it: what it writes, what it says, and its exit status."""

import ast
import ctypes
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rows import EXACT, NAMES

from cppn_gl._version import __version__
from cppn_gl.cli.commands import COMMANDS, FILM, LARGER
from cppn_gl.cli.main import main
from cppn_gl.engines.names import VARIABLE, engine_names, without_opengl
from cppn_gl.engines.tuning import Measured, structure_key
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset import library
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.surprise import TITLE
from cppn_gl.preset.tour import pages

ROOT = Path(__file__).parents[2]
TOML = """\
title = "A small one"
[network]
depth = 3
width = 6
inputs = ["x", "y", "t"]
seed = 5
"""
SMALL = ["--size", "16x9", "--engine", "numpy"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a preset in it and no display around."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CPPN_GL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("cppn_gl.engines.gl.context.display_problem", lambda: "DISPLAY is not set")
    (tmp_path / "small.toml").write_text(TOML)
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


def environment() -> dict[str, str]:
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def start(*words: str, **keys: Any) -> "subprocess.Popen[str]":
    """A process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keys
    command = [sys.executable, "-m", "cppn_gl", *words]
    return subprocess.Popen(command, text=True, env=environment(), **pipes)


def frames(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Help, and what it costs


@pytest.mark.parametrize("words", [["--help"], ["-h"], *([name, "-h"] for name in COMMANDS)])
def test_help(run: Run, words: list[str]) -> None:
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert out.startswith("usage: python -m cppn_gl")
    assert words[0] not in COMMANDS or COMMANDS[words[0]].summary in out


def test_sequence_offers_no_time(run: Run) -> None:
    assert "--time" not in run("sequence", "-h")[1]
    assert "--time SECONDS" in run("render", "-h")[1]


def test_a_file_that_is_no_preset_is_told_what_would_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.ppm").write_bytes(b"P6")
    status, _, err = run("render", "x.ppm", "-o", "a.png")
    assert status == 2
    told = "x.ppm: not a picture saved by cppn_gl; expected a file ending in .toml, .png, .tif"
    assert told in err


def test_a_folder_as_a_preset_names_a_frame_in_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    for words in ("frames", "frames/", str(tmp_path / "frames")):
        _, _, err = run("render", words, "-o", "a.png")
        assert err.startswith(f"cppn_gl: {words}: a folder; expected one ending in .toml, .png")
    for name in ("manifest.json", "00001.png", "00000.png"):
        (tmp_path / "frames" / name).touch()
    assert run("render", "frames", "-o", "a.png") == (
        2,
        "",
        "cppn_gl: frames: a folder; expected a file in it, such as frames/00000.png\n",
    )


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"cppn_gl {__version__}\n", "")


@pytest.mark.parametrize(
    "words", [["--help"], ["render", "--help"], ["video", "-h"], ["presets"], ["presets", "x"]]
)
def test_help_and_presets_load_no_graphics(words: list[str]) -> None:
    code = f"""if True:
        import sys
        from cppn_gl.cli.main import main
        main({words})
        heavy = {{"moderngl", "PIL", "glfw", "moderngl_window", "tqdm", "png", "tifffile"}}
        heavy &= set(sys.modules)
        heavy |= {{n for n in sys.modules if n == "cppn_gl.nn.vision.operations"}}
        sys.exit(f"loaded {{heavy}}" if heavy else 0)"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment())


def test_dense_networks_load_nothing_of_structures() -> None:
    code = """if True:
        import sys
        from cppn_gl import Preset, Renderer
        Renderer(engine="numpy").render(Preset(), (8, 8))
        grids = [m for m in sys.modules if m.endswith((".grid", ".graph", ".structures"))]
        sys.exit(f"loaded {grids}" if set(grids) - {"cppn_gl.engines.gl.grid"} else 0)"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment())


def test_only_the_command_line_speaks_of_its_options() -> None:
    names = {name for word, made in COMMANDS.items() for name in made.parser(word).names}
    package = ROOT / "cppn_gl"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] != "cli":
            nodes = ast.walk(ast.parse(path.read_text("utf-8")))
            texts = [str(node.value) for node in nodes if isinstance(node, ast.Constant)]
            assert not names & set(re.findall(r"--[a-z][a-z-]*", " ".join(texts))), path


def test_the_installed_command_is_the_same() -> None:
    program = importlib.import_module("cppn_gl.__main__")
    assert program.main(["--version"]) == main(["--version"]) == 0
    assert program.main(["--no"]) == main(["--no"]) == 2


def test_an_interruption_while_loading_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        @staticmethod
        def find_spec(name: str, *rest: object) -> None:
            if name == "cppn_gl.cli.main":
                raise KeyboardInterrupt

    program = importlib.import_module("cppn_gl.__main__")
    monkeypatch.delitem(sys.modules, "cppn_gl.cli.main")
    monkeypatch.delattr("cppn_gl.cli.main")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert program.main(["--version"]) == 130


# render


def test_render_and_render_again(run: Run, here: Path) -> None:
    words = ["--time", "-0.5", "--samples", "2", "--center", "-0.5,0.25", "--set", "speed=2"]
    assert run("render", "small.toml", "-o", "a.png", *SMALL, *words) == (0, "a.png\n", "")
    shot = read_shot(here / "a.png")
    assert (shot.size, shot.time, shot.samples, shot.engine) == ((16, 9), -0.5, 2, "numpy")
    assert shot.preset.view.center == (-0.5, 0.25)
    assert shot.preset.animation.speed == 2
    assert run("render", "a.png", "-o", "b.PNG") == (0, "b.PNG\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.PNG").read_bytes()
    assert run("render", "a.png", "-o", "a.png", "--depth", "2", "--time", "0")[0] == 0
    assert (here / "a.png").read_bytes() != (here / "b.PNG").read_bytes()
    changed = read_shot(here / "a.png")
    assert (changed.size, changed.time, changed.preset.spec.depth) == ((16, 9), 0, 2)


def test_as_many_samples_as_needed_and_again(run: Run, here: Path) -> None:
    words = ["--samples", "auto", "--weight-scale", "6"]
    assert run("render", "small.toml", "-o", "a.png", *SMALL, *words) == (0, "a.png\n", "")
    assert read_shot(here / "a.png").samples == "auto"
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    assert run("render", "a.png", "-o", "c.png", "--samples", "1")[0] == 0
    assert (here / "a.png").read_bytes() != (here / "c.png").read_bytes()
    problem = "--samples: 'most' is neither an integer from 1 to 16 nor auto"
    status, _, told = run("render", "a.png", "-o", "d.png", "--samples", "most")
    assert status == 2
    assert told.count("\n") == 1
    assert problem in told
    assert not (here / "d.png").exists()


@pytest.mark.gl
def test_render_with_opengl_and_again(run: Run, here: Path) -> None:
    assert run("render", "small.toml", "-o", "a.png", "--size", "16x9") == (0, "a.png\n", "")
    assert read_shot(here / "a.png").engine in EXACT
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


# Engines


def measured(engine: str) -> None:
    """Let the tuning cache say that an engine is the fastest here for small.toml."""
    with Renderer() as renderer:
        key = structure_key(renderer.painter.structure(library.load_preset("small.toml").network()))
        renderer.chooser.cache.put(key, Measured(engine, dict.fromkeys(EXACT, 1e9)))


@pytest.mark.gl
@pytest.mark.usefixtures("compute_shaders")
@pytest.mark.parametrize("name", [*(n for n in engine_names() if n not in EXACT), *NAMES])
def test_every_engine_can_be_asked_for(run: Run, here: Path, name: str) -> None:
    words = ["--size", "33x9", "--depth", "2", "--engine", name]
    assert run("render", "small.toml", "-o", "a.png", *words) == (0, "a.png\n", "")
    engine = read_shot(here / "a.png").engine
    assert engine in EXACT  # which says all
    assert name == "auto" or engine.startswith(name)
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


@pytest.mark.gl
@pytest.mark.usefixtures("compute_shaders", "tuning")
def test_a_picture_is_drawn_again_by_its_engine_whatever_is_measured(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["render", "small.toml", "--size", "33x9", "-o"]
    run(*words, "a.png", "--engine", "compute-16")
    data = (here / "a.png").read_bytes()
    measured("compute-8")
    run(*words, "new.png")
    assert read_shot(here / "new.png").engine == "compute-8"
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "b.png").read_bytes() == data
    monkeypatch.setenv(VARIABLE, "compute-4")
    run(*words, "new.png")
    assert read_shot(here / "new.png").engine == "compute-4"
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "b.png").read_bytes() == data
    run("render", "a.png", "-o", "b.png", "--engine", "fragment")
    assert read_shot(here / "b.png").engine == "fragment"


@pytest.mark.gl
@pytest.mark.usefixtures("compute_shaders", "tuning")
def test_a_sequence_goes_on_with_its_engine_whatever_is_measured(run: Run, here: Path) -> None:
    words = [*sequence()[:-3], "33x9"]
    assert run(*words, "--frames", "2", "--engine", "compute")[0] == 0
    manifest = json.loads((here / "f" / "manifest.json").read_text())
    engine = manifest["engine"]
    assert engine in EXACT
    assert engine.startswith("compute-")
    measured("fragment" if engine != "fragment" else "compute-16")
    assert run(*words) == (0, "f\n", "")
    assert [read_shot(here / "f" / f"0000{k}.png").engine for k in range(3)] == [engine] * 3
    assert json.loads((here / "f" / "manifest.json").read_text())["engine"] == engine
    assert run(*words[:3], "whole", *words[4:], "--engine", engine)[0] == 0
    assert frames(here / "whole") == frames(here / "f")


@pytest.mark.gl
@pytest.mark.usefixtures("compute_shaders", "without_native")
@pytest.mark.parametrize("engine", ["compute-16", "tiled", "teapot", "compute", "native"])
def test_a_picture_by_an_engine_that_cannot_be_had_is_drawn_by_another(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    run("render", "small.toml", "-o", "a.png", "--size", "33x9", "--engine", "fragment")
    expected = (here / "a.png").read_bytes()
    monkeypatch.setattr("cppn_gl.engines.gl.painter.COMPUTE_VERSION", 999)  # a driver without it
    monkeypatch.setattr(
        "cppn_gl.preset.shot.read_shot", lambda path, **how: _with_engine(read_shot(path), engine)
    )
    status, out, err = run("render", "a.png", "-o", "b.png")
    assert (status, out) == (0, "b.png\n")
    assert err == f"cppn_gl: the engine {engine!r} is not available: drawing with fragment\n"
    assert (here / "b.png").read_bytes() == expected


@pytest.mark.gl
@pytest.mark.usefixtures("compute_shaders")
def test_an_engine_that_draws_narrow_networks_only_is_replaced(run: Run, here: Path) -> None:
    run("render", "small.toml", "-o", "a.png", "--size", "5x3", "--engine", "compute-16")
    status, _, err = run("render", "a.png", "-o", "a.png", "--width", "70", "--depth", "2")
    assert (status, read_shot(here / "a.png").engine) == (0, "compute-4")
    assert err == "cppn_gl: the engine 'compute-16' is not available: drawing with compute-4\n"


@pytest.mark.parametrize("engine", ["nonsense", "compute-7", ""])
def test_an_environment_that_asks_for_nonsense_is_told_in_one_line(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv(VARIABLE, engine)
    status, out, err = run("render", "small.toml", "-o", "a.png", "--size", "5x3")
    if not engine:  # as good as unset
        assert status == 0
        return
    assert (status, out) == (2, "")
    assert err.startswith(f"cppn_gl: {VARIABLE}: no engine {engine!r}; ")
    assert err.count("\n") == 1
    assert not (here / "a.png").exists()
    assert run("render", "small.toml", "-o", "a.png", *SMALL)[0] == 0


@pytest.mark.gl
def test_tune_prints_one_line_and_remembers(run: Run, here: Path, tuning: Path) -> None:
    words = ["small.toml", "--size", "16x9", "--depth", "2", "--width", "3"]
    status, out, err = run("tune", *words)
    assert status == 0
    assert out.count("\n") == 1
    engine, _, why = out.partition(": ")
    assert engine in EXACT
    assert why.startswith("measured here")
    assert err == f"cppn_gl: saved in {tuning}, which can be deleted\n"
    assert tuning.exists()
    assert run("tune", *words, "--quiet")[2] == ""
    assert run("render", *words, "-o", "a.png")[0] == 0
    assert read_shot(here / "a.png").engine in EXACT


def test_tune_without_opengl_keeps_nothing_and_says_so(
    run: Run, no_opengl: None, tuning: Path
) -> None:
    status, out, err = run("tune", "small.toml", "--size", "16x9")
    assert (status, out) == (0, f"{without_opengl()}: no OpenGL\n")
    assert err.count("\n") <= 1
    assert "None" not in err
    assert not tuning.exists()
    assert "None" not in run("tune", "small.toml", *SMALL)[2]


@pytest.fixture
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without the libraries."""
    monkeypatch.setenv("GLCONTEXT_LINUX_LIBGL", "libNone.so")
    monkeypatch.setenv("GLCONTEXT_LINUX_LIBEGL", "libNone.so")
    monkeypatch.setattr(
        "cppn_gl.engines.gl.context._attempts", lambda: iter([("EGL", {"backend": "none"})])
    )


@pytest.mark.usefixtures("no_opengl")
def test_without_opengl_the_processor_draws_and_says_so(run: Run, here: Path) -> None:
    status, out, err = run("render", "small.toml", "-o", "a.png", "--size", "16x9")
    assert (status, out) == (0, "a.png\n")
    assert err.startswith(f"cppn_gl: no OpenGL, drawing with {without_opengl().display_name}: ")
    assert err.count("\n") == 1
    assert read_shot(here / "a.png").engine == str(without_opengl())
    assert run("render", "small.toml", "-o", "b.png", "--size", "16x9", "--quiet")[2] == ""


@pytest.mark.usefixtures("no_opengl")
def test_an_engine_asked_for_is_not_replaced(run: Run, here: Path) -> None:
    status, out, err = run("render", "small.toml", "-o", "a.png", "--engine", "fragment")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert not (here / "a.png").exists()


@pytest.mark.usefixtures("no_opengl")
def test_a_picture_by_an_engine_that_is_not_here(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("render", "small.toml", "-o", "a.png", "--size", "16x9", "--engine", str(without_opengl()))
    data = (here / "a.png").read_bytes()
    for engine, words in (("fragment", "no OpenGL"), ("teapot", "")):
        monkeypatch.setattr(
            "cppn_gl.preset.shot.read_shot",
            lambda path, engine=engine, read=read_shot, **how: _with_engine(read(path), engine),
        )
        status, out, err = run("render", "a.png", "-o", "b.png")
        assert (status, out, err.count("\n")) == (0, "b.png\n", 1)
        assert words in err
        assert (here / "b.png").read_bytes() == data


def _with_engine(shot: Any, engine: str) -> Any:
    return type(shot)(shot.preset, shot.size, shot.time, shot.samples, engine, shot.version)


# sequence


def sequence(folder: str = "f", count: int = 3, fps: int = 24) -> list[str]:
    return [
        *("sequence", "small.toml", "-o", folder, "--frames", str(count), "--fps", str(fps)),
        *SMALL,
    ]


def test_sequence(run: Run, here: Path) -> None:
    assert run(*sequence()) == (0, "f\n", "")
    assert sorted(frames(here / "f")) == ["00000.png", "00001.png", "00002.png", "manifest.json"]
    assert read_shot(here / "f" / "00002.png").time == 2 / 24
    run("render", "small.toml", "-o", "one.png", "--time", str(2 / 24), *SMALL)
    assert (here / "f" / "00002.png").read_bytes() == (here / "one.png").read_bytes()


def test_a_picture_of_floats_becomes_frames_and_a_file_of_16_bits(run: Run, here: Path) -> None:
    run("render", "small.toml", "-o", "a.tif", "--bits", "32", *SMALL)
    words = ("sequence", "a.tif", "--frames", "1", "--fps", "24", "-o", "f")
    assert run(*words) == (0, "f\n", "cppn_gl: PNG holds 16 bits per channel, not 32\n")
    status, out, _ = run("view", "a.tif")  # there is no display
    assert status == 0
    run("render", "small.toml", "-o", "b.png", "--bits", "16", *SMALL)
    expected = (here / "b.png").read_bytes()
    assert (here / "f" / "00000.png").read_bytes() == (here / out.strip()).read_bytes() == expected


def test_sequence_refuses_to_mix(run: Run, here: Path) -> None:
    run(*sequence())
    before = frames(here / "f")
    status, out, err = run(*sequence(), "--seed", "6")
    assert (status, out) == (2, "")
    assert "network.seed is 5, not 6" in err
    assert err.endswith("; choose another folder, or overwrite it (--overwrite)\n")
    assert err.count("\n") == 1
    assert frames(here / "f") == before
    assert run(*sequence(count=2), "--seed", "6", "--overwrite")[0] == 0
    assert read_shot(here / "f" / "00001.png").preset.spec.seed == 6
    assert not (here / "f" / "00002.png").exists()


def test_sequence_keeps_the_engine_it_began_with(run: Run, here: Path) -> None:
    run(*sequence(count=2))
    assert run(*sequence()[:-2]) == (0, "f\n", "")
    assert read_shot(here / "f" / "00002.png").engine == "numpy"


@pytest.mark.gl
def test_sequence_refuses_another_engine_asked_for(run: Run) -> None:
    run(*sequence())
    status, _, err = run(*sequence()[:-1], "fragment")
    assert status == 2
    assert "engine is 'numpy', not 'fragment'" in err


@pytest.mark.usefixtures("no_opengl")
def test_sequence_goes_on_with_what_there_is(run: Run, here: Path) -> None:
    run(*sequence())
    manifest = here / "f" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"numpy"', '"fragment"'))
    status, _, err = run(*sequence(count=4)[:-2])
    assert status == 0
    assert err.startswith("cppn_gl: no OpenGL")
    assert '"fragment"' in manifest.read_text()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# Slow enough to be stopped midway: some 30 ms a frame.
LONG = ["--depth", "8", "--width", "64", "--size", "120x80"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_sequence_stopped_midway_resumes_to_the_same_bytes(
    run: Run, here: Path, number: signal.Signals
) -> None:
    words = [*sequence(count=24), *LONG]
    process = start(*words)
    until((here / "f" / "00003.png").exists)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    if number != signal.SIGKILL:
        assert (process.returncode, err) == (128 + number, "")
        assert not list((here / "f").glob(".*"))
    (here / "f" / f".00009.png.{process.pid}-0a1b.part").write_bytes(b"half")  # as a kill may leave
    assert 3 < len(frames(here / "f")) < 24
    assert run(*words)[0] == 0
    assert run(*[*sequence("undisturbed", 24), *LONG])[0] == 0
    assert frames(here / "f") == frames(here / "undisturbed")


def limited(bytes_: int) -> Callable[[], None]:
    """Lets a process write no file larger than that: as a full disk does, halfway through one."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def test_a_write_that_fails_leaves_no_file(here: Path) -> None:
    process = start("render", "small.toml", "-o", "a.png", *SMALL, preexec_fn=limited(600))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("cppn_gl: a.png: exceeds the limit on file sizes")
    assert err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == ["small.toml"]


def test_a_sequence_whose_write_fails_resumes(run: Run, here: Path) -> None:
    words = [*sequence(count=6), "--size", "64x36"]
    process = start(*words, preexec_fn=limited(1500))  # room for the manifest only
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert list(frames(here / "f")) == ["manifest.json"]
    assert run(*words)[0] == 0
    assert run(*[*sequence("undisturbed", 6), "--size", "64x36"])[0] == 0
    assert frames(here / "f") == frames(here / "undisturbed")


def test_progress_goes_to_a_terminal_only() -> None:
    import fcntl
    import pty
    import struct
    import termios

    shown = {}
    for quiet in ([], ["--quiet"]):
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = start(*sequence(), *quiet, stderr=child)
        os.close(child)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "f\n")
        try:
            shown[bool(quiet)] = os.read(parent, 10_000)
        except OSError:  # Linux's way of saying that nothing came
            shown[bool(quiet)] = b""
        os.close(parent)
    assert b"0/3" in shown[False]
    assert shown[True] == b""


# presets, doctor, view


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two presets of our own instead of those shipped."""
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "default.toml").write_text(TOML)
    (folder / "a.toml").write_text(TOML.replace("A small", "Another"))
    found = {"default": folder / "default.toml", "a": folder / "a.toml"}
    monkeypatch.setattr(library, "shipped", lambda: found)
    return folder


def test_presets(run: Run, shipped: Path) -> None:
    random = f"random   {TITLE}\n"
    assert run("presets") == (0, f"default  A small one\na        Another one\n{random}", "")
    assert run("presets", "default") == (0, TOML, "")


def test_a_random_preset_is_drawn_named_and_drawn_again(run: Run, here: Path) -> None:
    status, out, err = run("render", "random", "-o", "a.png", *SMALL)
    preset = read_shot(here / "a.png").preset
    assert (status, out) == (0, "a.png\n")
    assert err == f"cppn_gl: random: --seed {preset.spec.seed} draws this one again\n"
    again = ("render", "random", "--seed", str(preset.spec.seed), "-o", "b.png", *SMALL)
    assert run(*again) == (0, "b.png\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    assert run("render", "random", "-o", "c.png", "--quiet", *SMALL)[2] == ""
    status, out, _ = run("presets", "random")
    assert (status, parse_preset(out).show.view) == (0, "picture")


def test_a_seed_in_words(run: Run, here: Path) -> None:
    words = ("--seed", "your name", *SMALL)
    sheet = ("sheet", "small.toml", "--cols", "width=2,3", *words, "-o", "sheet.png")
    sequence = ("sequence", "small.toml", "--frames", "1", "--fps", "1", *words, "-o", "frames")
    assert run("render", "small.toml", *words, "-o", "a.png")[0] == 0
    assert run(*sheet)[0] == run(*sequence)[0] == 0
    assert run("render", "random", *words, "-o", "b.png") == (0, "b.png\n", "")
    for name in ("a.png", "b.png", "sheet.png"):
        preset = read_shot(here / name).preset
        assert (preset.spec.seed, preset.title) == (207378888666665172, "your name")
    assert '"your name"' in read_shot(here / "b.png").preset.description


@pytest.mark.parametrize("seed", ["-5", "1.5", "", " ", "9223372036854775808"])
def test_a_seed_that_is_none_is_one_line(run: Run, seed: str) -> None:
    for preset in ("small.toml", "random"):
        status, out, err = run("render", preset, f"--seed={seed}", "-o", "a.png", *SMALL)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "network.seed: " in err
        assert "is not an integer from 0 to 9223372036854775807, nor words" in err


def test_presets_of_a_picture(run: Run, here: Path) -> None:
    run("render", "small.toml", "-o", "a.png", *SMALL)
    status, out, _ = run("presets", "a.png")
    assert (status, out) == (0, read_shot(here / "a.png").preset.to_toml())


def test_doctor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cppn_gl.cli import doctor

    checks = [doctor.Check("Python", True, "3"), doctor.Check("GL", False, "none", "mend it")]
    monkeypatch.setattr(doctor, "doctor", lambda: checks)
    assert run("doctor") == (1, doctor.report(checks) + "\n", "")


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("words", [[], ["view"], ["default"], ["view", "default"], ["--seed", "5"]])
def test_view_without_a_display_draws_a_new_file(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    from cppn_gl.output import renderer

    made = renderer.Renderer
    monkeypatch.setattr(renderer, "Renderer", lambda engine: made("numpy"))
    names = set()
    for _ in range(2):
        status, out, err = run(*words, "--size", "16x9", "--time", "2")
        assert status == 0
        assert err.startswith("cppn_gl: no display (DISPLAY is not set)")
        assert err.count("\n") == 1
        names.add(out.strip())
    assert len(names) == 2
    for name in names:
        assert name.startswith("default-20")
        assert (read_shot(here / name).size, read_shot(here / name).time) == ((16, 9), 2)


def test_view_puts_pictures_where_told(run: Run, here: Path) -> None:
    (here / "out").mkdir()
    status, out, _ = run("small.toml", "--size", "16x9", "--output-dir", "out", "--quiet")
    assert status == 0
    assert (here / out.strip()).parent == here / "out"
    status, out, err = run("small.toml", "--output-dir", "no", "--quiet")
    assert (status, out) == (2, "")
    assert "does not exist" in err


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A display, and what the window was opened with."""
    calls: list[Any] = []

    def run(shot: Any, **keys: Any) -> int:
        calls.append((shot, keys))
        return 0

    monkeypatch.setattr("cppn_gl.engines.gl.context.display_problem", lambda: None)
    monkeypatch.setitem(sys.modules, "cppn_gl.viewer.run", SimpleNamespace(run=run))
    return calls


def test_view_opens_the_window(run: Run, here: Path, shipped: Path, window: list[Any]) -> None:
    plain = {"size": None, "hud": True, "fullscreen": False, "output_dir": Path(), "engine": "auto"}
    assert run() == (0, "", "")
    assert LARGER.format(file="a.png", size="80x60").endswith("a.png --size 80x60 -o BIG.png")
    words_of_commands = {"larger": LARGER, "film": FILM}
    given = {"source": shipped / "default.toml", "unread": None}
    assert window[-1][1] == plain | words_of_commands | given
    words = ["--no-hud", "--fullscreen", "--output-dir", "out", "--size", "80x60", "--depth", "2"]
    words += ["--engine", "compute-8"]
    assert run("small.toml", *words) == (0, "", "")
    shot, keys = window[-1]
    assert (keys["size"], keys["engine"]) == ((80, 60), "compute-8")
    assert (keys["hud"], keys["fullscreen"]) == (False, True)
    assert (keys["output_dir"], keys["source"]) == (Path("out"), Path("small.toml"))
    assert (shot.preset.name, shot.preset.spec.depth) == ("small", 2)
    assert run("random", "--quiet") == (0, "", "")
    assert (window[-1][0].preset.name, window[-1][1]["source"]) == ("random", None)
    run("render", "small.toml", "-o", "a.png", "--time", "3", *SMALL)
    assert run("a.png") == (0, "", "")
    shot, keys = window[-1]
    assert (shot.time, shot.size, keys["size"], keys["source"]) == (3, (16, 9), None, None)


def test_a_window_that_does_not_open_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cppn_gl.engines.gl.context import ContextError

    def fail(shot: Any, **keys: Any) -> int:
        raise ContextError("No window.", "Mend it.")

    monkeypatch.setattr("cppn_gl.engines.gl.context.display_problem", lambda: None)
    monkeypatch.setitem(sys.modules, "cppn_gl.viewer.run", SimpleNamespace(run=fail))
    assert run("small.toml") == (2, "", "cppn_gl: No window. Mend it.\n")


# Sheets and views


@pytest.mark.gl
def test_a_sheet_is_as_large_as_its_cells_need_and_is_made_again(run: Run, here: Path) -> None:
    words = ["--rows", "depth=1:2", "--cols", "seed=1:3", "--cell", "40x24", "--gap", "2"]
    words += ["--no-labels", "--engine", "fragment", "--time", "0.25"]
    assert run("sheet", "small.toml", "-o", "a.png", *words) == (0, "a.png\n", "")
    shot = read_shot(here / "a.png")
    assert shot.size == (3 * 42 - 2 + 12, 2 * 26 - 2 + 12)  # margins of three gaps
    assert shot.time == 0.25
    assert (shot.preset.show.view, shot.preset.sweep.cell) == ("sheet", (40, 24))
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert run("sheet", "a.png", "-o", "c.png") == (0, "c.png\n", "")
    assert len({(here / name).read_bytes() for name in ("a.png", "b.png", "c.png")}) == 1
    run("render", "small.toml", "-o", "cell.png", "--size", "40x24", "--depth", "2", "--seed", "3",
        "--engine", "fragment", "--time", "0.25")  # fmt: skip
    sheet_pixels, cell = (np.asarray(Image.open(here / n)) for n in ("a.png", "cell.png"))
    assert np.array_equal(sheet_pixels[32:56, 90:130], cell)


@pytest.mark.gl
def test_a_sheet_of_another_size_and_of_what_the_preset_says(run: Run, here: Path) -> None:
    toml = TOML + '[sweep]\ncols = "seed=1:5"\nwrap = 3\ncell = [30, 20]\n'
    (here / "own.toml").write_text(toml)
    assert run("sheet", "own.toml", "-o", "a.png", "--engine", "fragment")[0] == 0
    assert read_shot(here / "a.png").size == (3 * 34 - 4 + 24, 2 * (24 + 13) - 4 + 24)
    assert run("sheet", "own.toml", "-o", "b.png", "--size", "320x180", "--wrap", "0")[0] == 0
    shot = read_shot(here / "b.png")
    assert (shot.size, shot.preset.sweep.wrap) == ((320, 180), 0)
    assert run("sheet", "own.toml", "-o", "c.png", "--gap", "0", "--no-labels")[0] == 0
    assert read_shot(here / "c.png").size == (90, 40)
    status, out, _ = run("render", "own.toml", "--view", "sheet", "-o", "d.png", "--size", "90x40")
    assert (status, out) == (0, "d.png\n")


@pytest.mark.gl
def test_numpy_draws_sheets_and_views(run: Run, here: Path) -> None:
    words = ["--cols", "width=4,40", "--cell", "30x20", "--engine", "numpy"]
    assert run("sheet", "small.toml", "-o", "a.png", *words) == (0, "a.png\n", "")
    assert read_shot(here / "a.png").engine == "numpy"
    assert run("render", "a.png", "-o", "b.png") == (0, "b.png\n", "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


@pytest.mark.usefixtures("no_opengl")
@pytest.mark.parametrize("engine", ["auto", "numpy"])
def test_without_opengl_a_view_that_needs_it_is_one_line(run: Run, here: Path, engine: str) -> None:
    words = ["--size", "64x36", "--quiet", "--engine", engine]
    status, out, err = run("render", "small.toml", "-o", "a.png", "--view", "surface", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert not (here / "a.png").exists()
    assert run("render", "small.toml", "-o", "u.png", "--view", "units", *words)[0] == 0
    assert read_shot(here / "u.png").preset.show.view == "units"


@pytest.mark.gl
def test_a_sequence_of_a_view(run: Run, here: Path) -> None:
    words = ["--frames", "3", "--fps", "2", "--size", "64x36", "--view", "surface"]
    assert run("sequence", "small.toml", "-o", "f", *words, "--engine", "fragment")[0] == 0
    first = frames(here / "f")
    assert len(first) == 4
    run("render", "small.toml", "-o", "a.png", "--view", "surface", "--size", "64x36",
        "--time", "1", "--engine", "fragment")  # fmt: skip
    assert first["00002.png"] == (here / "a.png").read_bytes()


# The tour


def test_the_tour_opens_the_window_at_a_page(run: Run, window: list[Any]) -> None:
    assert run("tour", "17", "--size", "320x180", "--no-hud") == (0, "", "")
    shot, keys = window[-1]
    assert keys["page"] == 17
    assert shot.preset == pages()[16].preset
    assert (keys["size"], keys["hud"]) == ((320, 180), False)
    assert run("tour") == (0, "", "")
    assert window[-1][1]["page"] == 1
    assert window[-1][0].preset == pages()[0].preset


def test_the_tour_is_listed_when_asked_for_and_where_there_is_no_display(run: Run) -> None:
    status, out, err = run("tour")
    assert status == 0
    assert "DISPLAY is not set" in err
    assert err.count("\n") == 1
    listed = [line.split() for line in out.splitlines() if line.startswith(" ")]
    assert [int(words[0]) for words in listed] == list(range(1, len(pages()) + 1))
    assert all(words[-1].strip("()") in library.shipped() for words in listed)
    assert run("tour", "--quiet")[2] == ""
    assert run("tour", "--list") == (0, out, "")


# What goes wrong


def sheet(*words: str) -> list[str]:
    return ["sheet", "small.toml", *OUT, "--engine", "fragment", *words]


OUT = ["-o", "a.png"]
WRONG = [
    (["rendr"], "unknown command 'rendr'; did you mean render?"),
    (["squence", "-o", "f"], "did you mean sequence?"),
    (["xyzzy"], "no preset 'xyzzy'"),
    (["no.toml"], "no.toml: No such file"),
    (["no.png"], "no.png: No such file"),
    (["small.toml", "--dpeth", "3"], "did you mean --depth?"),
    (["small.toml", "other"], "unexpected argument"),
    (["small.toml", "-o", "a.png"], "unknown option -o"),
    (["render"], "render writes PNG, TIFF, WebP or EXR: expected -o FILE.png"),
    (
        ["render", "small.toml", "-o", "a.jpg"],
        "a.jpg: not the name of a PNG, TIFF, WebP or EXR file; expected FILE.png, FILE.tif",
    ),
    (["render", "small.toml", "-o", ""], "-o/--output: empty name"),
    (["sequence", "-o", "", "--frames", "1", "--fps", "1"], "-o/--output: empty name"),
    (["view", "--output-dir", ""], "--output-dir: empty name"),
    (["render", *OUT, "--set", "network.file="], "network.file: empty name"),
    (["render", *OUT, "--set", "network.file=squeezenett"], ".onnx, or squeezenet"),
    (["render", "small.toml", *OUT, "--size", ""], "--size: ''"),
    (["view", "small.toml", "--size", "65536x65536"], "--size: 65536x65536 is more than"),
    (["render", "small.toml", *OUT, "--size", "9x2000000"], "--size: 2000000 is not an integer"),
    (["render", "small.toml", "-o"], "expected one argument"),
    (["render", "small.toml", "-o", "no/a.png"], "folder no does not exist"),
    (["render", "small.toml", "-o", "small.toml/a.png"], "is not a folder"),
    (["render", "folder.png", *OUT], "folder.png: Is a directory"),
    (["render", "small.toml", "-o", "folder.png"], "is a folder"),
    (["render", "broken.toml", *OUT], "broken.toml:1: not TOML"),
    (["render", "wrong.toml", *OUT], "wrong.toml:2: network.depth"),
    (["render", "fake.png", *OUT], "fake.png: not a PNG picture"),
    (["render", "small.toml", *OUT, "--view", "gradient", "--size", "999999x1"], "--size: 999999 "),
    (["render", "fake.tif", *OUT], "fake.tif: not a TIFF picture"),
    (["render", "small.toml", *OUT, "--depth", "65"], "network.depth: 65"),
    (["render", "small.toml", *OUT, "--activation", "tahn"], "did you mean 'tanh'?"),
    (["render", "small.toml", *OUT, "--inputs", "x,q"], "'q'"),
    (["render", "small.toml", *OUT, "--center", "-1"], "view.center"),
    (["render", "small.toml", *OUT, "--extent", "-1"], "view.extent: -1"),
    (["render", "small.toml", *OUT, "--set", "network.dpeth=3"], "did you mean 'depth'?"),
    (["render", "small.toml", *OUT, "--set", "depth"], "--set 'depth': expected table.key=VALUE"),
    (["render", "small.toml", *OUT, "--set", "format=2"], "format: cannot be changed"),
    (["render", "small.toml", *OUT, "--size", "640"], "--size: '640'"),
    (["render", "small.toml", *OUT, "--size", "0x9"], "--size: 0"),
    (["render", "small.toml", *OUT, "--time", "soon"], "--time: 'soon'"),
    (["render", "small.toml", *OUT, "--time", "nan"], "--time: nan"),
    (["render", "small.toml", *OUT, "--samples", "17"], "--samples: 17"),
    (["render", "small.toml", *OUT, "--engine", "nupmy"], "did you mean 'numpy'?"),
    (["render", "small.toml", *OUT, "--engine", "nonsense"], "--engine: no engine 'nonsense'"),
    (["view", "small.toml", "--engine", "nonsense"], "--engine: no engine 'nonsense'"),
    (["tune", "small.toml", "--engine", "compute-7"], "--engine: no engine 'compute-7'"),
    (["bench", "--engine", "nonsense"], "--engine: no engine 'nonsense'"),
    ([*sequence()[:-1], "nonsense"], "--engine: no engine 'nonsense'"),
    (["sequence", "small.toml"], "-o DIR"),
    (["sequence", "small.toml", "-o", "f"], "--frames N"),
    (["sequence", "small.toml", "-o", "f", "--frames", "3"], "--fps F"),
    ([*sequence(), "--time", "1"], "has no --time"),
    (sequence(count=0), "--frames: 0"),
    (sequence(fps=-1), "--fps: -1"),
    (sequence("small.toml"), "small.toml: is a file"),
    (["render", "small.toml", *OUT, "--view", "shet"], "did you mean 'sheet'?"),
    (["render", "small.toml", *OUT, "--view", "regions"], "needs a hidden layer of relu"),
    (
        ["render", "small.toml", *OUT, "--view", "volume", "--inputs", "x,y"],
        "show.view: the view volume needs a third input",
    ),
    (["render", "small.toml", *OUT, "--set", "show.turn=up"], "show.turn: 'up'"),
    (["render", "small.toml", *OUT, "--set", "show.untt=1"], "did you mean 'unit'?"),
    (["sheet", "small.toml"], "sheet writes PNG, TIFF, WebP or EXR: expected -o FILE.png"),
    (
        ["sheet", "small.toml", "-o", "a.jpg"],
        "a.jpg: not the name of a PNG, TIFF, WebP or EXR file",
    ),
    (["sheet", "small.toml", "-o", "no/a.png"], "folder no does not exist"),
    (sheet("--rows", "dephh=1:3"), "sweep.rows: dephh: no such key; did you mean 'depth'?"),
    (sheet("--rows", "depth=0:3"), "sweep.rows: network.depth: 0 is not an integer"),
    (sheet("--rows", "depth"), "sweep.rows: 'depth' is not an axis"),
    (sheet("--cols", "depth=1:9:x"), "sweep.cols: '1:9:x': expected a count"),
    (
        sheet("--rows", "depth=1:3", "--cols", "depth=1:3"),
        "sweep.cols: network.depth already varies",
    ),
    (
        sheet("--rows", "seed=1:100", "--cols", "depth=1:60"),
        "100 × 60 cells; expected at most 1024",
    ),
    (sheet("--cols", "layer=1:9"), "sweep.cols: layer 4; the network has 3"),
    (sheet("--cols", "view=sheet,units"), "a cell of a sheet cannot be a sheet"),
    (sheet("--rows", "title=a,b"), "title: cannot vary from cell to cell"),
    (sheet("--wrap", "x"), "sweep.wrap: 'x'"),
    (sheet("--gap", "-1"), "sweep.gap: -1"),
    (sheet("--seeds", "foo"), "no 'foo'; known: shared, varying"),
    (sheet("--cell", "20"), "--cell: '20'"),
    (sheet("--cell", "4x4"), "sweep.cell: 4"),
    (sheet("--cell", "4096x4096", "--cols", "seed=1:30"), "--cell: 123020x4142 is more than"),
    (sheet("--size", "0x9"), "--size: 0"),
    (sheet("--rows"), "expected one argument"),
    (sheet("--view", "units"), "sets the cells' views"),
    (["tour", "99"], f"no page '99'; expected a number from 1 to {len(pages())}"),
    (["tour", "one"], "no page 'one'"),
    (["tour", "true"], "no page 'true'"),
    (["tour", "1", "2"], "unexpected argument"),
    (["tour", "--size", "0x9"], "--size: 0"),
    (["tour", "--engine", "nonsense"], "--engine: no engine 'nonsense'"),
    (["presets", "xyzzy"], "no preset 'xyzzy'"),
    (["presets", "small.toml", "more"], "unexpected argument 'more'"),
    (["doctor", "now"], "unexpected argument 'now'"),
    (["render", "small.toml", "--line\nbreak", *OUT], "unknown option --line\\nbreak"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_wrong_is_one_line(run: Run, here: Path, words: list[str], message: str) -> None:
    (here / "broken.toml").write_text("depth =\n[view]")
    (here / "wrong.toml").write_text("[network]\ndepth = 0")
    (here / "fake.png").write_text("no picture")
    (here / "fake.tif").write_text("no picture")
    (here / "folder.png").mkdir()
    before = sorted(here.rglob("*"))
    if "render" in words and "--engine" not in words:
        words = [*words, "--engine=numpy"] if words[-1] != "-o" else words
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("cppn_gl: ")
    assert err.count("\n") == 1
    assert sorted(here.rglob("*")) == before


def test_a_shader_that_does_not_compile_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cppn_gl.engines import coloring
    from cppn_gl.engines.gl.shader import ShaderError

    def fail(*values: object) -> None:
        raise ShaderError("picture.frag:3: wrong")

    monkeypatch.setattr(coloring, "paint", fail)
    words = ["render", "small.toml", *OUT, *SMALL]
    assert run(*words) == (2, "", "cppn_gl: picture.frag:3: wrong\n")


def test_the_unexpected_is_one_line_unless_debugged(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cppn_gl.engines import coloring

    def fail(*values: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(coloring, "paint", fail)
    words = ["render", "small.toml", *OUT, *SMALL]
    status, out, err = run(*words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert (
        "unexpected ZeroDivisionError: a\\nb; set the environment variable CPPN_GL_DEBUG=1" in err
    )
    monkeypatch.setenv("CPPN_GL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(*words)
    assert not (here / "a.png").exists()


def test_a_missing_package_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class NotInstalled:
        @staticmethod
        def find_spec(name: str, *rest: object) -> None:
            if name == "moderngl":
                raise ModuleNotFoundError("No module named 'moderngl'")

    monkeypatch.delitem(sys.modules, "cppn_gl.output.renderer")
    monkeypatch.delitem(sys.modules, "moderngl")
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    status, _, err = run("render", "small.toml", *OUT)
    assert (status, err.count("\n")) == (2, 1)
    assert "moderngl" in err
    assert "pip install" in err


def test_a_picture_for_which_memory_lacks_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cppn_gl.engines import coloring

    def fail(*values: object) -> None:
        raise MemoryError

    monkeypatch.setattr(coloring, "paint", fail)
    status, out, err = run("render", "small.toml", *OUT, *SMALL)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "not enough memory" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_silent(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    from cppn_gl.engines import coloring

    def interrupt(*values: object) -> None:
        for _ in range(2):  # `timeout` sends its signal twice
            signal.raise_signal(number)

    monkeypatch.setattr(coloring, "paint", interrupt)
    assert run("render", "small.toml", *OUT, *SMALL) == (128 + number, "", "")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_in_a_librarys_call_back_is_not_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    from cppn_gl.engines import coloring

    def draw(*values: object) -> None:
        ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(number))()
        until(lambda: False)

    monkeypatch.setattr(coloring, "paint", draw)
    assert run("render", "small.toml", *OUT, *SMALL) == (128 + number, "", "")


def test_another_programs_handler_stays(run: Run) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert run("--version")[0] == 0
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_it_runs_in_a_thread_of_another_program() -> None:
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(main(["--version"])))
    thread.start()
    thread.join()
    assert statuses == [0]


SHELL = shutil.which("sh")
RENDER = "render small.toml -o a.png --size 16x9 --engine numpy"


def shell(words: str) -> "subprocess.CompletedProcess[str]":
    """The program run by a shell, which can close what others only redirect."""
    command = [str(SHELL), "-c", f'exec "$0" -m cppn_gl {words}', sys.executable]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=60, check=False
    )


@pytest.mark.skipif(SHELL is None, reason="needs a shell")
@pytest.mark.parametrize("words", [RENDER, "presets", "presets small.toml", "--help", "--version"])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_output_is_no_error(here: Path, words: str, closed: str) -> None:
    done = shell(f"{words} {closed}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (here / "a.png").exists() == (words == RENDER)
    assert (here / "small.toml").read_text() == TOML


@pytest.mark.skipif(SHELL is None, reason="needs a shell")
def test_the_doctor_needs_no_output() -> None:
    done = shell("doctor >&-")
    assert (done.returncode in (0, 1), done.stdout, done.stderr) == (True, "", "")


@pytest.mark.skipif(SHELL is None, reason="needs a shell")
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_the_status_says_what_nobody_reads(closed: str) -> None:
    assert shell(f"presets xyzzy {closed}").returncode == 2


def test_a_reader_that_leaves_is_no_error() -> None:
    process = start("presets", "small.toml")
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize(
    "words", ["presets", "presets small.toml", RENDER, "--help", "render --help", "--version"]
)
def test_output_that_cannot_be_written_is_one_line(words: str) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(*words.split(), stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert (
        err
        == "cppn_gl: standard output: the disk is full; free some space and run the command again\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("words", ["render nope -o a.png", "presets xyzzy", "--no"])
def test_a_message_that_cannot_be_written_leaves_the_status(words: str) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(*words.split(), stderr=full)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")


def test_a_terminal_without_the_characters_gets_their_codes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start("render", "--help")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "2\\u2076\\xb3" in out

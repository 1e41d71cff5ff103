"""The live window, end to end: real keys, a real mouse, real pixels."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desktop import Desktop, parent, processes, wait_for
from rows import EXACT

from cppn_gl.engines.names import without_opengl
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.surprise import surprise
from cppn_gl.views import view_of
from cppn_gl.views.picture import SAMPLES

pytestmark = pytest.mark.window

STILL = """
format = 1
title = "Still"
[network]
depth = 4
width = 6
weight_scale = 0.8
seed = 5
[view]
extent = 2.0
"""
MOVING = STILL.replace("Still", "Moving") + "[animation]\nspeed = 0.5\n"
MOVING = MOVING.replace("depth = 4", 'depth = 4\ninputs = ["x", "y", "t"]')


@pytest.fixture
def open_desktop(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []

    def start(
        toml: str = STILL, *words: str, size: str = "320x180", hud: bool = False, **variables: str
    ) -> Desktop:
        (tmp_path / "my.toml").write_text(toml)
        words = "my.toml", "--size", size, *words
        variables.setdefault("CPPN_GL_ENGINE", "fragment")  # nothing is measured meanwhile
        desktop = Desktop(display, tmp_path, *words, hud=hud, environment=variables)
        opened.append(desktop)
        return desktop

    yield start
    for desktop in opened:
        desktop.close()


def picture(
    renderer: Renderer, desktop: Desktop, preset: Preset, time: float = 0.0, samples: int = 1
) -> Any:
    """The picture that the window should show."""
    return renderer.render(preset, tuple(desktop.finished()["size"]), time, samples=samples)


def assert_shows(renderer: Renderer, desktop: Desktop, preset: Preset, time: float = 0.0) -> None:
    """At full resolution, or else with all samples."""
    plain = picture(renderer, desktop, preset, time)
    if covered_fraction(desktop, plain) > 0:
        samples = view_of(preset).samples
        sampled(desktop, samples)
        fine = picture(renderer, desktop, preset, time, samples)
        wait_for(
            lambda: covered_fraction(desktop, fine) == 0,
            "the pixels of the renderer in the window",
        )


def sampled(desktop: Desktop, samples: int = SAMPLES) -> dict[str, Any]:
    """Wait until the picture is supersampled; returns its event."""
    return wait_for(
        lambda: (e := desktop.events()[-1])["samples"] == samples and e["finished"] and e,
        "all samples",
    )


def test_shows_the_pixels_that_render_gives(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop()
    assert_shows(renderer, desktop, read_preset(desktop.folder / "my.toml"))
    assert desktop.quit("Escape") == 0


# Each key in turn, from one window: its X name, and what the network or view is then.
KEYS: list[tuple[str, Callable[[Preset], bool]]] = [
    ("Up", lambda p: p.spec.depth == 5),
    ("shift+Up", lambda p: p.spec.depth == 10),
    ("Down", lambda p: p.spec.depth == 9),
    ("Right", lambda p: p.spec.width == 7),
    ("shift+Right", lambda p: p.spec.width == 15),
    ("Left", lambda p: p.spec.width == 14),
    ("bracketright", lambda p: p.spec.weight_scale > 0.8),
    ("bracketleft", lambda p: p.spec.weight_scale == 0.8),
    ("bracketleft", lambda p: p.spec.weight_scale < 0.8),
    ("equal", lambda p: p.view.extent < 2),
    ("minus", lambda p: p.view.extent == 2),
    ("shift+minus", lambda p: p.view.extent == 4),
    ("0", lambda p: p.view.extent == 2 and p.view.center == (0, 0)),
    ("alt+Right", lambda p: p.view.center[0] > 0 and p.view.center[1] == 0),
    ("alt+Left", lambda p: p.view.center == (0, 0)),
    ("alt+Up", lambda p: p.view.center[1] > 0),
    ("alt+Down", lambda p: p.view.center == (0, 0)),
    ("a", lambda p: p.spec.activation == "sigmoid"),
    ("shift+a", lambda p: p.spec.activation == "tanh"),
    ("i", lambda p: p.spec.init == "normal"),
    ("shift+i", lambda p: p.spec.init == "uniform"),
    ("c", lambda p: p.color.mapping == "red"),
    ("shift+c", lambda p: p.color.mapping == "rgb"),
    ("Prior", lambda p: p.spec.depth == 9),
    ("Next", lambda p: p.spec.depth == 8),
    ("shift+Next", lambda p: p.spec.depth == 3),
    ("Return", lambda p: p.spec.depth == 3),
    ("BackSpace", lambda p: p.spec.depth == 3),
    ("shift+Prior", lambda p: p.spec.depth == 8),
    ("r", lambda p: p.spec.seed != 5),
    ("z", lambda p: p.spec.seed == 5),
    ("x", lambda p: p.spec.seed != 5),
    ("shift+r", lambda p: p == surprise(p.spec.seed)),
    ("z", lambda p: p.spec.seed != 5 and not p.title.startswith("A surprise")),
    ("p", lambda p: p == load_preset("default")),
    ("2", lambda p: p == load_preset(list(shipped())[1])),
]


def test_each_key_does_to_the_picture_what_the_help_says(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop()
    desktop.finished()
    for key, expected in KEYS:
        desktop.key(key)
        if key == "p":  # the default preset moves: stop it, so that its picture can be finished
            desktop.key("space")
        if key == "shift+r":  # it may move, and may be found only after a while
            wait_for(lambda: "A surprise" in desktop.events()[-1]["preset"], "a surprise")
            desktop.key("space")
        preset = desktop.shows(expected, f"what {key} does")
        assert_shows(renderer, desktop, preset, desktop.events()[-1]["time"])
    assert desktop.quit() == 0


def test_no_dead_ends(open_desktop: Callable[..., Desktop]) -> None:
    """A signal that fades is told with the key that mends it; A keeps it; D there and back."""
    words = ("--depth", "20", "--width", "24", "--weight-scale", "0.55", "--seed", "7")
    desktop = open_desktop(STILL, *words, hud=True)
    desktop.finished()
    desktop.key(*["shift+bracketleft"] * 5)

    def told(name: str) -> str:
        desktop.events()
        return desktop.told.get(name, "")

    wait_for(lambda: "faded: ] raises the weight scale" in told("advice"), "advice")
    wait_for(lambda: "Still, changed" in told("title"), "a title")
    name = desktop.xdotool("getwindowname", desktop.window)
    assert name.startswith("Still, changed")
    desktop.key(*["z"] * 5)
    wait_for(lambda: not told("advice"), "a picture that needs no advice")
    desktop.key("a")
    kept = desktop.shows(lambda p: p.spec.activation == "sigmoid", "the next activation")
    assert kept.spec.weight_scale != 0.55
    desktop.key("shift+a")
    desktop.shows(lambda p: p.spec.weight_scale == 0.55, "the way back")
    desktop.key("d")
    desktop.shows(lambda p: p.spec.weight_scale == 1.1, "twice the weight scale")
    desktop.key("shift+d")
    desktop.shows(lambda p: p.spec.weight_scale == 0.55, "half of it")
    desktop.key("s")
    desktop.key("a")
    left = desktop.shows(lambda p: p.spec.activation == "sigmoid", "the next activation")
    assert left.spec.weight_scale == 0.55


def test_a_held_key_repeats_and_is_one_step_of_the_history(
    open_desktop: Callable[..., Desktop],
) -> None:
    desktop = open_desktop()
    desktop.finished()
    desktop.xdotool("keydown", "Up")
    desktop.shows(lambda p: p.spec.depth >= 8, "four layers more from one held key")
    desktop.xdotool("keyup", "Up")
    desktop.key("z")
    desktop.shows(lambda p: p.spec.depth == 4, "the picture before the key was held")


def test_drag_pans_with_the_mouse(open_desktop: Callable[..., Desktop]) -> None:
    desktop = open_desktop()
    desktop.finished()
    desktop.xdotool("mousemove", "--window", desktop.window, "100", "90")
    desktop.xdotool("mousedown", "1")
    desktop.xdotool("mousemove", "--window", desktop.window, "145", "90")
    desktop.xdotool("mouseup", "1")
    # 45 pixels of a height of 180 are a quarter of 2 × extent; the picture follows the mouse.
    moved = desktop.shows(lambda p: p.view.center[0] != 0, "a picture that was dragged")
    assert moved.view.center == pytest.approx((-1.0, 0.0))
    desktop.key("z")
    desktop.shows(lambda p: p.view.center == (0, 0), "the place before the drag, in one step")


def test_wheel_zooms_about_the_cursor_and_back(open_desktop: Callable[..., Desktop]) -> None:
    desktop = open_desktop()
    desktop.finished()
    desktop.xdotool("mousemove", "--window", desktop.window, "250", "45")
    u, v = (2 * 250 - 320) / 180, (180 - 2 * 45) / 180
    desktop.xdotool("click", "--repeat", "4", "4")
    closer = desktop.shows(lambda p: p.view.extent == 1.0, "four notches closer")
    for axis, local in enumerate((u, v)):
        under = closer.view.center[axis] + local * closer.view.extent
        assert under == pytest.approx(local * 2.0, abs=1e-6)
    desktop.xdotool("click", "--repeat", "4", "5")
    back = desktop.shows(lambda p: p.view.extent == 2.0, "four notches back")
    assert back.view.center == (0.0, 0.0)


def test_time_runs_pauses_and_steps(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(MOVING)
    wait_for(lambda: desktop.events()[-1]["time"] > 0.2, "time to run")
    desktop.key("space")
    paused = desktop.finished()
    desktop.key("period")
    later = wait_for(
        lambda: (e := desktop.events()[-1])["finished"] and e["time"] > paused["time"] and e,
        "a later time",
    )
    assert later["time"] % 0.125 == 0
    assert_shows(renderer, desktop, read_preset(desktop.folder / "my.toml"), later["time"])
    desktop.key("comma")
    wait_for(lambda: desktop.events()[-1]["time"] == later["time"] - 0.125, "an earlier time")


def test_keeps_screenshot_preset_and_recording(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(MOVING, hud=True)
    folder = desktop.folder
    desktop.key("space")
    desktop.finished()
    desktop.key("Up")
    desktop.shows(lambda p: p.spec.depth == 5, "a deeper network")  # F2 keeps what is shown
    desktop.key("F2", "ctrl+s")
    shot_path = wait_for(lambda: list(folder.glob("my-*.png")), "a screenshot")[0]
    preset_path = wait_for(lambda: list(folder.glob("my-*.toml")), "a preset")[0]
    shot = read_shot(shot_path)
    assert shot.size == (320, 180)
    assert shot.preset.spec.depth == 5
    assert read_preset(preset_path) == shot.preset
    from PIL import Image

    expected = renderer.render(shot.preset, shot.size, shot.time)
    assert np.abs(np.asarray(Image.open(shot_path)).astype(int) - expected).max() <= 1
    assert shot.engine in EXACT

    desktop.key("space", "shift+F9")
    frames = wait_for(lambda: list(folder.glob("my-*/00003.png")), "four frames")[0].parent
    desktop.key("shift+F9")
    assert desktop.quit() == 0
    times = [read_shot(path).time for path in sorted(frames.glob("*.png"))]
    assert np.allclose(np.diff(times), 1 / 30)
    assert not list(folder.rglob("*.part"))


def test_a_saved_preset_file_is_shown_and_a_mistake_keeps_the_last_good_picture(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(hud=False)
    file = desktop.folder / "my.toml"
    desktop.finished()
    file.write_text(STILL.replace("seed = 5", "seed = 6"))
    good = desktop.shows(lambda p: p.spec.seed == 6, "the saved preset")
    assert_shows(renderer, desktop, good)
    sampled(desktop)
    expected = desktop.pixels()
    file.write_text(STILL.replace("depth = 4", "dephh = 4"))
    wait_for(lambda: not np.array_equal(desktop.pixels(), expected), "a message in the window")
    changed = (desktop.pixels() != expected).any(axis=2)
    assert changed.any()
    assert changed[:100].sum() == 0  # the picture above the message stays
    replacement = desktop.folder / "new"  # as some editors save: write, then rename
    replacement.write_text(STILL.replace("seed = 5", "seed = 7"))
    replacement.rename(file)
    assert_shows(renderer, desktop, desktop.shows(lambda p: p.spec.seed == 7, "the mended preset"))


def test_resizing_fullscreen_and_a_tiny_window(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(hud=True)
    for width, height in ((401, 233), (64, 64), (1500, 900), (320, 180)):
        desktop.xdotool("windowsize", desktop.window, str(width), str(height))
        wait_for(
            lambda w=width, h=height: desktop.finished()["size"] == [w, h],
            f"a picture of {width}×{height}",
        )
    desktop.key("F11")
    wait_for(lambda: desktop.finished()["size"] != [320, 180], "fullscreen")
    desktop.key("h", "Tab", "Tab", "F11")
    wait_for(lambda: desktop.finished()["size"] == [320, 180], "a window again")
    desktop.xdotool("windowunmap", desktop.window)
    desktop.xdotool("windowmap", "--sync", desktop.window)
    desktop.xdotool("windowfocus", "--sync", desktop.window)
    assert desktop.quit() == 0


def test_hud_and_help_lie_over_the_picture(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(hud=True, size="640x400")
    sampled(desktop)
    preset = read_preset(desktop.folder / "my.toml")
    plain = picture(renderer, desktop, preset, samples=SAMPLES).astype(int)
    desktop.xdotool("mousemove", "--window", desktop.window, "300", "300")
    covered = wait_for(
        lambda: (share := covered_fraction(desktop, plain)) > 0.02 and share,
        "the HUD",
    )
    desktop.key("h")
    wait_for(lambda: covered_fraction(desktop, plain) > 2 * covered, "the help overlay")
    desktop.key("h", "Tab")  # the panel
    wait_for(lambda: covered_fraction(desktop, plain) > 0.2, "the panel")
    desktop.key("Tab")
    wait_for(lambda: covered_fraction(desktop, plain) == 0, "the picture alone")


def test_escape_closes_the_help_before_the_window(
    open_desktop: Callable[..., Desktop], renderer: Renderer
) -> None:
    desktop = open_desktop(size="640x400")
    sampled(desktop)
    preset = read_preset(desktop.folder / "my.toml")
    plain = picture(renderer, desktop, preset, samples=SAMPLES).astype(int)
    wait_for(lambda: covered_fraction(desktop, plain) == 0, "the picture alone")
    for key in ("h", "F1"):
        desktop.key(key)
        wait_for(lambda: covered_fraction(desktop, plain) > 0.1, "the help overlay")
        desktop.key("Escape")
        wait_for(lambda: covered_fraction(desktop, plain) == 0, "the picture alone")
    assert desktop.quit("Escape") == 0


def covered_fraction(desktop: Desktop, plain: Any) -> float:
    """The fraction of the window's pixels that differ from the picture."""
    apart = np.abs(desktop.pixels().astype(int) - plain)
    return float((apart > 1).any(axis=2).mean())


def test_a_slow_network_still_answers_keys(open_desktop: Callable[..., Desktop]) -> None:
    heavy = STILL.replace("depth = 4", "depth = 30").replace("width = 6", "width = 200")
    desktop = open_desktop(heavy, size="1200x700")
    coarse = desktop.events()[0]
    assert coarse["scale"] > 1
    desktop.key("3")
    other = load_preset(list(shipped())[2])
    wait_for(lambda: tomllib.loads(desktop.events()[-1]["preset"])["title"] == other.title, "3")
    assert desktop.quit() == 0


def test_from_cold_to_all_samples(
    open_desktop: Callable[..., Desktop], renderer: Renderer, tmp_path: Path
) -> None:
    cold = {name: str(tmp_path / "cold") for name in ("XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR")}
    desktop = open_desktop(**cold)
    quick = str(without_opengl())
    assert desktop.events()[0]["engine"] == quick  # nothing is compiled yet
    last = sampled(desktop)
    assert last["scale"] == 1
    assert last["engine"] == "fragment"
    assert all(event["longest"] > 0 for event in desktop.events())
    wait_for(lambda: desktop.helpers(), "the process that compiles")
    preset = read_preset(desktop.folder / "my.toml")
    expected = picture(renderer, desktop, preset, samples=SAMPLES).astype(int)
    assert np.abs(desktop.pixels() - expected).max() <= 1
    # A new structure: a picture is shown before its program is compiled.
    count = len(desktop.events())
    desktop.key("shift+Right")
    new = [wait_for(lambda: desktop.events()[count:], "the wider network")[0]]
    assert parse_preset(new[0]["preset"]).spec.width == 14
    assert new[0]["engine"] == quick
    assert sampled(desktop)["engine"] == "fragment"
    (helper,) = desktop.helpers()
    assert desktop.quit() == 0
    assert helper not in processes()
    assert desktop.log.read_text() == ""


def test_the_helper_dies_with_a_window_that_is_killed(
    open_desktop: Callable[..., Desktop],
) -> None:
    desktop = open_desktop()
    (helper,) = wait_for(desktop.helpers, "the process that compiles")
    desktop.kill()
    wait_for(lambda: parent(helper) in (None, 1) and not alive(helper), "its end")


def alive(pid: int) -> bool:
    """Whether a process runs and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_engines_are_measured_meanwhile(
    open_desktop: Callable[..., Desktop], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    desktop = open_desktop(XDG_CACHE_HOME=str(cache), CPPN_GL_ENGINE="auto", CPPN_GL_NATIVE="0")
    wait_for((cache / "cppn_gl/tuning.json").exists, "the measurement")
    fastest = re.search(r'"engine": "([\w-]+)"', (cache / "cppn_gl/tuning.json").read_text())[1]
    desktop.key("r")
    wait_for(lambda: desktop.events()[-1]["engine"] == fastest, f"a picture by {fastest}")


def test_without_a_cache_on_the_disk_it_compiles_at_rest(
    open_desktop: Callable[..., Desktop],
) -> None:
    desktop = open_desktop(MESA_SHADER_CACHE_DISABLE="true")
    assert desktop.events()[0]["engine"] == str(without_opengl())
    assert sampled(desktop)["engine"] == "fragment"
    assert desktop.helpers() == []


@pytest.mark.parametrize(
    "engine", [pytest.param("native", marks=pytest.mark.native), pytest.param("numpy")]
)
def test_an_engine_without_opengl_alone_if_it_is_asked_for(
    open_desktop: Callable[..., Desktop], engine: str
) -> None:
    desktop = open_desktop(STILL, "--engine", engine)
    assert sampled(desktop)["engine"] == engine
    assert desktop.helpers() == []
    assert desktop.quit() == 0


@pytest.mark.native
def test_with_software_opengl_native_draws_all_without_a_helper(
    open_desktop: Callable[..., Desktop], renderer: Renderer, tmp_path: Path
) -> None:
    if not renderer.chooser.capabilities.software:
        pytest.skip("needs software OpenGL")
    cold = {name: str(tmp_path / "cold") for name in ("XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR")}
    desktop = open_desktop(CPPN_GL_ENGINE="auto", **cold)
    assert sampled(desktop)["engine"] == "native"
    desktop.key("shift+Right")
    wait_for(lambda: parse_preset(desktop.events()[-1]["preset"]).spec.width == 14, "wider")
    assert sampled(desktop)["engine"] == "native"
    assert {event["engine"] for event in desktop.events()} == {"native"}
    assert desktop.helpers() == []
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_missing_library_is_told_in_one_line(display: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cppn_gl", "--engine", "native"]
    environment = os.environ | {"DISPLAY": display, "CPPN_GL_NATIVE": "0"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "native needs the native library: switched off by CPPN_GL_NATIVE=0" in done.stderr


def test_what_was_seen_survives_a_crash(open_desktop: Callable[..., Desktop]) -> None:
    desktop = open_desktop()
    desktop.finished()
    desktop.key("r")
    seen = desktop.shows(lambda p: p.spec.seed != 5, "a random network").spec.seed
    wait_for(
        lambda: str(seen) in (desktop.folder / "state/cppn_gl/history.jsonl").read_text(),
        "the history on disk",
    )
    desktop.kill()
    again = open_desktop()
    again.finished()
    again.key("z")
    again.shows(lambda p: p.spec.seed == seen, "what was seen before the crash")


def test_a_screenshot_opens_in_the_window(
    open_desktop: Callable[..., Desktop], renderer: Renderer, display: str, tmp_path: Path
) -> None:
    desktop = open_desktop()
    desktop.finished()
    desktop.key("Right")
    desktop.shows(lambda p: p.spec.width == 7, "a wider network")  # F2 keeps what is shown
    desktop.key("F2")
    path = wait_for(lambda: list(tmp_path.glob("my-*.png")), "a screenshot")[0]
    desktop.quit()
    again = Desktop(display, tmp_path, path.name, "--size", "320x180")
    try:
        assert again.shows(lambda p: p.spec.width == 7, "the kept picture")
        assert_shows(renderer, again, read_shot(path).preset)
    finally:
        again.close()


def test_no_traceback_in_any_of_it(open_desktop: Callable[..., Desktop]) -> None:
    desktop = open_desktop(hud=True)
    keys = "Up Down Left Right bracketleft bracketright equal minus Prior Next 0 a i c v Tab space"
    desktop.key(
        *keys.split(),
        *[
            "comma",
            "period",
            "r",
            "z",
            "x",
            "p",
            "9",
            "Return",
            "BackSpace",
            "F2",
            "F9",
            "F1",
            "F9",
            "Tab",
        ],
    )
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_without_a_display_the_preset_is_rendered_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(STILL)
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "cppn_gl", "my.toml"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "display" in done.stderr
    assert read_shot(tmp_path / done.stdout.strip()).preset == read_preset(tmp_path / "my.toml")


@pytest.mark.parametrize("wayland", ["", "stale-0"])
def test_the_window_opens_on_the_display_that_answers(
    open_desktop: Callable[..., Desktop], wayland: str
) -> None:
    variables = {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": wayland}
    desktop = open_desktop(**variables)
    assert desktop.finished()
    assert desktop.quit() == 0


def test_the_window_opens_for_a_user_without_a_home(
    open_desktop: Callable[..., Desktop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import pwd\n\ndef none(uid):\n    raise KeyError(uid)\n\npwd.getpwuid = none\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.delenv("HOME", raising=False)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    desktop = open_desktop(PYTHONPATH=path, XDG_STATE_HOME="", XDG_CACHE_HOME="")
    desktop.key("Up")
    desktop.shows(lambda preset: preset.spec.depth == 5, "another layer")
    assert desktop.quit() == 0
    assert "Traceback" not in desktop.log.read_text()  # drivers say what they do without
    assert not (tmp_path / "~").exists()

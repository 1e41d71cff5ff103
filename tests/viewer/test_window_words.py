"""What the window tells, end to end: real keys and a real mouse, at several sizes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desktop import Desktop, wait_for

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.viewer import facts
from cppn_gl.viewer.typeset import RED
from cppn_gl.views import view_of
from cppn_gl.views.units.units import board_of

pytestmark = pytest.mark.window

SMALL = """
format = 1
title = "A small one"
description = "Four layers of six units."
[network]
depth = 4
width = 6
weight_scale = 0.8
seed = 5
[view]
extent = 2.0
"""


@pytest.fixture
def show(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []

    def start(*words: str, size: str = "640x400", toml: str = SMALL) -> Desktop:
        (tmp_path / "my.toml").write_text(toml)
        environment = {"CPPN_GL_ENGINE": "native"}
        words = (*(words or ("my.toml",)), "--size", size)
        desktop = Desktop(display, tmp_path, *words, hud=True, environment=environment)
        opened.append(desktop)
        return desktop

    yield start
    for desktop in opened:
        desktop.close()


def now(desktop: Desktop) -> Preset:
    return parse_preset(desktop.events()[-1]["preset"])


def open_view(desktop: Desktop, name: str) -> dict[str, Any]:
    """Press V until a view is shown; its event."""
    while now(desktop).show.view != name:
        before = now(desktop).show.view
        desktop.key("v")
        desktop.shows(lambda p: p.show.view != before, "another view")  # noqa: B023
    return desktop.finished()


def test_every_key_tells_what_it_changed(show: Callable[..., Desktop]) -> None:
    desktop = show()
    for key, words in (
        ("Up", "depth 5"),
        ("Right", "width 7"),
        ("bracketright", "weight scale 0.8354"),
        ("equal", "extent 1.682"),
        ("a", "activation sigmoid"),
        ("z", " · history: "),
        ("v", "sheet: "),
    ):
        desktop.key(key)
        desktop.tells("message", words)
    desktop.tells("facts", "depth 5 × width 7")


@pytest.mark.parametrize("size", ["640x400", "300x200"])
def test_in_the_tour_and_while_pointing_too(show: Callable[..., Desktop], size: str) -> None:
    desktop = show("tour", size=size)
    depth = now(desktop).spec.depth
    desktop.key("Up")
    desktop.tells("message", f"depth {depth + 1}")
    event = open_view(desktop, "units")
    board = board_of(scene_of(now(desktop)), tuple(event["size"]))
    left, top, right, bottom = board.box((2, 3))
    desktop.move((left + right) // 2, (top + bottom) // 2)
    desktop.tells("pointer", "unit 4 of layer 2 ")
    desktop.key("bracketright")
    desktop.tells("message", "weight scale ")


def test_the_values_under_the_pointer_are_the_networks(show: Callable[..., Desktop]) -> None:
    desktop = show()
    size = tuple(desktop.finished()["size"])
    desktop.move(500, 90)
    preset = now(desktop)
    scene = scene_of(preset)
    point = view_of(preset).point(scene, size, (500, 90))
    assert point is not None
    told = desktop.tells("pointer", facts.place(point, min(size)))
    for name, value in facts.values_at(point):
        assert f"{name} {value:.3f}" in told
    event = open_view(desktop, "units")
    size = tuple(event["size"])
    assert size[1] < 400  # the strip has a place of its own
    left, top, right, bottom = board_of(scene, size).box((3, 2))
    place = (left + right) // 2, (top + bottom) // 2
    desktop.move(*place)
    point = view_of(now(desktop)).point(scene_of(now(desktop)), size, place)
    assert point is not None
    ((name, value),) = facts.values_at(point)
    assert name == "unit 3 of layer 3"
    desktop.tells("pointer", f"{name} {facts.fixed(value, 3)}")


def test_what_is_shown_is_told_without_jargon(show: Callable[..., Desktop]) -> None:
    desktop = show()
    told = desktop.tells("facts", "depth 4 × width 6")
    for part in ("after sigmoid", "not normalised", "x −3.20 … 3.20   y −2.00 … 2.00"):
        assert part in told
    assert "weights and biases" in told
    assert not re.search(r"native|numpy|compute|llvmpipe|renderer", " ".join(desktop.told.values()))
    names = wait_for(
        lambda: desktop.events() and [name for name in desktop.places if "native" in name],
        "the word engine",
    )
    desktop.move(*desktop.place(names[0]))
    desktop.tells("hint", "native")


@pytest.mark.parametrize("size", ["300x200", "400x300", "640x400", "1280x800"])
def test_help_and_explanation_by_keys_and_clicks(show: Callable[..., Desktop], size: str) -> None:
    desktop = show(size=size)
    desktop.finished()
    for name, key in (("explanation", "question"), ("help", "h")):
        desktop.key(key)
        if name == "explanation":
            desktop.tells("page", " % of the first layer's")
        pages = int(desktop.tells(name, "1 of ").split()[-1])
        for number in range(2, pages + 1):
            if number % 2:
                desktop.key("space")
            else:
                desktop.click("turn the page")
            desktop.tells(name, f"{number} of {pages}")
        assert (pages == 1) == (size == "1280x800")
    desktop.click("close")
    wait_for(lambda: desktop.events() and "help" not in desktop.told, "a closed help")
    assert now(desktop) == parse_preset(SMALL, name="my")  # no key has changed anything


def test_f1_shows_the_help_then_the_explanation_then_neither(show: Callable[..., Desktop]) -> None:
    desktop = show()

    def opened(wanted: set[str]) -> Callable[[], Any]:
        booklets = {"help", "explanation"}
        return lambda: desktop.events() and booklets & set(desktop.told) == wanted

    for wanted in ({"help"}, {"explanation"}, set[str]()):
        desktop.key("F1")
        wait_for(opened(wanted), f"{wanted or 'neither'}")


def test_a_panel_without_room_beside_it_gives_way_to_the_explanation(
    show: Callable[..., Desktop],
) -> None:
    desktop = show(size="300x200")
    desktop.finished()
    desktop.click("toggle_panel")
    desktop.place("close panel")
    desktop.key("question")
    desktop.tells("explanation", "1 of")
    wait_for(lambda: desktop.events() and "close panel" not in desktop.places, "no panel")
    desktop.click("turn the page")
    desktop.tells("explanation", "2 of")


def test_escape_closes_what_is_open_before_the_window(show: Callable[..., Desktop]) -> None:
    desktop = show()
    for key, name in (("h", "help"), ("question", "explanation"), ("F1", "help")):
        desktop.key(key)
        desktop.tells(name, "1 of")
        desktop.key("Escape")
        wait_for(lambda: desktop.events() and name not in desktop.told, "nothing open")  # noqa: B023
    assert desktop.process.poll() is None
    assert desktop.quit("Escape") == 0


def test_the_buttons_are_clicked(show: Callable[..., Desktop]) -> None:
    desktop = show()
    desktop.finished()
    desktop.move(300, 300)
    desktop.click("explain")
    desktop.tells("explanation", "1 of")
    desktop.click("close")
    desktop.click("toggle_help")
    desktop.tells("help", "1 of")


def test_what_is_saved_is_told_with_how_to_open_it(show: Callable[..., Desktop]) -> None:
    desktop = show()
    desktop.finished()
    desktop.key("F2")
    told = desktop.tells("message", "saved my-")
    name = re.fullmatch(
        r"saved (my-.*\.png); open it with: python -m cppn_gl (.*); larger: "
        r"python -m cppn_gl render (.*) --size 3840x2400 -o BIG\.png",
        told,
    )
    assert name is not None
    assert name[1] == name[2] == name[3]
    path = desktop.folder / name[1]
    wait_for(path.exists, "the screenshot")
    desktop.move(*desktop.place(str(path)))  # the message
    desktop.tells("hint", str(path))
    desktop.key("ctrl+s")
    desktop.tells("message", ".toml; open it with: python -m cppn_gl my-")


def test_a_first_visitor_is_told_what_to_press_until_a_key_is(show: Callable[..., Desktop]) -> None:
    desktop = show()
    desktop.finished()

    def faded() -> bool:
        desktop.events()
        return "invitation" in desktop.told and "facts" in desktop.told

    wait_for(faded, "the invitation")
    desktop.key("Right")
    wait_for(lambda: desktop.events() and "invitation" not in desktop.told, "none")


def test_what_was_saved_of_another_preset_is_not_listed(show: Callable[..., Desktop]) -> None:
    desktop = show(size="1280x800")
    desktop.finished()
    desktop.key("F2")
    desktop.tells("message", "saved my-")
    desktop.key("question")
    desktop.tells("page", "draw it larger: python -m cppn_gl render my-")
    desktop.key("p")
    wait_for(lambda: desktop.events() and "draw it larger:" not in desktop.told["page"], "none")


def test_a_recording_shows_a_red_dot_time_and_frames(show: Callable[..., Desktop]) -> None:
    desktop = show(size="320x200")
    desktop.finished()
    assert not red(desktop)
    desktop.key("shift+F9")
    desktop.tells("recording", "0:01  3")  # 30 frames a second
    wait_for(lambda: red(desktop), "a red dot")
    desktop.key("F9")
    told = desktop.tells("message", "recorded ")
    match = re.match(
        r"recorded (\d+) frames in (my-\S+); open one with: python -m cppn_gl my-", told
    )
    assert match is not None
    folder = desktop.folder / match[2]
    wait_for(lambda: len(list(folder.glob("*.png"))) == int(match[1]), "all frames")
    wait_for(lambda: not red(desktop), "no red dot")


def red(desktop: Desktop) -> bool:
    return bool((np.abs(desktop.pixels().astype(int) - RED[:3]).max(axis=2) < 3).sum() > 12)


def test_a_coarse_picture_tells_its_progress(show: Callable[..., Desktop]) -> None:
    heavy = SMALL.replace("depth = 4", "depth = 40").replace("width = 6", "width = 300")
    desktop = show(toml=heavy)
    desktop.tells("progress", "refining, ")
    seen: list[int] = []

    def grows() -> bool:
        desktop.events()
        match = re.search(r"refining, (\d+) %", desktop.told.get("progress", ""))
        if match:
            seen.append(int(match[1]))
        return len(set(seen)) >= 3

    wait_for(grows, "progress")
    assert seen == sorted(seen)


def test_titles_and_descriptions_are_explained_of_every_theme(show: Callable[..., Desktop]) -> None:
    desktop = show("scale-sheet")
    assert load_preset("scale-sheet").title in desktop.tells("title", "")
    desktop.key("question")
    desktop.tells("explanation", "1 of")
    assert desktop.log.read_text() == ""

"""Stepping through the history, gestures, and earlier sessions."""

from pathlib import Path
from typing import Any

import pytest

from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer import history as module
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.history import History
from cppn_gl.viewer.journal import Journal, Moment, parse_moment


def moment(depth: int = 5, layer: int | None = None, **keys: Any) -> Moment:
    preset = Preset(spec=Random(depth=depth, **keys), name="seen")
    return Moment(preset, preset.view, layer)


def start(first: Moment | None = None, path: Path | None = None) -> History:
    return History(first or moment(), Journal(path))


def kept(path: Path) -> list[int]:
    """The depths of the moments in a journal."""
    found = [parse_moment(line) for line in path.read_text().splitlines()]
    return [m.preset.spec.depth if m else -1 for m in found]


def test_a_new_history_has_one_moment() -> None:
    history = start()
    assert (len(history), history.place, history.now) == (1, (1, 1), moment())
    assert not history.step(-1)
    assert not history.step(1)


def test_the_same_gesture_is_one_moment() -> None:
    history = start()
    for depth in (6, 7, 8):
        history.add(moment(depth), gesture=1)
    assert history.place == (2, 2)
    history.finish()
    history.add(moment(9), gesture=1)  # the key was let go in between
    assert history.place == (3, 3)
    history.add(moment(10), gesture=2)
    assert history.place == (4, 4)


def test_no_gesture_is_a_moment_each() -> None:
    history = start()
    for depth in (6, 7, 8):
        history.add(moment(depth), gesture=None)
    assert history.place == (4, 4)


def test_walking_ends_a_gesture() -> None:
    history = start()
    history.add(moment(6), gesture=1)
    assert history.step(-1)
    history.add(moment(7), gesture=1)
    assert history.place == (3, 3)
    assert history.step(-1)
    assert history.now == moment(6)


def test_the_same_moment_is_no_step() -> None:
    history = start()
    history.add(moment(), gesture=1)
    assert history.place == (1, 1)


def test_a_layer_is_a_moment_of_its_own() -> None:
    history = start()
    history.add(moment(layer=3), gesture=1)
    assert history.place == (2, 2)


def test_the_oldest_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MOMENTS", 3)
    history = start()
    for depth in range(6, 12):
        history.add(moment(depth), gesture=None)
    assert history.place == (3, 3)
    assert history.step(-1)
    assert history.step(-1)
    assert history.now == moment(9)
    assert not history.step(-1)


def test_only_the_end_of_a_gesture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = start(path=path)
    for depth in (6, 7, 8):
        history.add(moment(depth), gesture=1)
    assert kept(path) == [5]
    history.add(moment(9), gesture=2)
    assert kept(path) == [5, 8]
    history.step(-1)
    assert kept(path) == [5, 8, 9]
    history.finish()
    history.step(1)
    assert kept(path) == [5, 8, 9]
    history.add(moment(10), gesture=None)  # nothing will end it: it is written at once
    assert kept(path) == [5, 8, 9, 10]


def test_a_restart_goes_on_from_the_earlier_session(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    first = Explorer(moment(5).preset, journal=Journal(path))
    for gesture in range(3):
        first.gesture = gesture
        first.deeper()
    first.history.finish()
    again = Explorer(moment(5).preset, journal=Journal(path))
    assert again.history.place == (5, 5)
    depths = []
    for _ in range(4):
        again.history_back()
        depths.append(again.preset.spec.depth)
    assert depths == [8, 7, 6, 5]
    again.history_back()
    assert again.message == "start of the history"
    again.zoom_in()
    again.reset_view()
    assert again.preset.view == moment(5).home


def test_a_restart_on_the_last_picture_is_no_new_moment(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    start(path=path).finish()
    history = start(path=path)
    assert history.place == (1, 1)
    assert kept(path) == [5]


def test_moments_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    good = [moment(depth).to_line() for depth in (2, 3)]
    path.write_text(f"no JSON\n{good[0]}{{}}\n[]\n{good[1]}{good[0][:40]}\n")
    history = start(path=path)
    assert history.step(-1)
    assert history.now == moment(3)
    assert history.place == (5, 6)
    assert history.step(-1)
    assert history.now == moment(2)
    assert not history.step(-1)
    assert history.place == (1, 3)
    assert history.step(1)
    assert history.now == moment(3)
    assert history.step(1)
    assert history.now == moment(5)
    assert not history.step(1)


def test_a_change_after_walking_into_an_earlier_session_is_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("".join(moment(depth).to_line() for depth in (2, 3)))
    history = start(path=path)
    history.step(-1)
    history.step(-1)
    history.add(moment(9), gesture=1)
    assert history.place == (4, 4)
    assert history.step(-1)
    assert history.now == moment(5)
    assert kept(path) == [2, 3, 5, 9]

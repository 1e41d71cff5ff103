"""Axes over a box: which edges, smooth lines, numbers that have room."""

import itertools

import numpy as np
import pytest

from cppn_gl.preset.show import Orbit
from cppn_gl.views.solid import box_axes
from cppn_gl.views.solid.box_axes import (
    BoxAxis,
    Letters,
    axes_overlay,
    font_size,
    label_room,
    labelled,
    line,
    silhouette,
)
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.text import variable

AXES = (BoxAxis("x", -2.0, 2.0), BoxAxis("y", 0.0, 1.0), BoxAxis("", 0.0, 1.0))


def drawn(size: tuple[int, int], tilt: float = 30, turn: float = 30, **options) -> np.ndarray:
    words = np.zeros((size[1], size[0], 4), np.uint8)
    axes_overlay(
        words, Camera(turn, tilt, 4.0, size), AXES, 0.5, letters=font_size(size), **options
    )
    return words


def outer(camera: Camera, relief: float, points: np.ndarray) -> np.ndarray:
    """How far pixels (N, 2) lie outside of the box's picture."""
    corners = np.array(list(itertools.product((-1, 1), (-1, 1), (-relief, relief))), float)
    seen = camera.project(corners)[:, :2]
    away = np.full(len(points), -np.inf)
    for a, b in itertools.permutations(seen, 2):
        along = (b - a) / max(np.hypot(*(b - a)), 1e-9)
        normal = np.array([along[1], -along[0]])
        if ((seen - a) @ normal <= 1e-6).all():  # all corners lie on one side: part of the outline
            away = np.maximum(away, (points - a) @ normal)
    return away


@pytest.mark.parametrize("turn", [0, 30, 45, 100, 200, 300])
@pytest.mark.parametrize("tilt", [-90, -40, 0, 5, 30, 80, 90])
@pytest.mark.parametrize("relief", [0.3, 1.0])
def test_axes_and_labels_are_outside_of_the_box(turn: float, tilt: float, relief: float) -> None:
    size = (400, 300)
    camera = Camera.framing(Orbit(float(turn), float(tilt)), size, relief, (40.0, 25.0))
    words = np.zeros((size[1], size[0], 4), np.uint8)
    marked = BoxAxis("z0", -1.0, 1.0, 0.3)
    axes_overlay(words, camera, (*AXES[:2], marked), relief, letters=13, boxed=True)
    y, x = np.nonzero(words[..., 3])
    assert len(x) > 100
    assert outer(camera, relief, np.stack([x + 0.5, y + 0.5], axis=1)).min() > -0.75


@pytest.mark.parametrize("turn", [10, 130, 250])
@pytest.mark.parametrize("tilt", [-40, 30])
def test_six_edges_are_the_outline_and_three_have_labels(turn: float, tilt: float) -> None:
    camera = Camera(turn, tilt, 4.0, (400, 300))
    edges = silhouette(camera, 0.5)
    assert len(edges) == 6
    points = np.concatenate([camera.project([low, high])[:, :2] for _, low, high in edges])
    assert abs(outer(camera, 0.5, points)).max() < 1e-6
    assert set(labelled(camera, 0.5)) == {0, 1, 2}
    for axis, (low, high) in labelled(camera, 0.5).items():
        assert high[axis] > low[axis]


def test_from_within_the_box_there_is_no_outline() -> None:
    assert silhouette(Camera(0.0, 0.0, 0.5, (400, 300)), 1.0) == []


@pytest.mark.parametrize("end", [(150.0, 40.0), (20.0, 90.0), (80.0, 10.5), (10.5, 80.0)])
def test_a_line_has_the_ink_of_its_length_times_its_width(end: tuple[float, float]) -> None:
    words = np.zeros((120, 200, 4), np.uint8)
    line(words, (10.5, 10.5), end, (1, 2, 3), 2.0)
    length = np.hypot(end[0] - 10.5, end[1] - 10.5)
    assert words[..., 3].sum() / 255 == pytest.approx(2.0 * length, rel=0.06)


def test_a_line_that_leaves_the_picture_is_cut() -> None:
    words = np.zeros((20, 30, 4), np.uint8)
    line(words, (-50, -10), (80, 40), (1, 2, 3), 1.0)
    line(words, (500, 10), (600, 10), (1, 2, 3), 1.0)
    assert words[..., 3].any()


def test_numbers_are_few_and_a_rounding_error_is_zero() -> None:
    assert [text for _, text, _ in BoxAxis("x", -0.3, 0.3000000001).ticks()] == ["−0.3", "0", "0.3"]


def test_numbers_have_the_digits_that_a_deep_zoom_needs() -> None:
    ticks = BoxAxis("x", 0.51234567 - 1e-6, 0.51234567 + 1e-6).ticks()
    assert len({text for _, text, _ in ticks}) == 3


def test_a_mark_takes_the_place_of_the_number_next_to_it() -> None:
    ticks = BoxAxis("t", 0.0, 2.0, 1.1).ticks()
    assert [text for _, text, _ in ticks] == ["0", "2", "1.10"]
    assert ticks[-1][0] == pytest.approx(0.1)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (500, 500), (1920, 1080)])
def test_letters_are_legible_and_not_loud(size: tuple[int, int]) -> None:
    assert 8 <= font_size(size) <= max(20, min(size) / 37)


def test_a_thumbnail_has_lines_and_no_words() -> None:
    letters = Letters((90, 60), font_size((90, 60)))
    letters.write("title", 45.0, 20.0)
    assert not np.asarray(letters.image).any()
    assert drawn((90, 60))[..., 3].any()


def test_words_never_cover_each_other() -> None:
    letters = Letters((400, 300), 13)
    letters.write("first", 200.0, 20.0)
    once = np.asarray(letters.image)
    letters.write("other", 200.0, 20.0)
    assert np.array_equal(letters.image, once)


@pytest.mark.parametrize("size", [(160, 120), (200, 140), (300, 200), (420, 240), (640, 400)])
@pytest.mark.parametrize("turn", [25.0, 30.0, 50.0])
def test_both_axes_of_the_plane_are_named_or_none(
    size: tuple[int, int], turn: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = Letters.write

    def note(self: Letters, text: str, *place: float, **how: str) -> bool:
        found = write(self, text, *place, **how)
        written.extend([text] * found)
        return found

    monkeypatch.setattr(Letters, "write", note)
    letters = font_size(size)
    camera = Camera.framing(Orbit(turn, 40.0), size, 0.7, label_room(letters))
    words = np.zeros((size[1], size[0], 4), np.uint8)
    axes_overlay(words, camera, AXES, 0.7, letters=letters)
    assert {variable("x"), variable("y")} <= set(written)


def written(
    monkeypatch: pytest.MonkeyPatch, orbit: Orbit, size: tuple[int, int], axes, relief: float
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """The labels of axes and their boxes in pixels."""
    seen: list[Letters] = []
    finish = box_axes.overlay_letters
    monkeypatch.setattr(
        box_axes, "overlay_letters", lambda words, letters, ink: seen.append(letters)
    )
    letters = font_size(size)
    camera = Camera.framing(orbit, size, relief, label_room(letters))
    axes_overlay(np.zeros((size[1], size[0], 4), np.uint8), camera, axes, relief, letters=letters)
    monkeypatch.setattr(box_axes, "overlay_letters", finish)
    return [(text, box) for box, text, _ in seen[0].written]


# Each axis has numbers of its own, to tell them apart.
OWN = (BoxAxis("x", 1.0, 3.0), BoxAxis("y", 4.0, 6.0), BoxAxis("mean of outputs", 7.0, 9.0))
NUMBERS = ("123", "456", "789")
TURNS = (0.0, 7.0, 20.0, 30.0, 45.0, 66.0, 80.0, 90.0, 94.82, 121.0, 180.0, 255.0, 340.0)
TILTS = (-60.0, -30.0, -8.0, 0.0, 5.0, 12.0, 30.0, 50.0, 75.0, 90.0)


@pytest.mark.parametrize("size", [(300, 200), (960, 600)])
@pytest.mark.parametrize("relief", [0.5, 1.0])
@pytest.mark.parametrize("tilt", TILTS)
def test_an_axis_has_numbers_and_its_name_or_neither(
    tilt: float, relief: float, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in TURNS:
        texts = [t for t, _ in written(monkeypatch, Orbit(turn, tilt), size, OWN, relief)]
        for axis, numbers in zip(OWN, NUMBERS, strict=True):
            assert (axis.title in texts) == bool(set(numbers) & set(texts))
        assert len(texts) >= 6
        if 5 < tilt < 50:
            assert OWN[2].title in texts
        if 12 < tilt < 50:
            assert {OWN[0].title, OWN[1].title} <= set(texts)


@pytest.mark.parametrize("relief", [0.5, 0.7, 1.0])
@pytest.mark.parametrize("tilt", [tilt for tilt in TILTS if abs(tilt) < 70])
def test_axes_that_meet_are_not_in_line_and_none_looks_like_the_height(
    tilt: float, relief: float
) -> None:
    for turn in np.arange(0.0, 360.0, 5.0):
        camera = Camera.framing(Orbit(float(turn), tilt), (480, 300), relief, (39.0, 30.0))
        chosen = {k: camera.project(edge)[:, :2] for k, edge in labelled(camera, relief).items()}
        long = {k: ends for k, ends in chosen.items() if np.hypot(*(ends[1] - ends[0])) > 36}
        for axis in {0, 1} & set(long) if 2 in long else set():
            for corner, far in itertools.product((0, 1), repeat=2):
                if np.hypot(*(long[axis][corner] - long[2][far])) < 1e-6:
                    one = long[axis][1 - corner] - long[axis][corner]
                    other = long[2][1 - far] - long[2][far]
                    cosine = one @ other / np.hypot(*one) / np.hypot(*other)
                    assert cosine > -np.cos(np.radians(25))
            if tilt > 12:  # else both edges may be upright
                edges = [
                    camera.project(e)[:, :2] for k, *e in silhouette(camera, relief) if k == axis
                ]
                leans = [lean(*ends) for ends in edges]
                assert lean(*long[axis]) > 12 or max(leans) < 45


def lean(start: np.ndarray, end: np.ndarray) -> float:
    """Degrees from upright."""
    return float(np.degrees(np.arctan2(*abs(end - start))))


@pytest.mark.parametrize("tilt", [-40.0, 30.0])
def test_equal_numbers_at_a_corner_are_written_once(
    tilt: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = BoxAxis("x", -4.0, 4.0), BoxAxis("y", -4.0, 4.0), BoxAxis("output", 0.0, 1.0)
    for turn in TURNS:
        found = written(monkeypatch, Orbit(turn, tilt), (480, 300), same, 0.5)
        for (one, a), (other, b) in itertools.combinations(found, 2):
            if one == other:
                away = np.hypot((a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2)
                assert away > 40

"""Drawn data sets: classes and values where their formulas say so, the same everywhere."""

import math

import numpy as np
import pytest

from cppn_gl.nn.training.data_sets import DATA_SETS, MAX_CLASSES, RADIUS, DrawnSet, Draws, Points

CLASSED = [row for row in DATA_SETS.values() if row.classes]
FUNCTIONS = {
    "sine": lambda x: 3 * np.sin(x),
    "parabola": lambda x: x**2 / 4 - 4,
    "cubic": lambda x: (x**3 - 16 * x) / 24,
    "steps": lambda x: 2 * np.floor(x / 3) + 1,
    "vee": lambda x: np.abs(x) - 3,
    "peak": lambda x: 14 / (2 + x**2) - 3,
    "chirp": lambda x: 3 * np.sin(x**2 / 4),
}


def drawn(
    name: str, classes: int = 0, noise: float = 0.0, seed: int = 5, points: int = 800
) -> Points:
    row = DATA_SETS[name]
    return row.make(points, classes or row.classes, noise, Draws(seed, points))


@pytest.mark.parametrize("row", CLASSED, ids=lambda row: row.name)
def test_every_class_has_its_share_of_points_in_the_square(row: DrawnSet) -> None:
    for classes in range(2, row.most + 1):
        x, y, label = drawn(row.name, classes)
        counts = np.bincount(label, minlength=classes)
        assert len(counts) == classes
        assert counts.min() > 0.4 * 800 / classes
        if row.name not in ("gauss", "blobs"):  # normal distributions have no bounds
            assert max(np.abs(x).max(), np.abs(y).max()) <= RADIUS


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_seed_is_a_set_and_noise_changes_it(name: str) -> None:
    first, again = drawn(name), drawn(name)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    noisy, other = drawn(name, noise=0.5), drawn(name, noise=0.5, seed=6)
    assert any((a != b).any() for a, b in zip(first, noisy, strict=True))
    assert any((a != b).any() for a, b in zip(noisy, other, strict=True))


def test_the_playgrounds_sets_are_where_its_formulas_say() -> None:
    x, y, label = drawn("circle")
    r = np.hypot(x, y)
    assert r[label == 1].max() < 2.5
    assert r[label == 0].min() >= 3.5
    assert r.max() < 5
    x, y, label = drawn("xor")
    assert (label == (x * y >= 0)).all()
    assert np.abs([x, y]).min() >= 0.3
    assert np.abs([x, y]).max() < 5.3
    x, y, label = drawn("gauss", points=20_000)
    assert np.isclose(x[label == 1].mean(), 2, atol=0.03)
    assert np.isclose(y[label == 0].mean(), -2, atol=0.03)
    assert np.isclose(x[label == 0].var(), 0.5, atol=0.03)
    x, y, label = drawn("gauss", noise=0.5, points=20_000)
    assert np.isclose(x[label == 0].var(), 4, atol=0.15)
    x, y, label = drawn("spiral", points=400)
    for k in (0, 1):
        along = np.arange(200) / 200
        turn = 1.75 * along * 2 * math.pi + (math.pi if k == 0 else 0)
        assert np.allclose(x[label == k], 5 * along * np.sin(turn), atol=1e-12)
        assert np.allclose(y[label == k], 5 * along * np.cos(turn), atol=1e-12)
    x, y, value = drawn("plane")
    assert np.allclose(value, (x + y) / 10)
    x, y, value = drawn("bumps")
    tops = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    cones = [sign * np.maximum(0, 1 - np.hypot(x - a, y - b) / 2) for a, b, sign in tops]
    largest = np.argmax(np.abs(cones), axis=0)
    assert np.allclose(value, np.choose(largest, cones))


def test_noise_asks_for_the_class_of_a_displaced_point() -> None:
    clean, noisy = drawn("circle"), drawn("circle", noise=0.3)
    assert (clean[0] == noisy[0]).all()
    assert 0.02 < (clean[2] != noisy[2]).mean() < 0.4
    spiral, moved = drawn("spiral"), drawn("spiral", noise=0.5)
    assert (spiral[2] == moved[2]).all()
    assert 0.4 < np.abs(spiral[0] - moved[0]).max() <= 0.5


def test_functions_divide_the_square_with_a_gap() -> None:
    for name, function in FUNCTIONS.items():
        x, y, label = drawn(name)
        assert np.abs(function(np.linspace(-6, 6, 999))).max() <= 5 + 1e-9
        assert (label == (y > function(x))).all()
        assert np.abs(y - function(x)).min() >= 0.3 - 1e-9


def test_rings_stripes_and_squares_are_told_apart_by_their_formulas() -> None:
    for classes in (2, 3, 7, MAX_CLASSES):
        x, y, label = drawn("rings", classes)
        assert (label == np.floor(np.hypot(x, y) / (5.5 / classes))).all()
        x, y, label = drawn("stripes", classes)
        across = (0.8 * x + 0.6 * y) * 7 / 5
        count = classes * math.ceil(6 / classes)
        assert (label == np.floor((across + 6) / (12 / count)) % classes).all()
    x, y, label = drawn("checkerboard")
    assert (label == (np.floor(x / 3) + np.floor(y / 3)) % 2).all()

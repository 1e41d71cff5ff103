"""What is shown of a layer: units, or components that stay put."""

import numpy as np
import pytest

from cppn_gl.views.warp.projection import of_components, of_units

RANDOM = np.random.default_rng(3)
PLANE = np.concatenate([RANDOM.uniform(-1, 1, (150, 2)), np.zeros((150, 1))], axis=1)
SCORE = RANDOM.normal(size=150)


def units(width: int) -> np.ndarray:
    """Units that bend the plane."""
    weight = np.random.default_rng(width).normal(size=(2, width))
    return np.tanh(PLANE[:, :2] @ weight + 0.3)


@pytest.mark.parametrize(
    ("count", "chosen", "shown"),
    [
        (1, (), (1,)),
        (3, (), (1, 2, 3)),
        (7, (), (1, 2, 3)),
        (7, (2, 6), (2, 6)),
        (7, (5, 1, 9), (5, 1)),
        (2, (8, 9), (1, 2)),
    ],
)
def test_units_are_axes(count: int, chosen: tuple[int, ...], shown: tuple[int, ...]) -> None:
    names = [f"unit {k + 1}" for k in range(count)]
    found, values = of_units(names, chosen), RANDOM.normal(size=(5, count))
    assert found.names == tuple(f"unit {k}" for k in shown)
    seen = found.seen(values)
    assert (seen[:, : len(shown)] == values[:, [k - 1 for k in shown]]).all()
    assert (seen[:, len(shown) :] == 0).all()
    assert found.exact == (sorted(shown) == list(range(1, count + 1)))


@pytest.mark.parametrize("width", [4, 8, 200])
def test_components_show_as_much_as_three_axes_can(width: int) -> None:
    values = units(width)
    found = of_components(values, PLANE, SCORE)
    centred = values - values.mean(axis=0)
    spread = np.linalg.svd(centred, compute_uv=False) ** 2
    assert found.basis.T @ found.basis == pytest.approx(np.eye(3), abs=1e-8)
    assert found.part == pytest.approx(spread[:3].sum() / spread.sum())
    assert found.seen(centred).var(axis=0).sum() == pytest.approx(spread[:3].sum() / len(values))
    assert not found.exact


def test_they_stay_put_when_units_change_signs_or_places() -> None:
    """Which would mirror principal components, or change their order."""
    values = units(9)
    seen = of_components(values, PLANE, SCORE).seen(values)
    other = -values[:, ::-1]
    assert of_components(other, PLANE, SCORE).seen(other) == pytest.approx(seen, abs=1e-9)


def test_they_move_as_little_as_the_units_where_components_change_places() -> None:
    """Two units, whose spreads cross, and a third."""
    base = np.stack([PLANE[:, 0], PLANE[:, 1], 0.4 * SCORE, 0 * SCORE], axis=1)
    before = None
    for stretch in np.linspace(0.8, 1.25, 46):
        values = base * [stretch, 1 / stretch, 1, 1]
        seen = of_components(values, PLANE, SCORE).seen(values)
        if before is not None:
            assert np.abs(seen - before).max() < 0.05
        before = seen


def test_a_plane_that_is_only_lifted_into_more_units_looks_as_before() -> None:
    turned = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0][:2]
    values = PLANE[:, :2] @ turned
    found = of_components(values, PLANE, SCORE)
    centre = PLANE.mean(axis=0)
    seen = found.seen(values)
    assert seen - seen.mean(axis=0) == pytest.approx(PLANE - centre, abs=1e-6)
    assert found.part == pytest.approx(1)


def test_no_spread_and_no_finite_value_are_no_error() -> None:
    dead = of_components(np.zeros((150, 8)), PLANE, SCORE)
    assert (dead.seen(np.zeros((4, 8))) == 0).all()
    lost = of_components(np.full((150, 8), np.inf), PLANE, SCORE)
    assert lost.axes == 3


@pytest.mark.parametrize("points", [1, 2])
def test_fewer_points_than_axes_leave_axes_flat(points: int) -> None:
    found = of_components(units(8)[:points], PLANE[:points], SCORE[:points])
    assert found.basis.shape == (8, 3)
    assert np.isfinite(found.seen(units(8))).all()

"""Lattices of pictures: every point in one piece, samples on points, and what all of it costs."""

import itertools
import random

import numpy as np
import pytest
from lattices import samples, scene, structured

from cppn_gl.engines import grid as geometry
from cppn_gl.engines.base import Region
from cppn_gl.engines.grid import Lattice, Lattices, Plan, blocks, contains, picture_work, runs
from cppn_gl.preset.tables import Viewport


@pytest.mark.parametrize("number", range(30))
def test_runs_cover_every_point_once(number: int) -> None:
    pick = random.Random(number)
    low, k, most = pick.randint(-40, 40), pick.randint(1, 9), pick.randint(1, 12)
    high = low + pick.randint(1, 60)
    found = runs(low, high, k, most)
    points = [start + k * n for run in found for start in run.starts for n in range(run.count)]
    assert sorted(points) == list(range(low, high))
    for run in found:
        assert run.count <= most
        assert {start // k for start in run.starts} == {run.tap}


@pytest.mark.parametrize("extent", [0.07, 1.0, 2.2])
def test_pieces_hold_every_point_once(extent: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry, "PIECE", 2**17)
    of = scene(structured("vgg", extent=extent))
    lattice = Lattice.of(of.network, of.view, Region.of((31, 23)))
    box = lattice.rectangle(Region.of((31, 23)))
    counts = np.zeros((box[3] - box[1], box[2] - box[0], 1), np.float32)
    for piece in Plan(of.network, lattice).pieces(box):
        width, height = piece.size
        margin = 2 * piece.margin
        once = np.zeros_like(counts)
        piece.place(np.ones((1, height - margin, width - margin), np.float32), once, box)
        counts += once
    assert (counts == 1).all()


@pytest.mark.parametrize(
    ("size", "extent", "density"),
    [((24, 36), 1.0, 1), ((15, 12), 1.0, 2), ((13, 7), 0.3, 3), ((9, 14), 4.0, 1)],
)
def test_samples_lie_where_the_lattice_says(
    size: tuple[int, int], extent: float, density: int
) -> None:
    of = scene(structured(extent=extent, center=[0.3, -2.0]))
    region = Region.of(size, density)
    lattice = Lattice.of(of.network, of.view, region)
    across, down = samples(of, size, density)
    for number, sample in enumerate(region.each_sample()):
        row, column = divmod(number, density)
        x, y = (lattice.places(sample, axis) for axis in (0, 1))
        assert np.allclose(lattice.x(x), 0.3 + across[column::density], atol=1e-12)
        assert np.allclose(lattice.y(y), -2.0 - down[row::density], atol=1e-12)
        box = lattice.rectangle(region)
        assert box[0] <= x.min()
        assert x.max() < box[2]
        assert box[1] <= y.min()
        assert y.max() < box[3]
        if lattice.scale == 1:
            assert np.array_equal(x, np.round(x))


@pytest.mark.parametrize("extent", [20.0, 1e6])
def test_samples_far_apart_are_points_with_taps_of_their_own(extent: float) -> None:
    of = scene(structured(extent=extent, depth=3))
    region = Region.of((14, 9), 2)
    lattice = Lattice.of(of.network, of.view, region)
    across, down = samples(of, (14, 9), 2)
    box = lattice.rectangle(region)
    assert np.allclose(lattice.x(np.arange(box[0], box[2])), across, rtol=1e-14)
    assert np.allclose(lattice.y(np.arange(box[1], box[3])), -down, rtol=1e-14)
    counts = np.zeros((18, 28, 1), np.float32)
    for piece in Plan(of.network, lattice).pieces(box):
        x, y = piece.points()
        assert x.shape[1:] == (1, 1 + 2 * of.network.radius)
        assert np.allclose(np.diff(x), of.network.step, atol=1e-16 * extent)
        assert np.allclose(np.diff(y, axis=1), -of.network.step, atol=1e-16 * extent)
        once = np.zeros_like(counts)
        piece.place(np.ones((1, piece.size[1], 1), np.float32), once, box)
        counts += once
    assert (counts == 1).all()
    work = picture_work(of.network, of.view, region)
    assert work == picture_work(of.network, Viewport(extent=extent / 3), region)


def test_parts_of_a_picture_have_its_lattice() -> None:
    of = scene(structured())
    region = Region.of((40, 30), 2)
    whole, part = (Lattice.of(of.network, of.view, r) for r in (region, region.cut(7, 3, 9, 8)))
    assert whole == part
    assert contains(whole.rectangle(region), part.rectangle(region.cut(7, 3, 9, 8)))


def test_blocks_cover_a_region_with_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry, "BLOCK", 30_000)
    of = scene(structured())
    region = Region.of((90, 50), 2).cut(3, 2, 80, 45)
    plan = Plan(of.network, Lattice.of(of.network, of.view, region))
    covered = np.zeros((50, 90), int)
    parts = blocks(plan, region)
    for part in parts:
        (left, top), (width, height) = part.offset, part.part
        covered[top : top + height, left : left + width] += 1
        box = plan.lattice.rectangle(part)
        assert (box[2] - box[0]) * (box[3] - box[1]) * 12 < 2 * 30_000
    assert (covered[2:47, 3:83] == 1).all()
    assert covered.sum() == 80 * 45


def test_the_work_of_a_picture_counts_margins_and_all_taps() -> None:
    of = scene(structured("conv", depth=9, width=12, **{"network.grid": 64}))

    def work(size: tuple[int, int], extent: float = 1.0) -> float:
        return picture_work(of.network, Viewport(extent=extent), Region.of(size))

    assert work((16, 16)) == pytest.approx(work((64, 64)), rel=0.1)  # all taps, in any case
    assert work((192, 192)) == pytest.approx(9 * work((64, 64)), rel=0.15)
    assert work((64, 64), 0.05) > 10 * work((64, 64))  # each phase has a margin
    parts = [Region.of((64, 64)).cut(0, top, 64, 8) for top in range(0, 64, 8)]
    cut = sum(picture_work(of.network, Viewport(), part) for part in parts)
    assert cut > 1.5 * work((64, 64))


def test_kept_lattices_are_found_by_parts_of_them_and_bounded() -> None:
    kept = Lattices(limit=1000)
    values = np.arange(100, dtype=np.float32).reshape(10, 10, 1)
    kept.put("a", (-5, -5, 5, 5), values)
    found = kept.find("a", (-1, 0, 3, 2))
    assert found is not None
    assert np.array_equal(found, values[5:7, 4:8])
    assert kept.find("a", (0, 0, 6, 1)) is None
    assert kept.find("b", (0, 0, 1, 1)) is None
    for name in "bc":
        kept.put(name, (0, 0, 10, 10), np.zeros((10, 10, 1), np.float32))
    assert kept.find("a", (0, 0, 1, 1)) is None
    kept.put("large", (0, 0, 20, 20), np.zeros((20, 20, 1), np.float32))
    assert kept.find("large", (0, 0, 1, 1)) is None
    assert kept.find("c", (0, 0, 1, 1)) is not None


def test_bands_are_higher_where_units_see_far() -> None:
    heights = [
        geometry.fewest_rows(structured(depth=depth).network(), Viewport(), (240, 240), 10**9)
        for depth in (2, 4)
    ]
    assert heights == [160, 240]  # a tap is 20 pixels
    network = structured(depth=4).network()
    assert geometry.fewest_rows(network, Viewport(), (240, 240), 240 * 50) == 50


def test_resampling_interpolates_and_copies() -> None:
    rows, columns = np.mgrid[0:5, 0:6].astype(np.float32)
    values = np.stack([rows + 10 * columns], axis=2)
    x, y = np.array([0.25, 3.5, 4.0]), np.array([0.0, 2.75])
    found = geometry.resampled(values, x, y, exact=False)[..., 0]
    assert np.allclose(found, y[:, None] + 10 * x)
    values[2, 3] = np.inf  # beside the points that are copied
    exact = geometry.resampled(values, np.array([1.0, 4.0]), np.array([2.0]), exact=True)
    assert exact[0, :, 0].tolist() == [12.0, 42.0]


def test_the_place_of_a_point_depends_on_nothing_but_its_fraction_of_a_tap() -> None:
    places = {
        k: Lattice((0.1, 0.7), 1 / 37, k, (1, 1), 1.0, 1).x(np.arange(-50, 50)) for k in (1, 3, 9)
    }
    for k, n in itertools.product((3, 9), range(-2, 3)):
        fine = (k * (2 * n + 1) - 1) // 2  # the same point
        assert places[k][fine + 50] == places[1][n + 50]

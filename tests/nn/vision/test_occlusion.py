"""Occlusion: patches, levels of places, and what their differences are."""

import numpy as np
import pytest
from small_eyes import SIZE, TARGET, network, picture

from cppn_gl.nn.vision.occlusion import LEVELS, Occlusion, cover, patch
from cppn_gl.nn.vision.running import forward
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.tasks import at_once


def occlusion(count: int = 8) -> Occlusion:
    fill = np.zeros((3, *SIZE), np.float32)
    return Occlusion(Target(TARGET, 1, before=True), fill, 0.4, count)


def test_a_patch_is_a_square_cut_off_at_the_edges() -> None:
    assert patch((100, 200), (0.5, 0.5), 0.2) == (90, 40, 110, 60)
    assert patch((100, 200), (0, 1), 0.2) == (0, 90, 10, 100)
    assert patch((100, 200), (0.5, 0.5), 0.5, (100, 100)) == (50, 25, 150, 75)
    one = cover(np.ones((2, 10, 10), np.float32), np.zeros((2, 10, 10), np.float32), (1, 2, 4, 8))
    assert one.sum() == 2 * (100 - 18)


def test_coarse_places_are_among_the_finer_ones() -> None:
    found = occlusion(16)
    sets = [set(found.indices(level)) for level in range(LEVELS)]
    assert [len(one) for one in sets] == [4, 8, 16]
    assert sets[0] < sets[1] < sets[2]


def test_differences_are_those_of_covered_pictures() -> None:
    net, found = network(), occlusion()
    done = at_once(forward(net, picture()))
    assert found.level == -1
    at_once(found.refine(done, 0))
    assert found.level == 0
    first = found.values.copy()
    at_once(found.refine(done, LEVELS - 1))
    known = ~np.isnan(first)
    np.testing.assert_array_equal(found.values[known], first[known])
    assert found.level == LEVELS - 1
    for place in ((0, 0), (3, 5), (7, 7)):
        box = patch(SIZE, found.middle(*place), found.side)
        after = at_once(forward(net, cover(done.source, found.fill, box)))
        expected = found.target.value(done) - found.target.value(after)
        assert found.values[place] == pytest.approx(expected, abs=1e-6)


def test_what_is_known_stays_when_it_is_interrupted() -> None:
    done, found = at_once(forward(network(), picture())), occlusion()
    steps = found.refine(done, LEVELS - 1)
    while np.isnan(found.values).all():
        next(steps)
    steps.close()
    kept = len(found.missing(LEVELS - 1))
    assert 0 < kept < 64
    at_once(found.refine(done, LEVELS - 1))
    assert not found.missing(LEVELS - 1)


def test_a_map_goes_through_the_differences_and_stays_between_them() -> None:
    found = occlusion(8)
    found.values[:] = np.random.default_rng(2).normal(size=(8, 8))
    fine = found.map(LEVELS - 1, (8 * 5, 8 * 3))
    np.testing.assert_allclose(fine[2::5, 1::3], found.values, atol=1e-5)
    assert fine.min() >= found.values.min()
    assert fine.max() <= found.values.max()
    found.values[:] = 2
    np.testing.assert_allclose(found.map(0, (9, 11)), 2)

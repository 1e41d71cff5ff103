"""Which points a step sees, and which units are left out: the same from wherever one begins."""

import numpy as np
import pytest

from cppn_gl.nn import draws
from cppn_gl.nn.training import batches


@pytest.mark.parametrize(("points", "batch"), [(250, 10), (7, 3), (5, 12), (5000, 4096), (1, 1)])
def test_every_epoch_shows_each_point_once_in_another_order(points: int, batch: int) -> None:
    steps = -(-4 * points // batch)
    flat = batches.samples(3, points, batch, 0, steps).ravel()[: 4 * points]
    epochs = flat.reshape(4, points)
    assert (np.sort(epochs, axis=1) == np.arange(points)).all()
    if points > 20:
        assert (epochs[0] != epochs[1]).mean() > 0.9


def test_a_steps_batch_does_not_depend_on_where_one_begins() -> None:
    together = batches.samples(1, 23, 10, 0, 60)
    for first in (0, 1, 17, 59):
        assert (batches.samples(1, 23, 10, first, 1)[0] == together[first]).all()
    assert (batches.samples(2, 23, 10, 0, 60) != together).any()


def test_an_epochs_order_sorts_its_documented_words() -> None:
    words = draws.words(5, 2, draws.BATCH, 1, 40)[0]
    expected = sorted(range(40), key=lambda point: words[point])
    assert batches.samples(5, 40, 8, 10, 5).ravel().tolist() == expected  # epoch 2


def test_units_are_left_out_with_the_probability_given() -> None:
    assert batches.masks(0, 0.0, (4,), 0, 9) is None
    masks = batches.masks(0, 0.25, (8, 5), 0, 4000)
    assert masks is not None
    assert masks.shape == (4000, 13)
    assert set(np.unique(masks)) == {0.0, np.float32(1 / 0.75)}
    assert np.abs((masks == 0).mean(axis=0) - 0.25).max() < 0.03
    again = batches.masks(0, 0.25, (8, 5), 17, 1)
    assert again is not None
    assert (again[0] == masks[17]).all()
    word = draws.words(0, 17, draws.DROPOUT, 2, 8)[1, 3]  # layer 2, unit 3
    assert (masks[17, 8 + 3] == 0) == (word < 0.25 * 2**32)

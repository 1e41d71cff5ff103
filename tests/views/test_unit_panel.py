"""The panel: a unit enlarged, its weights as bars; what has no room is left out."""

import numpy as np
import pytest
from PIL import Image

from cppn_gl.views.units.diverging import palette
from cppn_gl.views.units.unit_panel import Page, unit_panel
from cppn_gl.views.units.unit_samples import UnitSummary

BOX = (10, 10, 210, 110)
WARM, COLD = palette()[-1], palette()[0]


def page(box: tuple[int, int, int, int] = BOX) -> Page:
    return Page(Image.new("RGBA", (220, 120), (0, 0, 0, 0)), box, 10)


def bars(weights: list[float], largest: float, high: int = 60) -> np.ndarray:
    one = page()
    one.bars(np.float32(weights), largest, high, [str(k) for k in range(len(weights))])
    return np.asarray(one.image)[BOX[1] : BOX[1] + high, BOX[0] : BOX[2]]


def test_bars_are_as_high_as_the_weights_and_on_their_side() -> None:
    weights = [0.5, -1.0, 0.25, 0.0] * 5
    picture = bars(weights, 1.0)
    for index, weight in enumerate(weights):
        column = picture[:, index * 10 + 4]
        above, below = (column[:30, 3] > 0).sum(), (column[31:, 3] > 0).sum()
        assert above == pytest.approx(max(weight, 0) * 29, abs=1)
        assert below == pytest.approx(max(-weight, 0) * 29, abs=1)


def test_bars_have_the_colour_of_their_sign() -> None:
    picture = bars([1.0, -1.0], 1.0)
    up, down = picture[10, 5, :3].astype(int), picture[50, 35, :3].astype(int)
    assert up[0] > up[2]
    assert down[2] > down[0]


def test_of_too_many_weights_the_largest_are_seen() -> None:
    weights = np.full(4000, 0.01)
    weights[1999] = -1.0
    picture = bars(list(weights), 1.0)
    assert (picture[45:, :, 3] > 0).any(axis=0).sum() == 1


def test_a_histogram_counts_the_values() -> None:
    one = page()
    values = np.float32([-1] * 30 + [1] * 60 + [np.nan] * 5 + [7] * 30)  # 7 counts at the end
    one.histogram(values, palette(), -1.0, 1.0, 60)
    picture = np.asarray(one.image)[BOX[1] : BOX[1] + 60, BOX[0] : BOX[2], 3] > 0
    assert picture[:, 1].sum() == 20
    assert picture[:, 197].sum() == 60
    assert not picture[:, 40:160].any()


def test_what_has_no_room_is_left_out() -> None:
    one = page((10, 10, 210, 34))
    for _ in range(9):
        one.line("words")
    one.scale(palette(), "-1", "+1")
    one.bars(np.ones(3, np.float32), 1.0, 50, ["a", "b", "c"])
    assert not np.asarray(one.image)[34:].any()


@pytest.mark.parametrize("box", [(0, 0, 80, 170), (0, 0, 250, 580), (0, 0, 600, 180), (0, 0, 9, 9)])
@pytest.mark.parametrize("channel", [None, 0, -1])
def test_a_panel_stays_in_its_box(box: tuple[int, int, int, int], channel: int | None) -> None:
    values = np.linspace(-1, 1, 48, dtype=np.float32).reshape(6, 8)
    sources = tuple(map(str, range(30)))
    weights = np.linspace(-1, 1, 30, dtype=np.float32)
    one = UnitSummary(
        "layer 1 unit 2",
        values,
        1.0,
        channel,
        0.0,
        0.5,
        0.1,
        "|value| > 0.975",
        weights,
        0.2,
        sources,
    )
    image = Image.new("RGBA", (700, 700), (0, 0, 0, 0))
    unit_panel(image, box, 8, one, 1.0)
    shown = np.asarray(image)[..., 3] > 0
    assert shown[: box[3], : box[2]].all()
    assert not shown[box[3] :].any()
    assert not shown[:, box[2] :].any()

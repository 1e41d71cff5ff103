"""Colours of classes: distinct for everybody, on paper and beside each other."""

import numpy as np
import pytest

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.class_colors import (
    CLASS_COLORS,
    HIGH,
    LOW,
    NAMES,
    PAPER,
    area,
    display,
    scale_color,
)
from cppn_gl.utils.colormaps import decode, encode, to_oklab

# Of linear sRGB, for a viewer without one kind of cone: Machado, Oliveira and Fernandes 2009.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# https://jfly.uni-koeln.de/color, without black
OKABE_ITO = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178)]
OKABE_ITO += [(213, 94, 0), (204, 121, 167)]


def seen(colors: Float64, vision: str) -> Float64:
    """sRGB values in OKLab, as seen with a kind of vision."""
    light = np.clip(decode(colors) @ VISION[vision].T, 0, 1)
    return to_oklab(np.asarray(encode(light), np.float64))


def closest(colors: Float64, vision: str) -> float:
    """The least distance of two of the colours."""
    lab = seen(colors, vision)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return float(apart[np.triu_indices(len(lab), 1)].min())


@pytest.mark.parametrize("vision", VISION)
def test_any_two_classes_are_told_apart(vision: str) -> None:
    """More easily than the nearest two of Okabe and Ito's colours in any vision."""
    of_theirs = min(closest(np.array(OKABE_ITO) / 255, kind) for kind in VISION)
    assert closest(np.array(CLASS_COLORS) / 255, vision) > 0.09 > of_theirs


@pytest.mark.parametrize("vision", VISION)
def test_the_two_classes_of_most_data_are_far_apart(vision: str) -> None:
    assert closest(np.array(CLASS_COLORS[:2]) / 255, vision) > 0.29


@pytest.mark.parametrize("vision", VISION)
def test_classes_differ_from_paper_and_from_the_dark_ground_of_plots(vision: str) -> None:
    for ground in (PAPER, (13, 15, 20)):
        lab = seen(np.array([ground, *CLASS_COLORS]) / 255, vision)
        assert np.linalg.norm(lab[1:] - lab[0], axis=1).min() > 0.12


def test_each_has_a_name_and_areas_are_paler() -> None:
    assert len(set(NAMES)) == len(set(CLASS_COLORS)) == len(NAMES) == 10
    for color in CLASS_COLORS:
        away = np.linalg.norm(area(color) - display(PAPER))
        assert 0.7 < away / np.linalg.norm(display(color) - display(PAPER)) < 0.95


def test_values_have_colours_from_low_to_high() -> None:
    assert scale_color(0) == PAPER
    assert (scale_color(-1), scale_color(1)) == (LOW, HIGH) == (scale_color(-9), scale_color(9))
    assert scale_color(0.5) == tuple(round((p + h) / 2) for p, h in zip(PAPER, HIGH, strict=True))

"""Great circles between draws: exact at their ends, even in between, as large as their ends."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.nn import draws
from cppn_gl.nn.interpolation import Arc, DrawLayout, arc, between, blended
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset

KIND = DrawLayout(((6, 2), (6, 6), (3, 6)), 2, "normal")


def whole(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float64)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return math.acos(min(1.0, a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


def test_the_ends_are_what_the_seeds_draw_bit_for_bit() -> None:
    for share, seed in ((0.0, 3), (1.0, 9)):
        for mixed, drawn in zip(blended(KIND, 3, 9, share), KIND.arrays(seed), strict=True):
            assert mixed.tobytes() == drawn.tobytes()
    spec = Random(depth=3, width=6, seed=3, inputs=("x", "z0"))
    for share, seed in ((0.0, 3), (1.0, 9)):
        walked = Random(**vars(spec) | {"between": (9, share)})
        alone = Random(**vars(spec) | {"seed": seed})
        assert walked.latents == alone.latents == walked.network().latent
        for a, b in zip(walked.network().layers, alone.network().layers, strict=True):
            assert a.weight.tobytes() == b.weight.tobytes()
            assert a.bias.tobytes() == b.bias.tobytes()


def test_all_that_is_drawn_is_one_vector() -> None:
    a, b = whole(KIND.arrays(3)), whole(KIND.arrays(9))
    assert len(a) == 12 + 6 + 36 + 6 + 18 + 3 + 2
    assert arc(KIND, 3, 9).angle == pytest.approx(angle(a, b), abs=1e-12)
    assert arc(KIND, 3, 9).start == pytest.approx(np.linalg.norm(a))


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.sampled_from(["normal", "uniform"]))
def test_equal_shares_are_equal_angles_and_lengths(
    seed: int, other: int, distribution: str
) -> None:
    kind = DrawLayout(((4, 2), (3, 4)), 0, distribution)
    points = [whole(blended(kind, seed, other, k / 8)) for k in range(9)]
    turned = [angle(a, b) for a, b in itertools.pairwise(points)]
    assert turned == pytest.approx([turned[0]] * 8, abs=1e-5)
    lengths = [np.linalg.norm(point) for point in points]
    assert lengths == pytest.approx(np.linspace(lengths[0], lengths[-1], 9).tolist(), rel=1e-6)


@given(st.integers(0, 1000), st.floats(0, 1))
def test_a_uniform_walk_keeps_its_variance(seed: int, share: float) -> None:
    mixed = blended(DrawLayout(((60, 60),), 0, "uniform"), seed, seed + 1, share)[0]
    assert np.var(mixed) == pytest.approx(1 / 3, rel=0.1)
    assert np.abs(mixed).max() <= math.sqrt(2) * 1.05


def test_what_has_no_plane_of_its_own_goes_straight() -> None:
    assert Arc(1.0, 1.0, 0.0).factors(0.25) == (0.75, 0.25)  # the same vector
    assert Arc(1.0, 1.0, math.pi).factors(0.25) == (0.75, 0.25)  # the opposite one
    assert between([np.zeros(3)], [np.ones(3)]).factors(0.5) == (0.5, 0.5)
    nothing = DrawLayout((), 0, "uniform")
    assert arc(nothing, 1, 2).angle == 0
    one = DrawLayout((), 1, "uniform")  # two numbers alone: no circle
    a, b = (float(draws.draw_row(s, 0, draws.LATENT, 1, "uniform")[0]) for s in (1, 2))
    assert float(blended(one, 1, 2, 0.5)[-1][0]) == pytest.approx((a + b) / 2, abs=1e-7)


def test_draws_on_the_way_cannot_be_written() -> None:
    assert not any(array.flags.writeable for array in blended(KIND, 1, 2, 0.3))


def test_a_given_latent_stays() -> None:
    preset = Preset().replace(inputs=["x", "z0"], latent=[0.5], between=[9, 0.4])
    assert preset.network().latent == (0.5,)

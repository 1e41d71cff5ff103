"""A matrix as a rotation and a stretch: exact at its end, rigid in its first half."""

import numpy as np
import pytest

from cppn_gl.views.warp.morph import decomposed, padded

RANDOM = np.random.default_rng(7)
PLANES = [RANDOM.normal(size=(2, 2)) for _ in range(6)]
SPACES = [RANDOM.normal(size=(3, 3)) for _ in range(6)]
SINGULAR = [RANDOM.normal(size=shape) for shape in ((3, 2), (2, 3), (1, 2), (1, 3), (3, 1))]


def det(matrix: np.ndarray) -> float:
    return float(np.linalg.det(matrix))


@pytest.mark.parametrize("matrix", [*PLANES, *SPACES, *SINGULAR, np.diag([-1.0, 2.0]), -np.eye(2)])
def test_it_begins_with_the_identity_and_ends_with_the_matrix(matrix: np.ndarray) -> None:
    whole = padded(matrix)
    morph = decomposed(whole)
    assert morph.at(0, 0) == pytest.approx(np.eye(3), abs=1e-12)
    assert morph.at(1, 1) == pytest.approx(whole, abs=1e-7 * np.abs(matrix).max())
    assert 0 <= morph.angle <= np.pi


@pytest.mark.parametrize("matrix", [*PLANES, *SPACES, *SINGULAR])
def test_the_first_movement_is_rigid_and_the_second_stretches_along_right_angles(
    matrix: np.ndarray,
) -> None:
    morph = decomposed(padded(matrix))
    for part in (0.2, 0.7, 1.0):
        turned = morph.at(part, 0)
        assert turned @ turned.T == pytest.approx(np.eye(3), abs=1e-9)
        assert det(turned) == pytest.approx(1)
    assert morph.stretch == pytest.approx(morph.stretch.T, abs=1e-6 * np.abs(matrix).max())


def test_the_angle_is_that_of_a_rotation() -> None:
    for degrees in (1, 30, 90, 179):
        angle = np.radians(degrees)
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = decomposed(padded(3 * np.array([[cosine, -sine], [sine, cosine]])))
        assert turn.angle == pytest.approx(angle)
        assert turn.axis == pytest.approx([0, 0, 1], abs=1e-6)
        assert turn.stretch[:2, :2] == pytest.approx(3 * np.eye(2), abs=1e-8)


def test_a_mirrored_plane_turns_over_through_space_and_is_never_flattened() -> None:
    morph = decomposed(padded(np.diag([1.0, -1.0])))
    assert morph.angle == pytest.approx(np.pi)
    assert morph.axis[2] == pytest.approx(0, abs=1e-6)
    half = morph.at(0.5, 0)[:, :2]
    assert np.linalg.matrix_rank(half) == 2


def test_what_is_lost_turns_as_little_as_possible() -> None:
    """To an axis of one unit its weights turn by the angle between both."""
    morph = decomposed(padded(np.array([[2.0, 2.0]])))
    assert np.degrees(morph.angle) == pytest.approx(45, abs=1e-5)
    lifted = decomposed(padded(np.array([[1.0, 0], [0, 1], [0, 0]])))
    assert lifted.angle == pytest.approx(0, abs=1e-6)


def test_nothing_is_made_of_zeros_and_of_what_is_not_finite() -> None:
    assert (decomposed(np.zeros((3, 3))).at(1, 1) == 0).all()
    assert np.isfinite(decomposed(np.full((3, 3), np.nan)).at(1, 1)).all()

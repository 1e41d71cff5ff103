"""The documentation's films: even steps from moment to moment, and what tools/films.py measures."""

import io
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cppn_gl.utils.resources import resource

TOOLS = resource("presets").parent / "tools"
sys.path.insert(0, str(TOOLS))
films = pytest.importorskip("films", reason="only in a checkout")


def grey(level: float) -> np.ndarray:
    """A picture of one level of grey."""
    return np.full((8, 12, 3), round(level), np.uint8)


def test_steps_are_measured_from_the_last_frame_to_the_first_too() -> None:
    steps = films.measured([grey(0), grey(4), grey(10)], fps=25)
    assert (steps.frames, steps.fps) == (3, 25)
    assert steps.largest == 10
    assert steps.mean == pytest.approx(20 / 3)


def test_a_few_pixels_that_jump_show_in_the_percentile_alone() -> None:
    jumping = grey(0)
    jumping[0, :3] = 200
    steps = films.measured([grey(0), jumping])
    assert steps.largest < films.BOUND
    assert steps.pixel == 200


def test_frames_that_are_none_are_an_error() -> None:
    with pytest.raises(ValueError, match="no frames"):
        films.measured([])


@pytest.mark.parametrize("law", [lambda u: u**3, lambda u: u * u * (3 - 2 * u), lambda u: u])
def test_moments_make_the_steps_even(law) -> None:
    def draw(moment: float) -> np.ndarray:
        ramp = np.linspace(0, 100, 40)[:, None, None] + 120 * law(moment)
        return np.broadcast_to(ramp, (40, 4, 3)).astype(np.uint8)

    moments, total = films.even_moments(draw, [k / 20 for k in range(21)])
    assert moments == sorted(moments)
    assert (moments[0], moments[-1]) == (0, 1)
    assert total == pytest.approx(120, abs=2)
    steps = [films.step(draw(a), draw(b)) for a, b in pairwise(moments)]
    assert max(steps) < 1.3 * total / 20


def test_what_rests_does_not_stop_the_moments() -> None:
    moments, total = films.even_moments(lambda moment: grey(100 * (moment > 0.5)), [0, 0.5, 1])
    assert total == 100
    assert moments[0] < moments[1] < moments[2]


def test_a_way_there_and_back_turns_slowly() -> None:
    places = films.ramped(60)
    steps = np.diff(places)
    assert (places[0], places[-1]) == (0, pytest.approx(1))
    assert steps[0] < steps.max() / 4
    assert steps.max() < 1.3 / 60
    assert np.allclose(steps, steps[::-1])


def test_a_film_is_decoded_as_it_was_encoded(tmp_path: Path) -> None:
    frames = [grey(level) for level in (10, 60, 110)]
    found = films.encoded(frames, 90, stamp=b"who")
    decoded = list(films.decoded(io.BytesIO(found)))
    assert len(decoded) == 3
    assert all(films.step(a, b) < 3 for a, b in zip(frames, decoded, strict=True))


def test_the_command_prints_the_steps_and_refuses_large_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm, wild = tmp_path / "calm.webp", tmp_path / "wild.webp"
    calm.write_bytes(films.encoded([grey(100), grey(104)], 90))
    wild.write_bytes(films.encoded([grey(0), grey(255)], 90))
    assert films.main([str(calm)]) == 0
    assert films.main([str(calm), str(wild)]) == 1
    assert films.main([str(wild), "--bound", "300"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("calm.webp: 2 frames, 25/s, step")
    assert printed[2].endswith("TOO LARGE")

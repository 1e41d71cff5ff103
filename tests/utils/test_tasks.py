"""Work by steps: within a budget, at once, and with the same end."""

from collections.abc import Generator

import pytest

from cppn_gl.utils.tasks import Stepping, at_once


def counting(steps: int, done: list[int]) -> Generator[None, None, str]:
    for number in range(steps):
        done.append(number)
        yield
    return "end"


def test_without_time_one_step_is_done_at_each_call() -> None:
    done: list[int] = []
    work = Stepping(counting(3, done))
    for number in range(3):
        assert not work.step(0.0)
        assert work.found is None
        assert done == list(range(number + 1))
    assert work.step(0.0)
    assert work.found == "end"
    assert work.step(0.0)  # it stays so
    assert len(done) == 3


def test_with_time_it_comes_to_its_end() -> None:
    done: list[int] = []
    work = Stepping(counting(50, done))
    assert work.step(60.0)
    assert (work.found, len(done)) == ("end", 50)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_at_once_it_comes_to_the_same(steps: int) -> None:
    assert at_once(counting(steps, [])) == "end"


def test_what_goes_wrong_is_raised() -> None:
    def broken() -> Generator[None, None, int]:
        yield
        raise ValueError("broken")

    work = Stepping(broken())
    assert not work.step(0.0)
    with pytest.raises(ValueError, match="broken"):
        work.step(0.0)

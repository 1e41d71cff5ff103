"""Work by steps: within a budget, at once, and with the same end."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from cppn_gl.utils.tasks import Stepping, Steps, at_once, during, left, share, within


def counting(steps: int, done: list[int]) -> Generator[None, None, str]:
    for number in range(steps):
        done.append(number)
        yield
    return "end"


def test_without_time_one_step_is_done_at_each_call() -> None:
    done: list[int] = []
    work = Stepping(counting(3, done))
    for number in range(1, 3):  # the first call goes to the first yield, and a step on
        assert not work.step(0.0)
        assert work.result is None
        assert done == list(range(number + 1))
    assert work.step(0.0)
    assert work.result == "end"
    assert work.step(0.0)  # it stays so
    assert len(done) == 3


def test_with_time_it_comes_to_its_end() -> None:
    done: list[int] = []
    work = Stepping(counting(50, done))
    assert work.step(within(60.0))
    assert (work.result, len(done)) == ("end", 50)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_at_once_it_comes_to_the_same(steps: int) -> None:
    assert at_once(counting(steps, [])) == "end"


def test_what_goes_wrong_is_raised() -> None:
    def broken() -> Generator[None, None, int]:
        yield
        raise ValueError("broken")

    work = Stepping(broken())
    with pytest.raises(ValueError, match="broken"):
        work.step(0.0)


def test_a_step_gets_its_deadline_and_hands_it_on() -> None:
    told: list[float] = []

    def inner() -> Steps[None]:
        told.append((yield))

    def outer() -> Steps[None]:
        told.append((yield))
        yield from inner()
        yield from during(Stepping(inner()))

    work = Stepping(outer())
    for deadline in (1.0, 2.0, 3.0, 4.0):
        work.step(deadline)
    assert work.done
    assert told == [1.0, 2.0, 3.0]


def test_what_it_owns_is_freed_once_it_is_released_and_not_before() -> None:
    freed: list[str] = []
    owned, inner = ExitStack(), ExitStack()
    inner.callback(freed.append, "inner")
    owned.callback(freed.append, "outer")

    def steps() -> Steps[None]:
        yield from during(Stepping(counting(9, []), inner), owned)

    work = Stepping(steps(), owned)
    work.step(0.0)
    assert freed == []
    work.release()
    work.release()
    assert freed == ["inner", "outer"]


def test_a_share_of_the_progress_is_told_and_the_end_handed_on() -> None:
    got: list[float] = []

    def inner() -> Steps[str]:
        for done in (0.0, None, 0.5, 1.0):
            got.append((yield done))
        return "end"

    steps = share(inner(), 0.2, 0.6)
    told = [next(steps)]
    with pytest.raises(StopIteration) as end:
        while True:
            told.append(steps.send(float(len(told))))
    assert told == [0.2, None, pytest.approx(0.4), pytest.approx(0.6)]
    assert got == [1.0, 2.0, 3.0, 4.0]
    assert end.value.value == "end"


def test_a_share_that_is_dropped_is_closed() -> None:
    closed = []

    def inner() -> Steps[None]:
        try:
            yield 0.0
        finally:
            closed.append(True)

    steps = share(inner(), 0, 1)
    next(steps)
    steps.close()
    assert closed == [True]


def test_the_time_left_is_never_negative() -> None:
    assert left(0.0) == 0
    assert 8 < left(within(9.0)) <= 9

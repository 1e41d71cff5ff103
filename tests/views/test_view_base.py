"""What a view is: how its picture is painted step by step, and how words are laid over it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils import tasks
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.tasks import Steps, within
from cppn_gl.views.base import CPUView, Hit, Picture, View, lay_over, painted


class Rows(CPUView):
    """Paints a row at a step: its number, as a shade."""

    name = "rows"

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        picture = np.zeros((size[1], size[0], 3), np.float32)
        for row in range(size[1]):
            picture[row] = row / 255
            yield
        return picture


class Clock:
    """Stands for the module `time`; each row of a Slow view takes 2 units of time."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter(self) -> int:
        return self.now


class Slow(Rows):
    def __init__(self, clock: Clock):
        self.clock = clock

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        rows = super().paint(scene, size)
        while True:
            try:
                next(rows)
            except StopIteration as done:
                return done.value
            self.clock.now += 2
            yield


class Paper:
    """Planes that remember what was written."""

    def __init__(self, size: Size):
        self.size = size
        self.written: list[Any] = []

    def write(self, picture: Any) -> None:
        self.written.append(picture)


SCENE = scene_of(Preset())


def test_a_cpu_view_is_painted_a_step_at_a_time_and_written_once() -> None:
    paper = Paper((4, 9))
    drawing = Rows().begin(None, paper, SCENE)
    for _ in range(8):
        assert not drawing.step(0.0)
        assert paper.written == []
    assert drawing.step(0.0)
    assert drawing.step(0.0)
    (picture,) = paper.written
    assert np.array_equal(picture, painted(Rows(), SCENE, (4, 9)))
    assert np.array_equal(np.round(255 * picture[:, 0, 0]), range(9))


def test_a_step_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(tasks, "wall", clock)
    drawing = Slow(clock).begin(None, Paper((1, 50)), SCENE)
    ends = []
    while not drawing.step(within(10)):
        ends.append(clock.now)
    assert ends == list(range(10, 101, 10))


def test_a_painting_can_be_dropped_half_way() -> None:
    drawing = Rows().begin(None, Paper((1, 9)), SCENE)
    drawing.step(0.0)
    drawing.release()
    drawing.release()


def test_what_a_view_does_unless_it_says_otherwise() -> None:
    view = View()
    assert view.problem(Preset()) == ""
    assert view.overlay(SCENE, (9, 9)) is None
    assert view.hit(SCENE, (9, 9), (1, 1)) is None
    assert view.drag(Preset(), 1, 1) is None
    assert view.zoom(Preset(), 1) is None
    assert view.work(SCENE) > SCENE.network.parameters
    with pytest.raises(NotImplementedError):
        view.begin(None, Paper((1, 1)), SCENE)
    assert Hit("nothing") == Hit("nothing", None, {})


def test_without_words_a_picture_is_itself() -> None:
    picture = np.ones((2, 3, 3), np.float32)
    assert lay_over(picture, None) is picture


@given(
    under=st.floats(-3, 3, width=32),
    over=st.integers(0, 255),
    alpha=st.integers(0, 255),
)
def test_words_lie_over_what_a_screen_would_show(under: float, over: int, alpha: int) -> None:
    words = np.full((1, 1, 4), over, np.uint8)
    words[..., 3] = alpha
    picture = np.full((1, 1, 3), under, np.float32)
    share, shown = alpha / 255, min(max(under, 0.0), 1.0)
    found = lay_over(picture, words)
    assert found.dtype == np.float32
    expected = under if alpha == 0 else shown * (1 - share) + over / 255 * share
    assert found == pytest.approx(expected, abs=1e-6)
    eight = lay_over(np.full((1, 1, 3), round(255 * shown), np.uint8), words)
    assert eight.dtype == np.uint8
    if alpha:
        assert np.abs(eight - 255 * found).max() <= 1.001
    assert (picture == np.float32(under)).all()  # as it was

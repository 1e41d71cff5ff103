"""The window's content, the picture with panels over it, is drawn again only after changes."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from census import Census
from windowless import windowless

from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.viewer import screen as module
from cppn_gl.viewer.hud import Panel
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.screen import Screen

pytestmark = pytest.mark.gl
SIZE = (21, 13)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


class Window:
    """An offscreen window: its framebuffer, title, and number of presented frames."""

    def __init__(self, ctx: Any):
        self.texture = ctx.texture(SIZE, 4)
        self.target = ctx.framebuffer([self.texture])
        # All of a context but its screen, which is ours.
        self.ctx = SimpleNamespace(screen=self.target)
        for name in ("vertex_array", "program", "texture", "enable", "disable", "version_code"):
            setattr(self.ctx, name, getattr(ctx, name))
        self._window = object()
        self.titles: list[str] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "title":
            self.titles.append(value)
        super().__setattr__(name, value)

    def pixels(self) -> np.ndarray:
        data = np.frombuffer(self.target.read(components=3, alignment=1), np.uint8)
        return data.reshape(SIZE[1], SIZE[0], 3)[::-1]


@pytest.fixture
def window(renderer: Renderer) -> Iterator[Window]:
    one = Window(renderer.ctx)
    yield one
    renderer.ctx.detect_framebuffer(0).use()
    one.target.release()
    one.texture.release()
    assert renderer.ctx.error == "GL_NO_ERROR"


def panel(alpha: float = 1.0, x: int = 3) -> Panel:
    pixels = np.zeros((4, 5, 4), np.uint8)
    pixels[...] = (255, 0, 0, 255)
    return Panel("one", pixels, x, 2, alpha)


def test_only_what_differs_is_shown_again(window: Window) -> None:
    screen, one = Screen(window), panel()
    assert not screen.shows(1, SIZE, [one])
    assert screen.shows(1, SIZE, [one])
    assert screen.shows(1, SIZE, [Panel(one.name, one.pixels, one.x, one.y, one.alpha)])
    for other in ((2, SIZE, [one]), (2, (20, 13), [one]), (2, SIZE, []), (2, SIZE, [panel()])):
        assert not screen.shows(*other)
        assert screen.shows(*other)
    moved = Panel("one", one.pixels, 4, 2)
    assert not screen.shows(2, SIZE, [moved])
    assert not screen.shows(2, SIZE, [Panel("one", one.pixels, 4, 2, 0.5)])  # it fades
    screen.release()


def test_other_pixels_at_the_same_place_in_memory_differ(window: Window) -> None:
    screen = Screen(window)
    assert not any(screen.shows(1, SIZE, [panel()]) for _ in range(20))
    screen.release()


def test_planes_and_panels_over_them(
    window: Window, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapped: list[Any] = []
    monkeypatch.setattr(module.glfw, "swap_buffers", swapped.append)
    planes = Planes(renderer.ctx, SIZE)
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    picture = np.stack([rows / 13, columns / 21, 0 * rows + 0.25], axis=2).astype(np.float32)
    planes.write(picture)
    screen = Screen(window)
    screen.show(renderer.presenter, planes, [panel(0.5)], SIZE, Rect(0, 0, *SIZE))
    assert swapped == [window._window]
    expected = np.round(255 * picture)
    expected[2:6, 3:8] = (expected[2:6, 3:8] + (255, 0, 0)) / 2
    assert np.abs(window.pixels() - expected).max() <= 1
    screen.show(renderer.presenter, planes, [], SIZE, Rect(0, 0, *SIZE))
    assert np.abs(window.pixels() - np.round(255 * picture)).max() == 0
    planes.release()
    screen.release()


def test_a_title_is_given_once(window: Window) -> None:
    screen = Screen(window)
    for title in ("one", "one", "two", "one"):
        screen.entitle(title)
    assert window.titles == ["one", "two", "one"]
    screen.release()


def test_nothing_is_left(
    window: Window, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.glfw, "swap_buffers", lambda window: None)
    counted = Census(monkeypatch)
    window.ctx.texture = renderer.ctx.texture
    window.ctx.vertex_array = renderer.ctx.vertex_array
    window.ctx.program = renderer.ctx.program
    planes = Planes(renderer.ctx, SIZE)
    before = counted.alive()
    screen = Screen(window)
    for x in range(4):
        screen.show(renderer.presenter, planes, [panel(x=x)], SIZE, Rect(0, 0, *SIZE))
    screen.release()
    assert counted.alive() == before
    planes.release()

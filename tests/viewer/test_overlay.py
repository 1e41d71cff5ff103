"""Panels are drawn at their exact pixels, blended over the picture."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray
from windowless import windowless

from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.hud import Panel
from cppn_gl.viewer.overlay import Overlay

pytestmark = pytest.mark.gl

SIZE = (40, 30)
BELOW = (100, 50, 200)
CLEAR = (100 / 255, 50 / 255, 200 / 255, 1.0)
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


@pytest.fixture
def current(renderer: Renderer) -> Iterator[moderngl.Context]:
    assert renderer.ctx is not None
    yield renderer.ctx
    assert renderer.ctx.error == "GL_NO_ERROR"


@pytest.fixture
def target(current: moderngl.Context) -> Iterator[moderngl.Framebuffer]:
    """A window of one colour."""
    texture = current.texture(SIZE, 4)
    framebuffer = current.framebuffer([texture])
    framebuffer.clear(color=CLEAR)
    yield framebuffer
    current.detect_framebuffer(0).use()
    framebuffer.release()
    texture.release()


@pytest.fixture
def overlay(current: moderngl.Context) -> Iterator[Overlay]:
    one = Overlay(current)
    yield one
    one.release()


def read(target: moderngl.Framebuffer) -> Picture:
    """The window's pixels, (height, width, 4), row 0 at the top."""
    data = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
    return data.reshape(SIZE[1], SIZE[0], 4)[::-1]


def noise(width: int, height: int, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def blended(panels: list[Panel]) -> NDArray[np.float64]:
    """The expected pixels, computed independently."""
    picture = np.empty((SIZE[1], SIZE[0], 3))
    picture[:] = BELOW
    for panel in panels:
        for row, line in enumerate(panel.pixels):
            for column, (*color, alpha) in enumerate(line.tolist()):
                x, y = panel.x + column, panel.y + row
                if 0 <= x < SIZE[0] and 0 <= y < SIZE[1]:
                    a = alpha / 255 * panel.alpha
                    picture[y, x] = a * np.array(color) + (1 - a) * picture[y, x]
    return picture


@pytest.mark.parametrize(
    "panels",
    [
        [],
        [Panel("hud", noise(7, 5), 3, 2)],
        [Panel("hud", noise(7, 5), 0, 0, 0.5), Panel("help", noise(9, 4, 1), 31, 26)],
        [Panel("hud", noise(20, 20), 5, 5), Panel("help", noise(20, 20, 1), 12, 9, 0.25)],
        [Panel("hud", noise(1, 1), 39, 29)],
        [Panel("help", noise(*SIZE), 0, 0)],
        [Panel("help", noise(60, 50), 0, 0), Panel("hud", noise(9, 9, 1), -4, -5)],
        [Panel("hud", noise(7, 5), 3, 2, 0.0)],
    ],
)
def test_panels_are_blended_at_their_places(
    overlay: Overlay, target: moderngl.Framebuffer, panels: list[Panel]
) -> None:
    overlay.draw(panels, target, SIZE)
    found = read(target)
    assert np.abs(found[..., :3] - blended(panels)).max() <= 1.01 * max(1, len(panels))
    assert found[..., 3].min() >= 254  # the window itself does not turn transparent
    assert tuple(target.viewport) == (0, 0, *SIZE)


def test_a_changed_panel_is_uploaded_once(
    overlay: Overlay, target: moderngl.Framebuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, int]] = []
    texture = moderngl.Context.texture

    def spy(self: moderngl.Context, size: tuple[int, int], *args: object) -> moderngl.Texture:
        made.append(size)
        return texture(self, size, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(moderngl.Context, "texture", spy)
    pixels = noise(7, 5)
    overlay.draw([Panel("hud", pixels, 3, 2)], target, SIZE)
    overlay.draw([Panel("hud", pixels, 9, 9, 0.3)], target, SIZE)
    assert made == [(7, 5)]
    target.clear(color=CLEAR)
    changed = Panel("hud", noise(4, 4, 1), 3, 2)
    overlay.draw([changed], target, SIZE)
    assert made == [(7, 5), (4, 4)]
    assert np.abs(read(target)[..., :3] - blended([changed])).max() <= 1.01


def test_what_comes_after_is_not_blended(
    overlay: Overlay, target: moderngl.Framebuffer, renderer: Renderer
) -> None:
    expected = renderer.render(Preset(), size=(16, 9))
    overlay.draw([Panel("hud", noise(7, 5), 3, 2)], target, SIZE)
    assert np.array_equal(renderer.render(Preset(), size=(16, 9)), expected)

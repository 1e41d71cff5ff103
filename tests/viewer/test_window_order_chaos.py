"""Order and chaos in the live window: keys and the mouse move the dot."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from desktop import Desktop

from cppn_gl.preset.preset import Preset
from cppn_gl.views.plots.order_chaos import scales
from cppn_gl.views.plots.order_chaos_map import Coordinates

pytestmark = [pytest.mark.window, pytest.mark.gl]

SIZE = (320, 200)
PRESET = Preset().replace(depth=6, width=10, activation="tanh", init="lecun_normal", seed=4)
PRESET = PRESET.replace(weight_scale=1.2, bias_scale=0.2, view="order_chaos")
PRESET = PRESET.replace(center=(0.2, -0.5), extent=0.7)


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    folder = tmp_path_factory.mktemp("window")
    (folder / "my.toml").write_text(PRESET.to_toml())
    size = "x".join(map(str, SIZE))
    desktop = Desktop(
        display, folder, "my.toml", "--size", size, environment={"CPPN_GL_ENGINE": "fragment"}
    )
    yield desktop
    alive = desktop.process.poll() is None
    status = desktop.quit() if alive else None
    said = desktop.log.read_text()
    desktop.close()
    assert (alive, status, said) == (True, 0, "")


def pixel(preset: Preset) -> tuple[int, int]:
    """Where a preset's dot is."""
    place = [math.log10(scale) for scale in scales(preset)]
    x, y = Coordinates(SIZE, preset.view).pixels(np.array([place]))[0]
    return round(float(x)), round(float(y))


def is_dot(window: Desktop, preset: Preset) -> bool:
    """Whether the dot is seen where the preset's is, to a pixel or two."""
    x, y = pixel(preset)
    near = window.pixels()[y - 2 : y + 3, x - 2 : x + 3].astype(int)
    return bool((np.abs(near - (255, 206, 84)).max(axis=2) < 12).any())


def test_keys_move_the_dot_to_the_right_and_back(window: Desktop) -> None:
    start = window.shows(lambda p: p.show.view == "order_chaos", "the map")
    assert is_dot(window, start)
    window.key("bracketright")
    moved = window.shows(lambda p: scales(p)[0] > 1.2, "larger weights")
    assert scales(moved)[1] == 0.2
    window.finished()
    assert is_dot(window, moved)
    window.key("bracketleft")
    window.shows(lambda p: p == start, "the weights before")


def test_a_drag_moves_the_dot_and_a_click_puts_it_there(window: Desktop) -> None:
    start = window.shows(lambda p: True, "the map")
    x, y = pixel(start)
    window.move(x, y)
    window.xdotool("mousedown", "1")
    window.move(x + 20, y - 10)
    window.move(x + 40, y - 30)
    window.xdotool("mouseup", "1")
    scale = 0.7 / (SIZE[1] / 2)
    expected = 1.2 * 10 ** (40 * scale), 0.2 * 10 ** (30 * scale)
    wanted = pytest.approx(expected, rel=0.01)
    dragged = window.shows(lambda p: scales(p) == wanted, "the dragged dot")
    assert dragged.view == start.view
    assert is_dot(window, dragged)
    window.key("z")
    window.shows(lambda p: p == start, "the place before, in one step")
    window.move(x + 60, y - 20)
    window.xdotool("click", "1")
    wanted = pytest.approx((1.2 * 10 ** (60 * scale), 0.2 * 10 ** (20 * scale)), rel=0.01)
    window.shows(lambda p: scales(p) == wanted, "the dot at the pointer")


def test_the_wheel_zooms_about_the_pointer_and_enter_opens_the_picture(window: Desktop) -> None:
    start = window.shows(lambda p: True, "the map")
    window.move(200, 60)
    window.xdotool("click", "4")
    nearer = window.shows(lambda p: p.view.extent < start.view.extent, "a nearer map")
    fixed = [Coordinates(SIZE, p.view).place(200, 60) for p in (start, nearer)]
    assert fixed[0] == pytest.approx(fixed[1], abs=1e-3)
    window.key("Return")
    opened = window.shows(lambda p: p.show.view == "picture", "the picture there")
    assert [math.log10(scale) for scale in scales(opened)] == pytest.approx(fixed[0], abs=2e-3)
    window.key("BackSpace")
    window.shows(lambda p: p == nearer, "the map again")

"""The colouring shader, compared with NumPy."""

from collections.abc import Iterator

import numpy as np
import pytest
from windowless import windowless

from cppn_gl.engines.gl.recolor import Recolor, recolor_of
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import MAPPINGS, NOT_A_NUMBER, Color, ValueRange, colored, printed

pytestmark = pytest.mark.gl

SIZE = (37, 21)
ENDS = [
    ValueRange((0.0,) * 3, (1.0,) * 3),
    ValueRange((-1.0,) * 3, (1.0,) * 3),
    ValueRange((-0.2, 0.1, 0.3), (0.4, 0.5, 0.9)),
    ValueRange((-1e37,) * 3, (1e37,) * 3),
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one
        assert one.ctx is not None
        assert one.ctx.error == "GL_NO_ERROR"


@pytest.fixture
def planes(renderer: Renderer) -> Iterator[tuple[Planes, Planes]]:
    pair = Planes(renderer.ctx, SIZE), Planes(renderer.ctx, SIZE)
    yield pair
    for one in pair:
        one.release()


def recolor(renderer: Renderer, color: Color | None = None) -> Recolor:
    return renderer.painter.shared(recolor_of(color or Color()))


def values() -> np.ndarray:
    """Random outputs, and edge cases."""
    numbers = np.random.default_rng(5).uniform(-1.4, 1.4, (SIZE[1], SIZE[0], 3))
    edges = np.array([-1, 0, 0.5, 1, 1 / 3, 3e38, -3e38, 1e-40, 1 - 2**-24])
    numbers[0, : len(edges)] = edges[:, None]
    numbers[1, : len(edges), 1:] = edges[::-1, None]
    numbers[2, 3] = NOT_A_NUMBER
    return numbers.astype(np.float32)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("name", MAPPINGS)
def test_the_shader_colours_as_numpy_does(
    renderer: Renderer, planes: tuple[Planes, Planes], name: str, ends: ValueRange, invert: bool
) -> None:
    color = Color(name, invert)
    picture = drawn(renderer, planes, color, ends)
    if color.levels:
        expected = printed(values(), color, ends)
    else:
        expected = colored(values().reshape(-1, 3), color, ends).reshape(picture.shape)
    assert np.abs(picture - expected).max() < 1e-4
    assert tuple(picture[2, 3]) == NOT_A_NUMBER


def drawn(
    renderer: Renderer, planes: tuple[Planes, Planes], color: Color, ends: ValueRange
) -> np.ndarray:
    raw, shown = planes
    raw.write(values())
    one = recolor(renderer, color)
    one.set(color, ends, 1)
    one.draw(raw, shown, 0, SIZE[1], additive=False)
    return shown.read()


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("name", ["sunset", "grey", "rgb", "oklch", "batlowK_r", "palette", "ink"])
def test_flat_colours_are_those_of_numpy(
    renderer: Renderer, planes: tuple[Planes, Planes], name: str, ends: ValueRange
) -> None:
    for inks in (2, 5, 16):
        color = Color(name, inks=inks, hue=30, palette=("#102040", "#c04010", "#f0e0c0"))
        picture = drawn(renderer, planes, color, ends)
        # A place beside an edge may be rounded to its other side, as with the whole range beyond.
        away = np.abs(picture - printed(values(), color, ends)).max(axis=-1)
        assert np.quantile(away, 0.99) < 1e-4


def test_rgb_is_the_outputs_to_the_last_bit(
    renderer: Renderer, planes: tuple[Planes, Planes]
) -> None:
    raw, shown = planes
    raw.write(values())
    one = recolor(renderer)
    one.set(Color(), ENDS[0], 1)
    one.draw(raw, shown, 0, SIZE[1], additive=False)
    normal = np.abs(values()) > 1e-37
    assert np.array_equal(shown.read()[normal], np.clip(values(), 0, 1)[normal])


def test_rows_are_drawn_alone_and_samples_added(
    renderer: Renderer, planes: tuple[Planes, Planes]
) -> None:
    raw, shown = planes
    raw.write(values())
    shown.write(np.full((SIZE[1], SIZE[0], 3), 0.25, np.float32))
    one = recolor(renderer)
    one.set(Color("magma"), ENDS[1], 4)
    one.draw(raw, shown, 5, 3, additive=True)
    picture = shown.read()
    part = colored(values()[5:8].reshape(-1, 3), Color("magma"), ENDS[1]).reshape(3, -1, 3)
    assert np.abs(picture[5:8] - 0.25 - part / 4).max() < 1e-4
    assert (picture[:5] == 0.25).all()
    assert (picture[8:] == 0.25).all()


def test_no_mapping_compiles_anything(
    renderer: Renderer, planes: tuple[Planes, Planes], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = recolor(renderer)

    def refuse(*values: object, **options: object) -> None:
        raise AssertionError("a program was made")

    assert renderer.ctx is not None
    monkeypatch.setattr(type(renderer.ctx), "program", refuse)
    for name in [*MAPPINGS, "batlowK", "tab10"]:
        one.set(Color(name, True), ENDS[2], 9)
        one.draw(*planes, 0, 1, additive=False)
    assert one.rate > 0


@pytest.mark.parametrize("samples", [1, 2])
def test_contour_lines_are_those_of_numpy(
    renderer: Renderer, planes: tuple[Planes, Planes], samples: int
) -> None:
    raw, shown = planes
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    smooth = np.hypot(x - 15, y - 8.3)[..., None].repeat(3, axis=2) / 20 - 0.3
    raw.write(smooth.astype(np.float32))
    for color in (Color("sunset", isolines=0.2), Color("grey", inks=4, isolines=0.25)):
        one = recolor(renderer, color)
        one.set(color, ENDS[0], samples**2, stroke=1.5)
        one.draw(raw, shown, 0, SIZE[1], additive=False)
        expected = printed(smooth.astype(np.float32), color, ENDS[0], samples, stroke=1.5)
        assert np.abs(shown.read() * samples**2 - expected).max() < 2e-3

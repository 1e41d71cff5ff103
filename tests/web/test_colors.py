"""Colours in a page: its modules of colours and value ranges against cppn_gl/preset/color.py."""

import base64
import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest
from browser import modules
from numpy.typing import NDArray

from cppn_gl.engines.stretch import grid
from cppn_gl.output.web.colors import describe_color
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.preset.color import (
    MAPPINGS,
    NOT_A_NUMBER,
    STRETCHES,
    Color,
    ValueRange,
    colored,
    printed,
    stroke_of,
)
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.value_range import default_range, statistics, stretched_range
from cppn_gl.utils.alpha import on_checks, over
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.quantising import quantise

pytestmark = pytest.mark.browser

SIDE = 37, 21  # of a synthetic picture; not a multiple of four
RANGE = ValueRange((-0.7, -0.5, -0.9), (0.8, 0.9, 1.0), (-1.0, 1.0))

# Colours planes made of numbers, case by case, into one target, and reads it.
DRAW = """async ({shaders, values, size: [width, height], channels, cases, canvas, shown}) => {
  const { Planes } = modules.painter;
  const gl = new OffscreenCanvas(canvas[0], canvas[1]).getContext("webgl2");
  const colorist = new modules.color.Colorist(gl, shaders, null);
  const bytes = Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
  const floats = new Float32Array(bytes.buffer);
  const planes = new Planes(gl, width, height, channels);
  const across = Math.ceil(width / 4);
  for (let channel = 0; channel < channels; ++channel) {
    const plane = new Float32Array(4 * across * height);
    for (let y = 0; y < height; ++y)
      for (let x = 0; x < width; ++x)
        plane[4 * across * y + x] = floats[(y * width + x) * channels + channel];
    gl.bindTexture(gl.TEXTURE_2D, planes.textures[channel]);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, across, height, gl.RGBA_INTEGER, gl.UNSIGNED_INT,
                     new Uint32Array(plane.buffer));
  }
  const target = colorist.target(width, height * cases.length);
  cases.forEach(({color, range, options}, k) =>
    colorist.draw(planes, target, color, range, {...options, at: [0, k * height]}));
  let found = await colorist.pixels(target);
  if (shown) {
    colorist.present(target, canvas);
    found = new Uint8Array(4 * canvas[0] * canvas[1]);
    gl.readPixels(0, 0, ...canvas, gl.RGBA, gl.UNSIGNED_BYTE, found);
  }
  const error = gl.getError();
  if (error) throw new Error(`GL error ${error}`);
  let text = "";
  for (let k = 0; k < found.length; k += 4096)
    text += String.fromCharCode(...found.subarray(k, k + 4096));
  planes.release(), target.release(), colorist.release();
  return btoa(text);
}"""


@pytest.fixture
def program(page: Any) -> Any:
    return modules(page)


def outputs(channels: int = 3, size: tuple[int, int] = SIDE) -> Float32:
    """(height, width, channels) smooth outputs, some beyond the range, some not finite."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, side) for side in size))
    turns = np.arange(channels) + 1
    waves = np.sin(2 * turns * x[..., None] + 3 * y[..., None] / turns + turns)
    found = (waves * (0.6 + 0.5 * y[..., None])).astype(np.float32)
    found[3, 4:7, :3] = NOT_A_NUMBER
    if channels == 4:
        found[..., 3] = np.clip(found[..., 3] + 0.5, 0, 1)
    return found


@cache
def _described(mapping: str) -> dict[str, Any]:
    return describe_color(Preset(color=Color(mapping=mapping)))


def described(color: Color, of: str = "") -> dict[str, Any]:
    """What a page knows of colours; `of`: the mapping that its preset has."""
    return {**_described(of or color.mapping), **dataclasses.asdict(color)}


def drawn(
    page: Any,
    values: Float32,
    colors: list[Color],
    span: ValueRange = RANGE,
    *,
    canvas: tuple[int, int] = (4, 4),
    shown: bool = False,
    known: list[dict[str, Any]] | None = None,
    **options: Any,
) -> NDArray[np.uint8]:
    """(cases, height, width, 4): the page's bytes for each of the colours; or the canvas."""
    height, width, channels = values.shape
    range_ = {"low": span.low, "high": span.high, "ends": span.ends}
    given = {
        "shaders": shader_texts(),
        "values": base64.b64encode(values.tobytes()).decode(),
        "size": (width, height),
        "channels": channels,
        "cases": [
            {"color": color, "range": range_, "options": options}
            for color in known or map(described, colors)
        ],
        "canvas": canvas,
        "shown": shown,
    }
    found = np.frombuffer(base64.b64decode(page.evaluate(DRAW, given)), np.uint8)
    if shown:
        return found.reshape(canvas[1], canvas[0], 4)[::-1]
    return found.reshape(len(colors), height, width, 4)


def expected(values: Float32, color: Color, span: ValueRange = RANGE) -> Float32:
    """(height, width, 3): Python's colours."""
    height, width, _ = values.shape
    if color.edged:
        return printed(values[..., :3], color, span, 1, stroke_of((width, height)))
    found = colored(values[..., :3].reshape(-1, 3), color, span)
    return found.reshape(height, width, 3)


def check(found: NDArray[np.uint8], wanted: NDArray[np.uint8], color: Color) -> None:
    """Within a level of 255. Where lines begin or fade, float32 may decide otherwise."""
    off = np.abs(found.astype(int) - wanted.astype(int)).max(axis=-1)
    rare = 3 if color.isolines else 0
    assert (off > 1).sum() <= rare, (color, off.max(), np.argwhere(off > 1)[:5])


@pytest.mark.parametrize("inks", [0, 2, 5])
@pytest.mark.parametrize("isolines", [None, 0.3])
def test_every_mapping_has_pythons_colours(program: Any, inks: int, isolines: float | None) -> None:
    values = outputs()
    colors = [
        Color(mapping=mapping, invert=invert, inks=inks, isolines=isolines, hue=33.0)
        for mapping in [*MAPPINGS, "crameri:oslo", "tab10", "matplotlib:bwr_r"]
        for invert in (False, True)
    ]
    for color, found in zip(colors, drawn(program, values, colors), strict=True):
        check(found[..., :3], quantise(expected(values, color)), color)
        assert (found[..., 3] == 255).all()


def test_a_page_goes_through_all_shipped_mappings_with_tables_of_few_numbers(program: Any) -> None:
    values = outputs()
    colors = [Color(mapping=mapping, inks=inks) for mapping in MAPPINGS for inks in (0, 7)]
    known = [described(color, "rgb") for color in colors]
    found_ = drawn(program, values, colors, known=known)
    for color, found in zip(colors, found_, strict=True):
        check(found[..., :3], quantise(expected(values, color)), color)


def test_colours_of_ones_own_are_a_gradient_flat_inks_or_plates(program: Any) -> None:
    values, own = outputs(), ("#102040", "#b0d0a0", "#ffe0c0", "#901020", "#eeeeee")
    colors = [
        Color(mapping=mapping, palette=own[:count], inks=inks, hue=200.0)
        for mapping in ("palette", "plates", "ink")
        for count in (2, 3, 5)
        for inks in (0, 3, 4, 16)
    ]
    for color, found in zip(colors, drawn(program, values, colors), strict=True):
        check(found[..., :3], quantise(expected(values, color)), color)


@pytest.mark.parametrize("mapping", ["rgb", "rocket", "plates"])
def test_alpha_stays_straight_or_lies_on_a_ground(program: Any, mapping: str) -> None:
    values = outputs(4)
    colors = [Color(mapping=mapping), Color(mapping=mapping, inks=3)]
    for color, found in zip(colors, drawn(program, values, colors), strict=True):
        wanted = np.concatenate([expected(values, color), values[..., 3:]], axis=-1)
        check(found, quantise(wanted), color)
    ground = 0.05, 0.06, 0.07
    for color, found in zip(colors, drawn(program, values, colors, ground=ground), strict=True):
        wanted = np.concatenate([expected(values, color), values[..., 3:]], axis=-1)
        check(found[..., :3], quantise(over(wanted, ground)), color)
        assert (found[..., 3] == 255).all()


def test_noise_is_pythons_where_the_preset_is_dithered(program: Any) -> None:
    values = outputs()
    color = Color(mapping="palette", dither=True)
    (quiet,) = drawn(program, values, [color])
    check(quiet[..., :3], quantise(expected(values, color)), color)
    (noisy,) = drawn(program, values, [color], noise=True)
    wanted = quantise(expected(values, color), [(0, 0, *SIDE)])
    check(noisy[..., :3], wanted, color)
    assert (noisy[..., :3] == wanted).mean() > 0.95
    assert (noisy != quiet).mean() > 0.2


def test_the_canvas_shows_the_picture_upright_and_alpha_on_a_checkerboard(program: Any) -> None:
    values, color = outputs(4), Color(mapping="lagoon")
    (found,) = drawn(program, values, [color])
    shown = drawn(program, values, [color], shown=True, canvas=SIDE)
    assert np.abs(shown[..., :3].astype(int) - on_checks(found)).max() <= 1
    opaque = outputs()
    (found,) = drawn(program, opaque, [color])
    assert (drawn(program, opaque, [color], shown=True, canvas=SIDE) == found).all()
    twice = SIDE[0] * 2, SIDE[1] * 2
    larger = drawn(program, opaque, [color], shown=True, canvas=twice)[..., :3]
    back = larger.reshape(SIDE[1], 2, SIDE[0], 2, 3).mean(axis=(1, 3))
    assert np.abs(back - found[..., :3])[5:].mean() < 3


RANGES = """({values, channels, colors, activation}) => {
  const { measured, stretchedRange } = modules.stretch;
  const { defaultRange } = modules.value_range;
  const bounds = measured(Float32Array.from(values), channels);
  return colors.map((color) => color.stretch === "none" ?
    defaultRange(color, activation) : stretchedRange(color, activation, bounds));
}"""


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity", "atan"])
def test_value_ranges_are_pythons(program: Any, channels: int, activation: str) -> None:
    values = outputs(channels, (24, 16)).reshape(-1, channels) * np.float32(3)
    values[5] = (*NOT_A_NUMBER, 1)[:channels]
    preset = Preset().replace(**{"network.output_activation": activation, "network.depth": 2})
    colors = [
        Color(mapping=mapping, stretch=stretch)
        for mapping in ("rgb", "grey", "diverging", "berlin", "hsv")
        for stretch in STRETCHES
    ]
    given = {
        "values": values.ravel().tolist(),
        "channels": channels,
        "colors": [described(color) for color in colors],
        "activation": activation,
    }
    measured = statistics(values[:, :3])
    for color, found in zip(colors, program.evaluate(RANGES, given), strict=True):
        scene = scene_of(dataclasses.replace(preset, color=color), 0.0)
        wanted = default_range(scene)
        if color.stretch != "none":
            wanted = stretched_range(scene, measured)
        for name in ("low", "high", "ends"):
            assert found[name] == pytest.approx(getattr(wanted, name), rel=1e-12), (color, name)


def test_a_view_of_one_value_or_of_none_has_a_range(program: Any) -> None:
    given = {"channels": 3, "colors": [described(Color(stretch="minmax"))], "activation": "tanh"}
    (flat,) = program.evaluate(RANGES, {**given, "values": [0.25] * 30})
    assert flat["low"][0] < 0.25 < flat["high"][0]
    for values in ([*NOT_A_NUMBER] * 3, []):
        (none,) = program.evaluate(RANGES, {**given, "values": values})
        assert none["low"] == [0, 0, 0]
        assert none["high"] == [1, 1, 1]


def test_the_grid_of_a_measurement_is_pythons(program: Any) -> None:
    sizes = [(640, 360), (1, 1), (390, 800), (1, 4000), (160, 110), (33, 32)]
    found = program.evaluate("(sizes) => sizes.map(modules.stretch.gridOf)", sizes)
    assert [tuple(size) for size in found] == [grid(size) for size in sizes]

"""Sheets and the view `layers` in a page: web/cells.js against cppn_gl/views/."""

import base64
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import modules, open_file
from numpy.typing import NDArray

from cppn_gl import load_preset, render
from cppn_gl.output.web.description import describe
from cppn_gl.output.web.page import page_of
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot
from cppn_gl.views.layers import _picture_size, layer_cells
from cppn_gl.views.sheet_layout import sheet_layout

pytestmark = pytest.mark.browser

SIZES = (640, 360), (390, 800), (160, 120), (1280, 720), (100, 100), (77, 301), (25, 40)

GRID = """const preset = modules.preset.presetOf(description);
  const grid = modules.cells.cellsOf(description, preset, description.time);"""
LAYOUTS = f"""({{description, sizes, options}}) => {{
  {GRID}
  return sizes.map((size) => {{
    const layout = modules.cells.layoutOf(grid, size, options);
    const boxes = grid.cells.map((_, k) => layout.box(k));
    return {{boxes, labels: layout.labels, font: layout.font, shape: layout.shapeOf}};
  }});
}}"""
DRAW = f"""async ({{description, shaders, size, time}}) => {{
  {GRID}
  const gl = new OffscreenCanvas(4, 4).getContext("webgl2");
  const painter = new modules.painter.Painter(gl, shaders);
  const colorist = new modules.color.Colorist(gl, shaders, painter);
  const scene = async (preset, time) => {{
    const moment = preset.at(time);
    const {{ spec, view, clock }} = moment;
    const drawn = modules.network.networkOf(spec);
    const network = await modules.normalize.normalized(drawn, moment.normalize, spec.seed);
    return {{ moment, scene: {{ network, view, clock }} }};
  }};
  const layout = modules.cells.layoutOf(grid, size);
  const engine = {{ painter, colorist, scene }};
  const target = await modules.cells.drawCells(engine, grid, layout, time, {{}});
  const pixels = await colorist.pixels(target);
  let text = "";
  for (let k = 0; k < pixels.length; k += 4096)
    text += String.fromCharCode(...pixels.subarray(k, k + 4096));
  target.release(), colorist.release(), painter.release();
  return [btoa(text), grid.cells.map((_, k) => layout.box(k)), gl.getError()];
}}"""


@pytest.fixture
def program(page: Any) -> Any:
    return modules(page)


def layouts(
    page: Any, preset: Preset, sizes: tuple[tuple[int, int], ...] = SIZES, **options: Any
) -> list[dict[str, Any]]:
    given = {"description": describe(Shot(preset)), "sizes": sizes, "options": options}
    return list(page.evaluate(LAYOUTS, given))


def drawn(
    page: Any, preset: Preset, size: tuple[int, int], time: float = 0.0
) -> tuple[NDArray[np.uint8], list[list[int]]]:
    """(height, width, 3) bytes, and the cells' boxes."""
    given = {
        "description": describe(Shot(preset, time=time)),
        "shaders": shader_texts(),
        "size": size,
        "time": time,
    }
    text, boxes, error = page.evaluate(DRAW, given)
    assert error == 0
    pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(size[1], size[0], 4)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3], boxes


def check(
    found: NDArray[np.uint8], wanted: NDArray[np.uint8], boxes: list[list[int]], most: int = 2
) -> None:
    """Within cells nearly all values are Python's, within two levels."""
    inside = np.zeros(found.shape[:2], bool)
    for left, top, wide, high in boxes:  # with `before`, two pictures and a gap
        inside[max(top, 0) : top + high, max(left, 0) : left + wide] = True
    off = np.abs(found.astype(int) - wanted.astype(int))[inside]
    assert (off <= most).mean() > 0.998, np.sort(off.ravel())[-20:]
    ground = np.abs(found[~inside].astype(int) - (12, 14, 18))
    assert ground.size == 0 or ground.max() == 0


@pytest.mark.parametrize(
    "name",
    ["depth-sheet", "extent-sheet", "tie-dye-few", "tanh-relu-sheet", "planes-rgb", "slice-grey"],
)
def test_cells_of_a_sheet_are_where_python_puts_them(program: Any, name: str) -> None:
    preset = load_preset(name)
    grid = cells(preset)
    for size, found in zip(SIZES, layouts(program, preset), strict=True):
        layout = sheet_layout(preset, grid, size)
        boxes = [layout.box(cell.row, cell.column) for cell in grid.cells]
        assert found["boxes"] == [[x, y, r - x, b - y] for x, y, r, b in boxes], size
        assert found["font"] == layout.font_size


@pytest.mark.parametrize("name", ["layers-18", "layers-before"])
def test_layers_are_where_python_puts_them(program: Any, name: str) -> None:
    preset = load_preset(name)
    for size, found in zip(SIZES, layouts(program, preset), strict=True):
        laid = layer_cells(preset, size)
        boxes = [laid.box(k) for k in range(laid.count)]
        assert found["boxes"] == [[x, y, r - x, b - y] for x, y, r, b in boxes], size
        assert tuple(found["shape"]) == _picture_size(laid, preset)


def test_a_narrow_window_wraps_the_cells_of_one_axis_again(program: Any) -> None:
    preset = load_preset("slice-grey")  # two cells side by side
    narrow, wide = layouts(program, preset, ((390, 800), (800, 390)), adapt=True)
    assert narrow["boxes"][0][0] == narrow["boxes"][1][0]
    assert wide["boxes"][0][1] == wide["boxes"][1][1]
    (before,) = layouts(program, preset, ((390, 800),))
    assert narrow["boxes"][0][2] > 1.5 * before["boxes"][0][2]
    assert [label["text"] for label in narrow["labels"]] == ["depth 3", "depth 10"]


def test_a_narrow_window_turns_a_sheet_of_two_axes(program: Any) -> None:
    preset = load_preset("depth-sheet")  # four rows of ten
    turned, wide = layouts(program, preset, ((390, 844), (844, 390)), adapt=True)
    assert [turned["boxes"][k][:2] for k in (1, 10)] != [wide["boxes"][k][:2] for k in (1, 10)]
    assert turned["boxes"][1][0] == turned["boxes"][0][0]  # layer 2 is below layer 1
    assert turned["boxes"][10][1] == turned["boxes"][0][1]  # seed 23 is beside seed 22
    (before,) = layouts(program, preset, ((390, 844),))
    assert turned["boxes"][0][2] > 1.5 * before["boxes"][0][2]
    words = [label["text"] for label in turned["labels"]]
    assert words[:5] == ["seed 22", "seed 23", "seed 24", "seed 31", "layer 1"]


@pytest.mark.parametrize(
    "name", ["depth-sheet", "colors-sheet", "planes-rgb", "one-layer-sheet", "normalized-sheet"]
)
def test_the_cells_of_a_sheet_are_pythons_pictures(program: Any, name: str) -> None:
    preset = load_preset(name).replace(**{"sweep.labels": False})
    size = 240, 160
    found, boxes = drawn(program, preset, size)
    check(found, render(preset, size=size)[..., :3], boxes)


@pytest.mark.parametrize("keys", [{}, {"color.stretch": "minmax", "color.mapping": "grey"}])
@pytest.mark.parametrize("before", [False, True])
def test_layers_are_pythons_pictures(program: Any, before: bool, keys: dict[str, Any]) -> None:
    preset = load_preset("layers-before").replace(**{"layers.before": before, **keys})
    size = 150, 100  # no room for captions, but for a number in each cell's corner
    found, boxes = drawn(program, preset, size, 0.5)
    wanted = render(preset, size=size, time=0.5)[..., :3].copy()
    for left, top, _, _ in boxes:
        corner = slice(top, top + 15), slice(left, left + 15)
        wanted[corner] = found[corner]
    check(found, wanted, boxes)


def test_a_sheet_without_a_sweep_shows_the_next_seeds(program: Any) -> None:
    preset = load_preset("default").replace(**{"show.view": "sheet", "network.depth": 3})
    preset = dataclasses.replace(preset, sweep=type(preset.sweep)(labels=False))
    size = 96, 72
    found, boxes = drawn(program, preset, size, 0.25)
    assert len(boxes) == 12
    check(found, render(preset, size=size, time=0.25)[..., :3], boxes)


GIVEN = """
format = 1
[network]
inputs = ["x", "y"]
[[network.layers]]
weight = [[1.5, 0.5], [-0.5, 2.0], [0.25, -1.0], [1.0, 1.0]]
bias = [0.1, -0.2, 0.3, 0.4]
activation = "tanh"
[[network.layers]]
weight = [[1.0, -0.5, 0.75, 2.0], [0.5, 1.5, -1.0, 0.25], [-2.0, 0.5, 1.0, -0.75]]
bias = [0.0, 0.1, -0.1]
activation = "sigmoid"
[show]
view = "sheet"
[sweep]
labels = false
"""


@pytest.mark.parametrize("cols", ["", "layer=1:2 & center=[0.0,0.5],[1.0,0.0]"])
def test_layers_of_given_weights_are_cells(program: Any, cols: str) -> None:
    preset = parse_preset(GIVEN).replace(**{"sweep.cols": cols})
    found, boxes = drawn(program, preset, (90, 60))
    assert len(boxes) == 2
    check(found, render(preset, size=(90, 60))[..., :3], boxes)


def test_seeds_count_up_from_cell_to_cell(program: Any) -> None:
    keys = {"show.view": "sheet", "network.depth": 3, "network.seed": 2**62, "sweep.labels": False}
    sweep = {"sweep.seeds": "varying", "sweep.cols": "weight_scale=0.5:1.5:3", "view.extent": 2.0}
    preset = load_preset("default").replace(**{**keys, **sweep})
    found, boxes = drawn(program, preset, (90, 40))
    check(found, render(preset, size=(90, 40))[..., :3], boxes)


def test_a_click_opens_a_cell_and_backspace_returns(page: Any, tmp_path: Path) -> None:
    keys = {
        "network.depth": 2,
        "network.width": 4,
        "sweep.cols": "seed=5,6",
        "sweep.cell": [99, 99],
    }
    preset = Preset().replace(**{"show.view": "sheet", **keys})
    file = tmp_path / "sheet.html"
    file.write_bytes(page_of(Shot(preset)))
    page.set_viewport_size({"width": 300, "height": 200})
    open_file(page, file).wait_for_selector("#app[data-drawn]", state="attached")
    labels = page.locator("#labels span")
    assert labels.all_text_contents() == ["seed 5", "seed 6"]
    box = page.locator("#picture").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    labels.first.wait_for(state="detached")
    opened = parse_preset(page.evaluate("cppn.preset"))
    assert (opened.spec.seed, opened.show.view) == (6, "picture")
    page.keyboard.press("Backspace")
    labels.first.wait_for(state="attached")
    assert parse_preset(page.evaluate("cppn.preset")) == dataclasses.replace(preset, name="preset")

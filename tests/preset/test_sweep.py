"""A sheet's cells: each the preset that its row and column say, with a word for it."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.nn.draws import SEED
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.preset.sweep import axis, labels
from cppn_gl.utils.checks import PresetError

BASE = Preset().replace(depth=5, width=6, seed=7)


def given_layers(depth: int = 3) -> Preset:
    layers = [Layer(np.ones((2, 2)), np.zeros(2), "sin")] * (depth - 1)
    return Preset(Layers((*layers, Layer(np.ones((1, 2)), np.zeros(1), "sigmoid"))))


def test_rows_and_columns_vary_what_they_say() -> None:
    grid = cells(BASE.replace(rows="depth=1:4", cols="weight_scale=0.5:2:3:log"))
    assert (grid.rows, grid.columns, len(grid.cells)) == (4, 3, 12)
    assert grid.row_labels == ("depth 1", "depth 2", "depth 3", "depth 4")
    assert grid.column_labels == ("× 0.5", "× 1", "× 2")
    for k, cell in enumerate(grid.cells):
        assert (cell.row, cell.column) == divmod(k, 3)
        assert grid.at(cell.row, cell.column) is cell
        assert cell.preset.spec.depth == cell.row + 1
        assert cell.preset.spec.weight_scale == pytest.approx(0.5 * 2**cell.column)
        assert cell.preset.spec.seed == 7
    assert grid.cells[4].label == "depth 2 · × 1"
    assert grid.at(4, 0) is grid.at(0, -1) is None


def test_a_cell_opens_as_a_picture_of_the_same_name() -> None:
    preset = parse_preset("[show]\nview = 'sheet'\n[sweep]\ncols = 'seed=1:2'", name="mine")
    for cell in cells(preset).cells:
        assert cell.preset.show.view == "picture"
        assert cell.preset.name == "mine"
    other = parse_preset("[show]\nview = 'sheet'\n[sweep]\ncols = 'seed=1:2'", name="yours")
    assert cells(other).cells[0].preset.name == "yours"


@pytest.mark.parametrize("where", ["rows", "cols"])
def test_one_axis_is_folded(where: str) -> None:
    grid = cells(BASE.replace(**{where: "extent=40:0.15625:9:log", "wrap": 3}))
    assert (grid.rows, grid.columns) == (3, 3)
    assert [cell.preset.view.extent for cell in grid.cells] == pytest.approx(
        [40 / 2**k for k in range(9)]
    )
    assert [cell.label for cell in grid.cells][:3] == ["± 40", "± 20", "± 10"]
    assert set(grid.row_labels) | set(grid.column_labels) == {""}
    assert (grid.cells[5].row, grid.cells[5].column) == (1, 2)


def test_a_folded_axis_may_end_early() -> None:
    grid = cells(BASE.replace(cols="seed=1:7", wrap=3))
    assert (grid.rows, grid.columns, len(grid.cells)) == (3, 3, 7)
    assert grid.at(2, 0) is grid.cells[6]
    assert grid.at(2, 1) is None
    assert (cells(BASE.replace(cols="seed=1:2", wrap=9)).columns) == 2


def test_one_axis_alone_is_a_row_or_a_column() -> None:
    row, column = cells(BASE.replace(cols="seed=1:3")), cells(BASE.replace(rows="seed=1:3"))
    assert (row.rows, row.columns, row.row_labels) == (1, 3, ("",))
    assert (column.rows, column.columns, column.column_labels) == (3, 1, ("",))
    assert [cell.label for cell in column.cells] == ["seed 1", "seed 2", "seed 3"]


def test_words_of_a_seed_label_and_name_their_cell() -> None:
    grid = cells(BASE.replace(cols="seed=Ada,'Grace Hopper',12"))
    assert [cell.label for cell in grid.cells] == ["Ada", "Grace Hopper", "seed 12"]
    assert [cell.preset.spec.seed for cell in grid.cells] == [SEED("Ada"), SEED("Grace Hopper"), 12]
    assert grid.cells[1].preset.title == "Grace Hopper"


def test_layers_of_one_network_are_its_layers_pictures() -> None:
    grid = cells(BASE.replace(cols="layer=1:5", rows="seed=1,2"))
    for cell in grid.cells:
        whole = BASE.replace(seed=cell.row + 1)
        assert cell.preset.spec == whole.layer_picture(cell.column + 1).spec
    given_ = given_layers().replace(cols="layer=1:3")
    assert [cell.preset.spec.depth for cell in cells(given_).cells] == [1, 2, 3]
    with pytest.raises(PresetError, match=r"sweep\.cols: layer 6; the network has 5"):
        cells(BASE.replace(cols="layer=1:6"))


def test_times_are_the_cells() -> None:
    grid = cells(BASE.replace(cols="time=0:6:4"))
    assert [cell.time for cell in grid.cells] == [0, 2, 4, 6]
    assert grid.column_labels == ("0 s", "2 s", "4 s", "6 s")
    assert cells(BASE.replace(cols="seed=1:2")).cells[0].time is None


def test_each_cell_may_draw_its_own_network() -> None:
    grid = cells(BASE.replace(rows="depth=1:3", cols="width=2,4", seeds="varying"))
    assert [cell.preset.spec.seed for cell in grid.cells] == [7, 8, 9, 10, 11, 12]
    named = cells(BASE.replace(rows="depth=1:3", cols="seed=1,2", seeds="varying"))
    assert [cell.preset.spec.seed for cell in named.cells] == [1, 2] * 3


def test_a_preset_that_says_nothing_shows_its_neighbours() -> None:
    grid = cells(BASE)
    assert (grid.rows, grid.columns) == (3, 4)
    assert [cell.preset.spec.seed for cell in grid.cells] == list(range(7, 19))
    assert cells(BASE.replace(seed=2**63 - 1)).cells[-1].preset.spec.seed == 2**63 - 1
    layers = cells(given_layers())
    assert [cell.label for cell in layers.cells] == ["layer 1", "layer 2", "layer 3"]


def test_what_a_cell_sets_stands_still_in_it() -> None:
    moving = BASE.replace(**{"animate.extent": [1, 2], "animate.weight_scale": [1, 2]})
    cell = cells(moving.replace(cols="extent=4,5")).cells[0]
    assert cell.preset.at(5.0).view.extent == 4
    assert "network.weight_scale" in cell.preset.animate.table
    walking = cells(BASE.replace(walk=[1, 2], cols="seed=4,5")).cells[1].preset
    assert walking.at(3.0).spec == BASE.replace(seed=5).spec


def test_keys_of_every_table() -> None:
    text = "view.center=[0,0],[1,-1] & show.contours=3,5 & color.invert=false,true & depth=2"
    second = cells(BASE.replace(cols=text)).cells[1]
    assert second.preset.view.center == (1.0, -1.0)
    assert second.preset.options(SurfaceOptions).contours == 5
    assert second.preset.color.invert
    assert second.preset.spec.depth == 2
    assert second.label == "center 1, -1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("depth=1:2", ("depth 1", "depth 2")),
        ("activation=tanh,relu", ("tanh", "relu")),
        ("weight_scale=0.5:1:3", ("× 0.5", "× 0.75", "× 1")),
        ("extent=2.6001,2.6002", ("± 2.6001", "± 2.6002")),
        ("inputs=['x'],['x','y']", ("x", "x, y")),
        ("color.invert=true,false", ("invert", "not invert")),
        ("show.view=picture,units", ("picture", "units")),
        ("depth=1,2 & activation=sin", ("depth 1", "depth 2")),
        ("depth=1,2 & activation=sin,cos", ("depth 1", "depth 2")),
        ("depth=1,1,2 & seed=1,2,2", ("depth 1 · seed 1", "depth 1 · seed 2", "depth 2 · seed 2")),
        ("seed=5", ("seed 5",)),
        ("", ("",)),
    ],
)
def test_labels(text: str, words: tuple[str, ...]) -> None:
    assert labels(axis(text)) == words


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rows": "dept=1:3"}, "sweep.rows: dept: no such key; did you mean 'depth'?"),
        ({"cols": "network.dept=1:3"}, "sweep.cols: network.dept: no such key; did you mean"),
        ({"rows": "depth=0:3"}, "sweep.rows: network.depth: 0 is not an integer from 1 to 64"),
        ({"rows": "depth=1.5,2"}, "sweep.rows: network.depth: 1.5 is not an integer"),
        ({"rows": "activation=tahn"}, "sweep.rows: network.activation: no 'tahn'; did you mean"),
        ({"rows": "layer=0:3"}, "sweep.rows: layer: 0 is not an integer from 1 to 64"),
        ({"rows": "inputs=['q']"}, "sweep.rows: network.inputs: no input 'q'"),
        ({"rows": "time=a"}, "sweep.rows: time: 'a' is not a number"),
        ({"rows": "gap=1:3"}, "sweep.rows: gap: cannot vary from cell to cell"),
        ({"rows": "title=a,b"}, "sweep.rows: title: cannot vary"),
        ({"rows": "depth=1:3 & network.depth=1:3"}, "sweep.rows: a key is given twice on one axis"),
        (
            {"rows": "depth=1:3", "cols": "network.depth=1:3"},
            "sweep.cols: network.depth already varies",
        ),
        ({"rows": "seed=1:2000"}, "sweep.rows: 1:2000 is more than 1024 values"),
    ],
)
def test_a_wrong_sheet_is_one_line(keys: dict[str, str], words: str) -> None:
    with pytest.raises(PresetError) as caught:
        BASE.replace(**keys)
    assert words in str(caught.value)
    with pytest.raises(PresetError) as caught:
        parse_preset("[sweep]\n" + "\n".join(f'{k} = "{v}"' for k, v in keys.items()), source="a")
    assert str(caught.value).startswith("a:")


def test_what_only_shows_in_a_cell_is_said_of_its_axis() -> None:
    with pytest.raises(PresetError, match=r"sweep\.rows: network\.latent: 1 values;"):
        cells(BASE.replace(inputs=["z0"], latent=[1], rows="inputs=['z0'],['z0','z1']"))
    with pytest.raises(PresetError, match=r"sweep\.rows: network\.depth: cannot be changed"):
        cells(given_layers().replace(rows="depth=1:2"))
    with pytest.raises(
        PresetError, match=r"sweep\.cols: show\.view: a cell of a sheet cannot be a sheet"
    ):
        cells(BASE.replace(cols="show.view=sheet,units"))


texts = st.text("ab=:,&[]'\"0123456789.-elog ", max_size=20) | st.sampled_from(
    ["depth=1:3", "seed=1:2", "layer=1:9", "time=0:1:2", "activation=sin,cos", "extent=1:9:3:log"]
)


@given(texts, texts, st.integers(0, 5), st.sampled_from(["shared", "varying"]))
def test_whatever_is_written_gives_a_sheet_or_one_error(
    rows: str, cols: str, wrap: int, seeds: str
) -> None:
    with contextlib.suppress(PresetError):
        preset = BASE.replace(rows=rows, cols=cols, wrap=wrap, seeds=seeds)
        assert parse_preset(preset.to_toml()) == preset
        grid = cells(preset)
        places = [(cell.row, cell.column) for cell in grid.cells]
        assert places == [divmod(k, grid.columns) for k in range(len(places))]
        assert len(grid.row_labels) == grid.rows
        assert len(grid.column_labels) == grid.columns

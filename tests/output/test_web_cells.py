"""What a page is told of the cells of a sheet."""

import json
from typing import Any

import pytest

from cppn_gl import load_preset
from cppn_gl.output.web.cells import describe_cells
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError


def sheet(**keys: Any) -> Preset:
    return Preset().replace(**{"show.view": "sheet", "network.depth": 4, **keys})


def described(preset: Preset) -> dict[str, Any]:
    return dict(json.loads(json.dumps(describe_cells(Shot(preset)))))


def test_each_cell_tells_its_keys_its_time_and_its_layer() -> None:
    found = described(
        sheet(**{"sweep.rows": "seed=3,9223372036854775807", "sweep.cols": "layer=1:2 & time=0,1"})
    )
    assert [cell["keys"] for cell in found["cells"]] == [
        {"network.seed": "3"},
        {"network.seed": "3"},
        {"network.seed": "9223372036854775807"},
        {"network.seed": "9223372036854775807"},
    ]
    assert [(cell["layer"], cell["time"]) for cell in found["cells"]] == [(1, 0), (2, 1)] * 2
    assert (found["rows"], found["columns"], found["seeds"]) == (2, 2, False)


def test_without_a_sweep_the_seeds_count_up_or_the_layers() -> None:
    found = described(sheet())
    assert found["seeds"]
    assert all(cell["keys"] == {} for cell in found["cells"])
    given = load_preset("planes-rgb").replace(**{"sweep.cols": ""})
    assert [cell["layer"] for cell in described(given)["cells"]] == [1]


def test_labels_and_their_order_are_the_sheets() -> None:
    preset = load_preset("depth-by-width")
    found = described(preset)
    grid = cells(preset)
    assert [cell["label"] for cell in found["cells"]] == [cell.label for cell in grid.cells]
    assert tuple(found["column_labels"]) == grid.column_labels
    assert set(found["fonts"]) == {"8", str(found["font"])}


def test_only_pictures_are_in_cells() -> None:
    with pytest.raises(PresetError, match="only pictures in the cells"):
        describe_cells(Shot(sheet(**{"sweep.cols": "view=picture,layers"})))

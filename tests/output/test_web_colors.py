"""What a page is told of colours."""

import json
import zlib

import numpy as np
import pytest

from cppn_gl.output.web.colors import describe_color
from cppn_gl.preset.color import MAPPINGS, Color
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.colormaps import SIZE, between


def described(**keys: object) -> dict[str, object]:
    return describe_color(Preset(color=Color(**keys)))  # type: ignore[arg-type]


def palette(table: str) -> np.ndarray:
    steps = np.frombuffer(bytes.fromhex(table), np.uint8).reshape(3, -1).T
    knots = np.cumsum(steps, axis=0, dtype=np.uint8) / 255
    return between(knots, np.linspace(0, len(knots) - 1, SIZE))


def test_all_mappings_travel_in_little_room() -> None:
    text = json.dumps(described())
    assert list(json.loads(text)["mappings"]) == list(MAPPINGS)
    assert len(zlib.compress(text.encode(), 9)) < 3000


@pytest.mark.parametrize("mapping", ["viridis", "tab10", "crameri:roma_r"])
def test_a_table_is_within_a_level_and_the_presets_own_within_half_of_one(mapping: str) -> None:
    for name, row in described(mapping=mapping)["mappings"].items():  # type: ignore[attr-defined]
        if "table" in row:
            color = Color(mapping=name)
            off = np.abs(palette(row["table"]) - color.table).max() * 255
            assert off < (0.51 if name == mapping else 0.95), name


def test_every_mapping_has_exactly_one_way_to_its_colours() -> None:
    ways = {"stops", "own", "ink", "table"}
    for name, row in described()["mappings"].items():  # type: ignore[attr-defined]
        mapping = MAPPINGS[name]
        assert len(ways & row.keys()) == bool(mapping.palette or mapping.plates), name
        assert row.get("plates", False) == mapping.plates


def test_the_keys_are_the_presets() -> None:
    found = described(mapping="palette", palette=("#102030", "#ffffff"), isolines=0.25, inks=3)
    assert found["palette"] == ("#102030", "#ffffff")
    assert (found["mapping"], found["isolines"], found["inks"]) == ("palette", 0.25, 3)

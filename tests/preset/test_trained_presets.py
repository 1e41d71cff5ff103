"""Trained presets: what pictures and TOML files carry, and what opens where the data are not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn.training import run as runs
from cppn_gl.output.formats import format_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import (
    carried,
    left_out,
    packed,
    received,
    save_preset,
    unpacked,
    unused,
)
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, parse_shot, read_shot
from cppn_gl.preset.training_film import training_film
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.origin import NOWHERE, USER, Origin

POINTS = "x,y,class\n" + "".join(
    f"{x},{y},{'ab'[x * y > 0]}\n" for x in range(-4, 5) for y in range(-4, 5)
)


def preset(**keys: Any) -> Preset:
    plain = {"network.depth": 3, "network.width": 5, "network.init": "glorot_uniform"}
    plain |= {"train.data": "xor", "train.points": 60, "train.steps": 41}
    return Preset(name="mine").replace(**plain | {n.replace("__", "."): v for n, v in keys.items()})


def forget() -> None:
    runs._runs.clear()


@pytest.fixture
def table(tmp_path: Path) -> Preset:
    """A preset that learns a table of points in a folder of its own."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "points.csv").write_text(POINTS)
    return preset(train__data=str(tmp_path / "own" / "points.csv"))


def test_a_picture_shows_its_network_at_once_and_trains_on_to_the_bit(tmp_path: Path) -> None:
    which = preset(train__optimizer="adam")
    wanted, later = which.network(), which.run.state(100)
    for name in ("a.png", "a.tif", "a.webp"):
        path = tmp_path / name
        with path.open("wb") as file:
            format_of(path).write(file, np.zeros((5, 7, 3), np.uint8), Shot(which, (7, 5)))
        forget()
        found = read_shot(path).preset
        assert found == which
        assert found.checkpoint is not None
        assert found.run.ready(41)
        assert found.run.step == 41
        assert found.network().digest == wanted.digest
        assert found.run.state(100).parameters.tobytes() == later.parameters.tobytes()
        assert Shot(found).to_text() == Shot(which).to_text()


def test_another_rate_does_not_use_the_weights() -> None:
    found = parse_shot(Shot(preset()).to_text(), "a").preset
    other = found.replace(rate=0.3)
    assert other.checkpoint is None
    assert other.network().digest == preset(train__rate=0.3).network().digest


def test_without_the_data_the_picture_stays_and_says_what_cannot_go_on(table: Preset) -> None:
    text, wanted = Shot(table).to_text(), table.network()
    assert "points.csv is named in the picture, not carried" in left_out(table)
    assert str(table.train.path.parent) not in text
    forget()
    found = parse_shot(text, "a").preset
    assert left_out(found).startswith("training cannot go on from step 41: 'points.csv' is not")
    assert found.train.data == "points.csv"
    assert found.network().digest == wanted.digest
    assert (len(found.dataset), found.dataset.names) == (0, ("a", "b"))
    run = found.run
    assert "'points.csv' is not there: put it beside the preset" in run.problem
    assert run.advance(5) == 0
    assert run.within(99) == 41
    assert Shot(found).to_text() == text
    for change in ({"steps": 7}, {"rate": 0.5}):
        with pytest.raises(PresetError, match=r"'points\.csv' is not there") as caught:
            found.replace(**change).network()
        assert caught.value.key == "train.data"
    with pytest.raises(PresetError, match=r"'points\.csv' is not there"):
        training_film(found, 1.0)


def test_where_the_data_are_beside_it_training_goes_on(table: Preset, tmp_path: Path) -> None:
    text, later = Shot(table).to_text(), table.run.state(60)
    forget()
    found = parse_shot(text, "a", Origin(tmp_path / "own")).preset
    assert found.run.problem == ""
    assert found.run.state(60).parameters.tobytes() == later.parameters.tobytes()
    (tmp_path / "own" / "points.csv").write_text(POINTS.replace(",", ", "))  # the same points
    assert parse_shot(text, "a", Origin(tmp_path / "own")).preset.run.problem == ""
    (tmp_path / "own" / "points.csv").write_text(POINTS + "0.5,0.5,a\n")
    other = parse_shot(text, "a", Origin(tmp_path / "own")).preset
    assert other.network().digest == found.network().digest
    assert other.run.problem == "points.csv is not the file that was learned"


def test_a_saved_preset_names_its_weights_and_data(table: Preset, tmp_path: Path) -> None:
    wanted = table.network()
    path = tmp_path / "own" / "saved.toml"
    save_preset(path, table)
    assert 'data = "points.csv"' in path.read_text()
    assert 'checkpoint = "saved-trained.safetensors"' in path.read_text()
    forget()
    found = load_preset(path)
    assert found.run.ready(41)
    assert found.network().digest == wanted.digest
    assert unused(found) == ""
    other = found.replace(rate=0.2)
    assert unused(other).startswith("saved-trained.safetensors is of another network, other data")
    elsewhere = tmp_path / "elsewhere.toml"
    save_preset(elsewhere, found)
    assert load_preset(elsewhere).network().digest == wanted.digest
    with pytest.raises(CaptureError):
        save_preset(path, table)
    save_preset(tmp_path / "start.toml", preset(train__steps=0))
    assert not (tmp_path / "start-trained.safetensors").exists()


def test_workers_get_the_data_too(table: Preset, tmp_path: Path) -> None:
    document = json.loads(Shot(table).to_text(whole=True))
    forget()
    found = unpacked(document, origin=received(document, tmp_path))
    assert found.replace(steps=50).network().digest == table.replace(steps=50).network().digest
    assert found.train.path.name == "points.csv"
    assert packed(found) == packed(table)
    assert received(packed(preset()), tmp_path) == NOWHERE


def test_processes_here_get_paths(table: Preset) -> None:
    document = packed(table, local=True)
    assert document.keys() == {"preset"}
    assert unpacked(document, origin=USER).dataset.digest == table.dataset.digest
    found = parse_shot(Shot(table).to_text(), "a").preset  # its data are elsewhere
    again = unpacked(packed(found, local=True), origin=USER)
    assert again.network().digest == table.network().digest


def test_a_shipped_picture_is_found_from_everywhere(tmp_path: Path) -> None:
    which = preset(train__data="anchor.png", train__steps=2, train__batch=4)
    found = parse_shot(Shot(which).to_text(), "a").preset
    assert found.dataset.kind == "picture"
    assert found.dataset.problem == left_out(which) == ""
    save_preset(tmp_path / "a.toml", which)
    assert 'data = "anchor.png"' in (tmp_path / "a.toml").read_text()
    Image.new("RGB", (4, 3), "red").save(tmp_path / "anchor.png")
    assert load_preset(tmp_path / "a.toml").dataset.size == (4, 3)


def test_text_from_elsewhere_cannot_name_files_in_a_sheet() -> None:
    for cols in ("train.data=circle,'points.csv'", "train.checkpoint='a.safetensors'"):
        with pytest.raises(PresetError, match="a preset from elsewhere cannot name files"):
            parse_preset(f'[sweep]\ncols = "{cols}"\n')
    assert parse_preset('[sweep]\ncols = "train.data=circle,spiral"\n').sweep.cols


def test_damaged_weights_are_one_line() -> None:
    for broken, problem in (("?", "checkpoint in this file is damaged"), ("AAAA", "not a safeten")):
        document = json.loads(Shot(preset()).to_text()) | {"checkpoint": broken}
        with pytest.raises(PresetError, match=problem) as caught:
            unpacked(document)
        assert "\n" not in str(caught.value)


def test_what_a_preset_without_training_carries_is_as_before() -> None:
    assert packed(Preset()).keys() == {"preset"}
    assert carried(Preset()) is None
    assert "[train]" not in Preset().to_toml()


def test_a_film_reaches_the_last_step_with_its_last_frame() -> None:
    film = training_film(preset(), 2.0)
    assert [film.at(time).train.steps for time in (0, 0.5, 1, 2, 9)] == [0, 10, 21, 41, 41]
    assert film.at(1.0).network().digest == preset(train__steps=21).network().digest


def test_points_of_ones_own_are_written_in_a_line_each() -> None:
    own = ((1.0, -2.0, 0.0), (1e-05, 3.5, 1.0))
    preset = Preset().replace(**{"train.data": "own", "train.own": own})
    text = preset.to_toml()
    assert "\nown = [\n    [1.0, -2.0, 0.0],\n    [1e-05, 3.5, 1.0],\n]\n" in text
    assert parse_preset(text, name=preset.name) == preset

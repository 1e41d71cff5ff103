"""Views' options: each view's own table, and the keys of [show] that set one for several views."""

import json
from typing import Any

import pytest

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import (
    VIEWS,
    SensitivityOptions,
    SurfaceOptions,
    UnitsOptions,
    ViewRow,
    VolumeOptions,
)
from cppn_gl.preset.tables import register
from cppn_gl.utils.checks import PresetError

# Every option of views of the plane: a value, and the views that it is for.
OLD: dict[str, tuple[Any, str]] = {
    "layer": (3, "layers units curves sensitivity regions"),
    "unit": ((1, 2), "units receptive"),
    "before": (True, "layers units curves surface"),
    "connections": (True, "units"),
    "zoom": (True, "units"),
    "pinned": (((1, 2), (2, 1)), "units"),
    "channel": ("green", "surface volume gradient sensitivity receptive"),
    "paint": ("picture", "surface"),
    "panels": ("sum", "surface"),
    "contours": (3, "surface loss_landscape"),
    "relief": (0.75, "surface loss_landscape"),
    "turn": (70.0, "surface volume warp loss_landscape"),
    "tilt": (-20.0, "surface volume warp loss_landscape"),
    "distance": (6.0, "surface volume warp loss_landscape"),
    "opacity": (9.0, "volume"),
    "threshold": (0.25, "volume"),
    "left": (-0.5, "volume"),
    "right": (0.5, "volume"),
    "front": (-0.25, "volume"),
    "back": (0.25, "volume"),
    "bottom": (-0.75, "volume"),
    "top": (0.75, "volume"),
    "slice": (False, "volume"),
    "noise": (0.1, "sensitivity"),
    "point": ((0.5, -0.25), "receptive"),
    "averaged": (3, "receptive"),
    "panes": ("difference", "painting"),
    "position": (2.5, "warp"),
    "lines": (7, "warp"),
    "sheet": (False, "warp"),
    "dots": (False, "warp"),
    "project": ("units", "warp"),
    "units": ((1, 2), "warp"),
    "plane": ("path", "loss_landscape"),
    "raised": (True, "loss_landscape"),
    "reach": (0.5, "loss_landscape"),
    "directions": (7, "loss_landscape"),
    "measured": ("tests", "loss_landscape"),
    "limits": ((0.01, 2.0), "loss_landscape"),
    "across": ("rate", "trainability"),
    "up": ("momentum", "trainability"),
    "train_steps": (60, "trainability"),
    "tone": ("fixed", "trainability"),
    "measure": ("length", "order_chaos"),
    "edges": ("all", "order_chaos"),
    "pictures": (False, "order_chaos"),
    "square": (2.5, "order_chaos"),
    "measured_depth": (24, "order_chaos"),
    "measured_width": (12, "order_chaos"),
}
# Shipped presets' options, as [show] sets them.
FILES = {
    "landscape": 'paint = "picture"\ncontours = 0\nrelief = 0.7\ntilt = 42.0',
    "layers-before": "before = true",
    "network-diagram": "connections = true",
    "sensitivity": "layer = 1",
    "three-planes": 'panels = "sum"\ntilt = 30.0',
    "volume-color": "opacity = 8.0\nthreshold = 0.5",
    "volume-grey": "opacity = 5.0\nthreshold = 0.6",
}
NUMBERS = [name for name, (value, _) in OLD.items() if type(value) in (int, float)]
old = pytest.mark.parametrize("name", OLD)


def toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def changed(preset: Preset) -> dict[str, dict[str, Any]]:
    """The options that are not as usual, by view."""
    found: dict[str, dict[str, Any]] = {}
    for row in VIEWS.values():
        if row.options is not None:
            now, usual = vars(preset.options(row.options)), vars(row.options())
            found[row.name] = {name: value for name, value in now.items() if value != usual[name]}
    return {name: values for name, values in found.items() if values}


def test_there_is_no_other_option_of_views() -> None:
    rows = [row for row in VIEWS.values() if row.options and not row.images]
    every = {name for row in rows if row.options for name in vars(row.options())}
    assert every == set(OLD)


def test_options_of_networks_that_see_pictures_are_shared_where_no_other_view_has_them() -> None:
    both = parse_preset('[show]\nunit = [0, 2]\nsort = "activity"')
    assert changed(both) == {
        "units": {"unit": (0, 2)},
        "receptive": {"unit": (0, 2)},
        "channels": {"sort": "activity"},
    }


@old
def test_an_option_of_show_is_that_of_every_view_that_has_it(name: str) -> None:
    value, views = OLD[name]
    wanted = {view: {name: value} for view in views.split()}
    text = f"[show]\n{name} = {toml(value)}"
    preset = parse_preset(text)
    assert changed(preset) == wanted
    assert Preset().replace(**{f"show.{name}": value}) == preset
    assert Preset().replace(**{name: value}) == preset
    again = preset.to_toml()
    assert "[show]" not in again
    assert all(f"[{view}]" in again for view in wanted)
    assert parse_preset(again) == preset


@old
def test_a_view_s_own_table_says_it_for_that_view_alone(name: str) -> None:
    value, views = OLD[name]
    for view in views.split():
        preset = parse_preset(f"[{view}]\n{name} = {toml(value)}")
        assert changed(preset) == {view: {name: value}}
        assert Preset().replace(**{f"{view}.{name}": value}) == preset
        assert parse_preset(preset.to_toml()) == preset


def test_its_own_table_holds_beside_show() -> None:
    preset = parse_preset("[volume]\nturn = 10\n[show]\nturn = 20")
    assert changed(preset) == {
        "volume": {"turn": 10.0},
        "surface": {"turn": 20.0},
        "warp": {"turn": 20.0},
        "loss_landscape": {"turn": 20.0},
    }
    keys = {"volume.turn": 10, "show.turn": 20}
    assert Preset().replace(**keys) == Preset().replace(**dict(reversed(keys.items()))) == preset


@pytest.mark.parametrize("name", NUMBERS)
def test_an_option_of_show_moves_for_every_view_that_has_it(name: str) -> None:
    value, views = OLD[name]
    text = f'[animation]\nending = "stop"\n[animate]\n"show.{name}" = [{value}, {value}]'
    preset = parse_preset(text)
    assert changed(preset) == {}
    assert changed(preset.at(12.0)) == {view: {name: value} for view in views.split()}
    assert {key.partition(".")[0] for key, _ in preset.animate.moving} == set(views.split())
    assert parse_preset(preset.to_toml()) == preset
    assert not preset.replace(**{name: value}).moves
    assert not preset.replace(**{f"animate.show.{name}": None}).moves


def test_one_view_s_option_moves_and_a_set_one_rests() -> None:
    both = Preset().replace(**{"animate.turn": [0, 90]})
    one = both.replace(**{"volume.turn": 5})
    moving = [key for key, _ in one.animate.moving]
    assert moving == ["loss_landscape.turn", "surface.turn", "warp.turn"]
    assert one.at(12.0).options(VolumeOptions).turn == 5
    assert one.at(12.0).options(SurfaceOptions).turn == 90


def test_a_sheet_varies_one_view_s_option_or_all_of_a_name() -> None:
    def turns(axis: str) -> list[tuple[float, float]]:
        found = cells(Preset().replace(**{"sweep.rows": axis})).cells
        presets = [cell.preset for cell in found]
        return [(p.options(SurfaceOptions).turn, p.options(VolumeOptions).turn) for p in presets]

    assert turns("volume.turn=0:90:2") == [(30, 0), (30, 90)]
    for name in ("turn", "show.turn"):
        assert turns(f"{name}=0:90:2") == [(0, 0), (90, 90)]
    layers = cells(Preset().replace(**{"sweep.cols": "show.layer=1:2"})).cells
    assert [c.preset.options(UnitsOptions).layer for c in layers] == [1, 2]
    assert {c.preset.spec.depth for c in layers} == {Preset().spec.depth}
    with pytest.raises(PresetError, match=r"sweep\.cols: .* already varies along the rows"):
        Preset().replace(**{"sweep.rows": "turn=0:90:2", "sweep.cols": "volume.turn=0:9:2"})


@pytest.mark.parametrize("name", FILES)
def test_shipped_presets_of_before_views_had_tables_show_the_same(name: str) -> None:
    now = load_preset(name)
    before = parse_preset(f'[show]\nview = "{now.show.view}"\n{FILES[name]}')
    assert before.show == now.show
    assert before.table(now.show.view) == now.table(now.show.view)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[show]\nturn = 'up'", "a:2: show.turn: 'up' is not a number from -3600 to 3600"),
        ("[show]\nopacity = 900", "a:2: show.opacity: 900 is not a number from 0 to 200"),
        ("[volume]\nopacity = 900", "a:2: volume.opacity: 900 is not a number from 0 to 200"),
        ("[show]\nuntt = 1", "a:2: show.untt: no such key; did you mean 'unit'?"),
        ("[volume]\ncontours = 1", "a:2: volume.contours: no such key"),
        ("[volme]\nopacity = 1", "a:1: volme: no such key; did you mean 'volume'?"),
        ("volume = 3", "a:1: volume: 3; expected a table [volume]"),
        ("[picture]\nlayer = 1", "a:1: picture: no such key"),
        ("[show]\nview = 'volum'", "a:2: show.view: no 'volum'; did you mean 'volume'?"),
        ("[animate]\n'show.paint' = [1, 2]", "a:2: animate.show.paint: 1 is not one of"),
        ("[animate]\n'show.turn' = [1, 9e9]", "a:2: animate.show.turn: 9000000000.0 is not"),
        ("[animate]\nturn = [1, 2]\n'show.turn' = [1, 2]", "animate.turn: a key is given twice"),
    ],
)
def test_a_mistake_names_the_key_as_it_is_written(text: str, words: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse_preset(text, source="a")
    assert words in str(caught.value)


def test_what_is_as_usual_is_not_told_and_makes_no_difference() -> None:
    usual = Preset().replace(**{"volume.opacity": 4.0, "turn": 30})
    assert usual == Preset()
    assert hash(usual) == hash(Preset())
    assert "[volume]" not in usual.to_toml()
    assert Preset().options(SensitivityOptions) == SensitivityOptions()


@pytest.mark.parametrize("name", ["network", "volume", "title", "no name", ""])
def test_a_name_that_is_taken_is_no_view_s(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid name for a view"):
        register(ViewRow(name, "a view", "module:View"))
    with pytest.raises(ValueError, match="already has a table"):
        register(ViewRow("other", "a view", "module:View", VolumeOptions))
    assert "other" not in VIEWS

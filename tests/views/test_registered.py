"""A view registered by code outside the package: drawn, explored and documented like any other."""

import dataclasses
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.cli.main import main
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.show import VIEWS, Layered, Options, ViewRow, VolumeOptions
from cppn_gl.preset.tables import TABLES, register
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.checks import PresetError, choice, integer, key, number
from cppn_gl.utils.resources import resource
from cppn_gl.utils.tasks import Steps
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.views import ALL
from cppn_gl.views.base import CPUView, Picture

SIZE = (32, 20)
TONES = {"dark": 0.25, "light": 0.75}
TOOL = resource("presets").parent / "tools" / "make_docs.py"


@dataclass(frozen=True)
class ToyOptions(Layered):
    """An option of each kind, one shared with other views, one of a name that another view has."""

    size: int = key(1, integer(1, 9), "side of a square in pixels", step=1)
    tone: str = key("dark", choice(TONES), "of the ground: dark light")
    opacity: float = key(1.0, number(0, 1), "of the square", step=0.1)


class ToyView(CPUView):
    """A white square on a ground."""

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        options = scene.options(ToyOptions)
        yield
        picture = np.full((size[1], size[0], 3), TONES[options.tone], np.float32)
        picture[: options.size, : options.size] = options.opacity
        return picture


@pytest.fixture(autouse=True)
def toy() -> Iterator[None]:
    register(ViewRow("toy", "a square on a ground", ToyView, ToyOptions))
    yield
    del VIEWS["toy"], TABLES["toy"]


def toys(picture: np.ndarray) -> tuple[int, float]:
    """The side of the square, and the ground."""
    return int((picture[0, :, 0] == 255).sum()), round(float(picture[-1, -1, 0]) / 255, 2)


def seen(**options: object) -> Preset:
    return Preset().replace(view="toy", **{f"toy.{n}": value for n, value in options.items()})


def test_the_renderer_draws_it_by_its_options() -> None:
    with Renderer("numpy") as renderer:
        assert toys(renderer.render(seen(), SIZE)) == (1, 0.25)
        assert toys(renderer.render(seen(size=5, tone="light"), SIZE)) == (5, 0.75)
        moving = seen(tone="light").replace(**{"animate.toy.size": [2, 8], "ending": "stop"})
        assert toys(renderer.render(moving, SIZE, time=12.0)) == (8, 0.75)


def test_files_hold_its_table() -> None:
    preset = seen(size=3)
    assert "[toy]\n" in preset.to_toml()
    assert parse_preset(preset.to_toml()) == preset
    with pytest.raises(PresetError, match=r"a:2: toy\.sise: no such key; did you mean 'size'"):
        parse_preset("[toy]\nsise = 3", source="a")
    with pytest.raises(PresetError, match=r"toy\.size: 10 is not an integer from 1 to 9"):
        seen(size=10)


def test_a_sheet_varies_its_options() -> None:
    sheet = cells(Preset().replace(**{"sweep.cols": "view=toy & size=1:3"}))
    assert [cell.preset.options(ToyOptions).size for cell in sheet.cells] == [1, 2, 3]


def test_a_name_that_other_views_have_means_all_that_can_take_the_value() -> None:
    def opacities(preset: Preset) -> tuple[float, float]:
        return preset.options(VolumeOptions).opacity, preset.options(ToyOptions).opacity

    assert opacities(Preset().replace(opacity=0.5)) == (0.5, 0.5)
    assert opacities(Preset().replace(opacity=8)) == (8.0, 1.0)
    assert opacities(parse_preset("[show]\nopacity = 8")) == (8.0, 1.0)
    assert opacities(Preset().replace(**{"animate.opacity": [8, 8]}).at(1)) == (8.0, 1.0)
    with pytest.raises(PresetError, match=r"show\.opacity: 900 is not a number"):
        Preset().replace(opacity=900)
    assert Preset().replace(layer=2).options(ToyOptions).layer == 2


def test_the_command_line_reaches_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    words = ["--view", "toy", "--set", "toy.size=3", "--engine", "numpy", "--size", "32x20"]
    assert main(["render", "-o", str(path), *words]) == 0
    shot = read_shot(path)
    assert (shot.preset.show.view, shot.preset.options(ToyOptions).size) == ("toy", 3)
    capsys.readouterr()
    assert main(["render", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f" {list(VIEWS)[-2]} toy" in told
    assert "toy.size" in told
    assert main(["render", "-o", str(path), "--view", "toi"]) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_keys_reach_it_and_its_options() -> None:
    before = [name for name in VIEWS if not ALL[name].unfit(Preset())][-2]
    explorer = Explorer(Preset().replace(view=before))
    explorer.next_view()
    assert (explorer.preset.show.view, explorer.message) == ("toy", "toy: a square on a ground")
    found = []
    for _ in ALL["toy"].knobs:
        found.append(explorer.knob)
        explorer.knob_up()
        explorer.next_knob()
    assert found == ["size", "tone", "opacity", "layer"]
    now = explorer.preset.options(ToyOptions)
    assert now == ToyOptions(size=2, tone="light", opacity=1.0, layer=1)
    explorer.layer_up()
    assert explorer.preset.options(ToyOptions).layer == 2
    explorer.next_view()
    assert explorer.preset.show.view == "picture"


@pytest.mark.skipif(not TOOL.exists(), reason="only in a checkout")
def test_the_documentation_lists_it() -> None:
    spec = importlib.util.spec_from_file_location("make_docs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    options = "`size` `tone` `opacity` `layer`"
    assert f"| `toy` | a square on a ground | {options} |" in tool.views_table()
    assert '| `toy.tone` | `"dark"` | of the ground: dark light |' in tool.preset_table()


def test_its_class_may_be_named_and_is_imported_when_it_is_drawn() -> None:
    register(ViewRow("other", "the same by its name", f"{__name__}:ToyView"))
    try:
        assert type(ALL["other"]).__name__ == "ToyView"
        assert (ALL["other"].name, ALL["other"].knobs) == ("other", ())
        assert (ALL["toy"].name, ALL["toy"].own_layers) == ("toy", True)
        assert not ALL["other"].own_layers
    finally:
        del VIEWS["other"]
    assert Options not in TABLES.values()


def _key(default: object = 1) -> object:
    return key(default, integer(0, 9), "a number")


def _options(*fields: tuple[str, Any] | tuple[str, Any, Any]) -> type:
    return dataclasses.make_dataclass("Own", fields, bases=(Options,), frozen=True)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (dataclass(frozen=True)(type("Own", (), {})), "not derived from Options"),
        (type("Own", (Options,), {"__annotations__": {"a": int}, "a": _key()}), "not a dataclass"),
        (_options(("a", int)), "'a' not made by key"),
        (_options(("a", int, 3)), "'a' not made by key"),
        (_options(("a", int, _key(10))), "a: 10 is not an integer from 0 to 9"),
    ],
)
def test_options_that_no_preset_could_hold_are_refused(options: type, problem: str) -> None:
    before = dict(VIEWS), dict(TABLES)
    with pytest.raises(ValueError, match=problem):
        register(ViewRow("other", "", ToyView, options))
    assert before == (VIEWS, TABLES)
    assert parse_preset(Preset().replace(layer=2).to_toml()).options(ToyOptions).layer == 2

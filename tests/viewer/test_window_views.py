"""Views in the live window: real keys, a real mouse, and the pixels that `render` gives."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desktop import Desktop, wait_for
from PIL import Image

from cppn_gl.cli.main import main
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.show import VIEWS, SensitivityOptions, SurfaceOptions, UnitsOptions
from cppn_gl.utils.quantising import quantise
from cppn_gl.views import ALL
from cppn_gl.views.base import CPUView, lay_over, painted
from cppn_gl.views.picture import SAMPLES
from cppn_gl.views.units.units import board_of

pytestmark = [pytest.mark.window, pytest.mark.gl]

SIZE = (320, 200)
ALIKE, NEARLY_ALL = 2, 0.995  # of 255; of the pixels: overlays are blended by the device
BASE = """
format = 1
title = "All views"
[network]
depth = 3
width = 5
inputs = ["x", "y", "z0"]
activation = "relu"
weight_scale = 0.9
seed = 3
[view]
extent = 1.5
[sweep]
rows = "depth=1:2"
cols = "seed=1:3"
cell = [60, 40]
"""


def toml(view: str, more: str = "", **changes: str) -> str:
    text = BASE
    for name, value in changes.items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert count == 1
    return f'{text}{more}\n[show]\nview = "{view}"\n'


def surface(preset: Preset) -> SurfaceOptions:
    return preset.options(SurfaceOptions)


class Watched:
    """One window for many tests: each starts by writing a preset file, which the window reloads."""

    def __init__(self, desktop: Desktop, renderer: Renderer):
        self.desktop, self.renderer = desktop, renderer
        self.key, self.shows = desktop.key, desktop.shows
        self._saved = 0

    def open(self, text: str) -> Preset:
        """Show a preset by saving it."""
        self.point(-1, -1)
        expected = self.save(text)
        return self.shows(lambda preset: preset == expected, "the file")

    def save(self, text: str) -> Preset:
        """Save a preset, in one go: what is read twice undoes what was done meanwhile."""
        self._saved += 1  # no two are the same, so that one can be waited for
        text = text.replace('"All views"', f'"All views {self._saved}"')
        new = self.desktop.folder / "new.toml"
        new.write_text(text)
        new.rename(self.desktop.folder / "my.toml")
        return read_preset(self.desktop.folder / "my.toml")

    @property
    def time(self) -> float:
        return self.desktop.events()[-1]["time"]

    def point(self, x: float, y: float) -> None:
        """Move the mouse to a pixel; beyond the window for (-1, -1)."""
        if (x, y) == (-1, -1):
            self.desktop.xdotool("mousemove", "1200", "780")
        else:
            where = [str(round(x)), str(round(y))]
            self.desktop.xdotool("mousemove", "--window", self.desktop.window, *where)

    def click(self, x: float, y: float) -> None:
        self.point(x, y)
        self.desktop.xdotool("click", "1")

    def check(self, preset: Preset, cursor: tuple[float, float] | None = None) -> None:
        """Wait until the window shows just the pixels of a preset's view."""
        view = ALL[preset.show.view]
        samples = view.samples
        wait_for(lambda: (e := self.desktop.events()[-1])["samples"] == samples and e["finished"],
                 "all samples")  # fmt: skip
        if cursor is None:
            expected = self.renderer.render(preset, SIZE, self.time, samples=samples)
        else:
            assert isinstance(view, CPUView)
            of = scene_of(preset, self.time)
            bare = quantise(painted(view, of, SIZE))
            expected = lay_over(bare, view.overlay(of, SIZE, cursor))
        wait_for(lambda: self.share(expected) > NEARLY_ALL, f"the pixels of {view.name}")

    def share(self, expected: np.ndarray) -> float:
        """How much of the window is as expected."""
        apart = np.abs(self.desktop.pixels().astype(int) - expected)
        return float((apart <= ALIKE).all(axis=2).mean())

    def keep(self) -> Path:
        """Take a screenshot; its file."""
        before = set(self.desktop.folder.glob("my-*.png"))
        self.key("F2")
        return wait_for(lambda: set(self.desktop.folder.glob("my-*.png")) - before, "F2").pop()


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("fragment") as one:
        yield one


@pytest.fixture(scope="module")
def window(
    display: str, renderer: Renderer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("window")
    (folder / "my.toml").write_text(toml("picture"))
    size = "x".join(map(str, SIZE))
    variables = {"CPPN_GL_ENGINE": "fragment"}
    desktop = Desktop(display, folder, "my.toml", "--size", size, environment=variables)
    yield Watched(desktop, renderer)
    alive = desktop.process.poll() is None
    status = desktop.quit() if alive else None
    said = desktop.log.read_text()
    desktop.close()
    assert (alive, status, said) == (True, 0, "")  # no traceback in any of it


def test_v_goes_through_all_views_and_each_is_what_render_draws(window: Watched) -> None:
    preset = window.open(toml("picture"))
    names = [*(name for name in list(VIEWS)[1:] if not ALL[name].unfit(preset)), "picture"]
    images = {name for name, row in VIEWS.items() if row.images}
    learners = {"learning", "painting", "loss_landscape", "trainability"}  # it learns nothing
    assert set(VIEWS) - set(names) - images == learners
    for name in names:
        window.key("v")
        window.check(window.shows(lambda p, name=name: p.show.view == name, name))
    window.key("shift+v")
    window.shows(lambda p: p.show.view == names[-2], "the view before")


def test_a_click_on_a_cell_opens_it_and_backspace_returns(window: Watched) -> None:
    sheet = window.open(toml("sheet"))
    layout = ALL["sheet"].layout(sheet, SIZE)
    cell = layout.grid.at(1, 2)
    left, top, right, bottom = layout.box(1, 2)
    window.click((left + right) / 2, (top + bottom) / 2)
    window.check(
        window.shows(lambda p: p == cell.preset.replace(title=p.title), "the cell's network")
    )
    window.key("BackSpace")
    window.point(-1, -1)
    window.check(window.shows(lambda p: p == sheet, "the sheet"))
    window.click(1, 1)  # beside the cells there is nothing
    window.key("c")
    window.check(window.shows(lambda p: p.color.mapping == "red", "all cells in another colour"))


def test_what_is_pointed_at_is_shown_and_a_click_keeps_it(window: Watched) -> None:
    units = window.open(toml("units"))
    board = board_of(scene_of(units, 0.0), SIZE)
    left, top, right, bottom = board.box((2, 3))
    x, y = (left + right) // 2, (top + bottom) // 2
    window.point(x, y)
    window.check(units, (x, y))
    window.click(x, y)
    kept = window.shows(lambda p: p.options(UnitsOptions).unit == (2, 4), "a unit that is kept")
    window.point(-1, -1)
    window.check(kept)
    window.click(x, y)
    window.shows(lambda p: p.options(UnitsOptions).unit is None, "no unit that is kept")


def drag(window: Watched, start: tuple[int, int], end: tuple[int, int]) -> None:
    window.point(*start)
    window.desktop.xdotool("mousedown", "1")
    window.point((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    window.point(*end)
    window.desktop.xdotool("mouseup", "1")


@pytest.mark.parametrize("view", ["surface", "volume"])
def test_a_drag_turns_what_is_solid_and_the_wheel_comes_nearer(window: Watched, view: str) -> None:
    start = window.open(toml(view))
    drag(window, (100, 100), (150, 80))
    change = ALL[view].drag(start, 0.5, 0.2)  # half the shorter side is 1
    wanted = pytest.approx((change["show.turn"], change["show.tilt"]), abs=0.1)
    turned = window.shows(
        lambda p: (surface(p).turn, surface(p).tilt) == wanted,
        "a turned surface",
    )
    assert turned.view == start.view
    window.key("z")
    window.shows(lambda p: p == start, "the place before, in one step")
    window.desktop.xdotool("click", "--repeat", "2", "4")
    steps = ALL[view].zoom(start, 2)["show.distance"]
    nearer = window.shows(lambda p: surface(p).distance == steps, "a nearer surface")
    assert nearer.view == start.view
    window.key("equal")
    window.point(-1, -1)
    window.check(
        window.shows(
            lambda p: surface(p).distance < surface(nearer).distance,
            "nearer still",
        )
    )


def test_options_are_turned_by_keys(window: Watched) -> None:
    window.open(toml("surface"))
    window.key("k")
    window.shows(lambda p: surface(p).relief == 0.55, "more relief")
    window.key("o", "j")
    window.shows(lambda p: surface(p).contours == 9, "a contour less")
    window.key("shift+o", "shift+j")
    window.check(window.shows(lambda p: surface(p).relief == 0.35, "four steps less relief"))


def test_page_up_and_down_choose_a_views_layer(window: Watched) -> None:
    window.open(toml("sensitivity"))
    window.key("Next")
    window.check(
        window.shows(
            lambda p: p.options(SensitivityOptions).layer == 2 and p.spec.depth == 3, "layer 2"
        )
    )
    window.key("k", "k", "k")  # no further than there are layers
    window.shows(lambda p: p.options(SensitivityOptions).layer == 3, "layer 3")
    window.key("Prior", "v")
    window.shows(lambda p: p.show.view == "receptive", "the next view")
    window.key("v")
    window.shows(lambda p: p.show.view == "warp", "the view between")
    window.key("v")
    window.shows(lambda p: p.show.view == "order_chaos", "the last view")
    window.key("v", "Next")  # the picture of all layers but one
    window.check(window.shows(lambda p: p.show.view == "picture" and p.spec.depth == 2, "layer 2"))


def test_a_view_that_fits_no_more_gives_way_to_the_picture(window: Watched) -> None:
    window.open(toml("regions"))
    window.key("shift+a")  # the activation before relu bends nowhere
    preset = window.shows(lambda p: p.show.view == "picture", "the picture")
    assert preset.spec.activation != "relu"
    expected = window.renderer.render(preset, SIZE, samples=SAMPLES)
    wait_for(lambda: said(window, expected), "a message")
    window.key("a")
    window.check(window.shows(lambda p: p.show.view == "regions", "regions again"))


def said(window: Watched, expected: np.ndarray) -> bool:
    """Whether text covers a part of the picture at the bottom, and nothing else."""
    apart = (np.abs(window.desktop.pixels().astype(int) - expected) > ALIKE).any(axis=2)
    return bool(apart.any() and not apart[:100].any())


@pytest.mark.parametrize(
    ("view", "changes"),
    [
        ("gradient", {}),
        ("units", {}),
        ("surface", {}),
        ("sheet", {"cols": '"width=4,40"'}),  # which no one engine draws well
        ("sheet", {"rows": '"mapping=rgb,oklch,lab"'}),
        ("layers", {"width": "40"}),
    ],
)
def test_a_screenshot_is_made_again_byte_for_byte(
    window: Watched, view: str, changes: dict[str, str], tmp_path: Path
) -> None:
    preset = window.open(toml(view, **changes))
    path = window.keep()
    shot = read_shot(path)
    assert (shot.preset, shot.size) == (preset, SIZE)
    assert shot.samples == ALL[view].samples
    assert main(["render", str(path), "-o", str(tmp_path / "again.png"), "--quiet"]) == 0
    one, other = (np.asarray(Image.open(p)).astype(int) for p in (path, tmp_path / "again.png"))
    assert np.abs(one - other).max() == 0
    assert path.read_bytes() == (tmp_path / "again.png").read_bytes()


MOVING = {
    "a scale": '[animate]\n"network.weight_scale" = [0.4, 2.0]\n[animation]\nloop = 3.0',
    "a walk": "[animation]\nwalk = [1, 2, 3]\nloop = 3.0",
}


@pytest.mark.parametrize("what", MOVING)
@pytest.mark.parametrize("view", ["picture", "surface"])
def test_what_is_animated_moves_and_pauses(window: Watched, what: str, view: str) -> None:
    preset, events = window.save(toml(view, MOVING[what])), window.desktop.events

    def moved() -> list[dict[str, Any]]:
        return [e for e in events() if parse_preset(e["preset"]).title == preset.title]

    wait_for(lambda: len(moved()) >= 3, "pictures that move")
    some = [parse_preset(event["preset"]) for event in moved()[:3]]
    assert len({one.network().layers[0].weight.tobytes() for one in some}) == 3
    window.key("space")
    window.check(preset)
    still = events()[-1]
    assert parse_preset(still["preset"]) == preset.at(still["time"])
    window.key("period")
    wait_for(lambda: events()[-1]["time"] > still["time"], "a later time")
    window.check(preset)
    window.key("space")  # time runs in the next test

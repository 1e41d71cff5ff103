"""All views, each by the same rules: a view that breaks one is found here, whoever adds it."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from census import Census
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from samples import sample
from seers import seen_by
from viewing import begun, stage_of, viewed

from cppn_gl import Preset, Renderer
from cppn_gl.cli.main import main
from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.show import VIEWS, option_fields
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.canvas import MAX_SCALE, _coarse
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.knobs import turn, turned
from cppn_gl.views import ALL, view_of
from cppn_gl.views.base import CPUView, mean_of_samples

SIZES = [(320, 180), (63, 37), (1, 1), (2, 1), (7, 3), (3, 7), (20, 400), (400, 20)]
SMALL = (64, 36)
TIME = 0.3
# Three inputs, three outputs, creases: there is no view that cannot show it.
SUITED = Preset().replace(
    depth=4, width=6, inputs=["x", "y", "t"], activation="relu", seed=3, weight_scale=0.9
)
SUITED = SUITED.replace(cols="seed=1:4", rows="depth=1:3", **{"sweep.cell": [40, 30]})
PRESETS = Path(__file__).parents[2] / "presets"
# Some views show only what a network learns.
TAUGHT = SUITED.replace(**{"train.steps": 12, "train.points": 60})
TAUGHT_VIEWS = {
    "learning": TAUGHT.replace(**{"train.data": "circle"}),
    "loss_landscape": TAUGHT.replace(**{"train.data": "circle"}),
    "painting": TAUGHT.replace(**{"train.data": str(PRESETS / "anchor.png")}),
    "trainability": TAUGHT.replace(
        **{"train.data": "circle", "trainability.train_steps": 4, "train.rate": 1.0}
    ),
}
# Others show networks that see whole pictures.
SEEING_VIEWS = {name: seen_by(name, SUITED) for name, row in VIEWS.items() if row.images}
UNSUITED = Preset().replace(depth=3, width=4, inputs=["x", "y"], activation="tanh")
# How far the mean colour of coarse planes may be from that of fine ones: gaps and lines have at
# least a pixel there.
ALIKE = {"regions": 0.15, "units": 0.06, "layers": 0.04}

every = pytest.mark.parametrize("name", VIEWS)
gl = pytest.mark.gl


def suited(name: str) -> Preset:
    """A preset that a view can show."""
    return SEEING_VIEWS.get(name) or TAUGHT_VIEWS.get(name, SUITED)


def seen(name: str, preset: Preset | None = None, **show: object) -> Preset:
    """A preset seen by a view."""
    preset = preset or suited(name)
    return preset.replace(**{"show.view": name}, **{f"show.{k}": v for k, v in show.items()})


def scene(name: str) -> Scene:
    return scene_of(seen(name), TIME)


def test_the_table_and_the_names_are_the_same() -> None:
    assert list(ALL) == list(VIEWS)
    assert all(view.name == name for name, view in ALL.items())
    assert all(0 < len(row.help) <= 80 for row in VIEWS.values())
    assert len({row.help for row in VIEWS.values()}) == len(VIEWS)
    assert view_of(Preset()) is ALL["picture"]


@every
def test_page_up_and_down_are_its_own_where_it_has_an_option_layer(name: str) -> None:
    fields = [field.name for field in option_fields(VIEWS[name])]
    assert ALL[name].own_layers == ("layer" in fields)


@every
def test_its_knobs_are_options_that_can_be_turned(name: str) -> None:
    row, preset = VIEWS[name], seen(name)
    fields = {field.name: field for field in option_fields(row)}
    if not row.images:  # whose options are more than keys can turn
        assert set(fields) - set(ALL[name].knobs) <= {
            *("unit", "units", "pinned", "point", "limits")
        }
    assert len(set(ALL[name].knobs)) == len(ALL[name].knobs)
    for knob in ALL[name].knobs:
        assert row.options is not None
        for steps in (1, -1, 4, -4, 1000, -10_000, 10_000):
            value = turn(preset.options(row.options), knob, steps)
            preset = preset.replace(**{f"{name}.{knob}": value})  # which checks it
            assert getattr(preset.options(row.options), knob) == value
            assert turned(preset.options(row.options), knob).startswith(knob.replace("_", " "))


@every
def test_a_preset_that_it_cannot_show_is_refused_in_words(name: str, renderer: Renderer) -> None:
    assert ALL[name].unfit(seen(name)) == ""
    problem = ALL[name].unfit(UNSUITED)
    if not problem:
        return
    assert problem[0].islower()
    assert "\n" not in problem
    with pytest.raises(PresetError) as refused:
        renderer.render(seen(name, UNSUITED), SMALL)
    assert str(refused.value) == f"show.view: the view {name} {problem}"


def test_some_views_do_refuse() -> None:
    refusing = [name for name in VIEWS if ALL[name].unfit(UNSUITED)]
    assert {"volume", "regions"} <= set(refusing)
    assert "picture" not in refusing


@gl
@every
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_size_is_drawn_and_drawn_the_same_again(
    name: str, size: tuple[int, int], renderer: Renderer
) -> None:
    first = renderer.render(seen(name), size, TIME)
    assert first.shape == (size[1], size[0], 3)
    assert first.dtype == np.uint8
    renderer.render(seen(name), SMALL, TIME + 1)  # nothing of which may be left
    assert np.array_equal(renderer.render(seen(name), size, TIME), first)
    exact = renderer.render(seen(name), size, TIME, dtype="float32")
    assert exact.dtype == np.float32
    assert np.isfinite(exact).all()
    assert np.abs(np.round(255 * np.clip(exact, 0, 1)) - first).max() <= 1
    assert renderer.ctx.error == "GL_NO_ERROR"
    if min(size) >= 37:
        assert first.std() > 20  # and something is to be seen


@gl
@every
@pytest.mark.parametrize("paint", ["height", "picture"])
def test_it_uses_the_colours_or_says_that_it_has_its_own(
    name: str, paint: str, renderer: Renderer
) -> None:
    plain = seen(name, paint=paint)
    for color in ({"mapping": "magma"}, {"stretch": "minmax"}, {"invert": True}):
        one, two = (renderer.render(p, SMALL, TIME) for p in (plain, plain.replace(**color)))
        assert np.array_equal(one, two) != ALL[name].colored(plain), color
    explorer = Explorer(plain)
    before = explorer.preset
    explorer.next_color()
    if ALL[name].colored(plain):
        assert explorer.preset.color.mapping != plain.color.mapping
    else:
        assert explorer.preset == before
        assert explorer.message == f"the view {name} uses its own colours"


def test_views_that_show_the_picture_use_its_colours() -> None:
    heeding = {name for name in VIEWS if ALL[name].colors}
    assert heeding == {
        *(
            "picture",
            "sheet",
            "layers",
            "signal",
            "surface",
            "volume",
            "regions",
            "warp",
            "painting",
            "receptive",
        )
    }


@gl
def test_another_renderer_draws_the_same_bytes(renderer: Renderer) -> None:
    with Renderer("fragment") as other:
        for name in reversed(VIEWS):
            one, two = (r.render(seen(name), SMALL, TIME) for r in (renderer, other))
            assert np.array_equal(one, two), name


@every
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_words_are_as_large_as_the_picture_and_pointing_never_fails(
    name: str, size: tuple[int, int]
) -> None:
    of, view = scene(name), ALL[name]
    wide, high = size
    places = itertools.product(
        (-1e6, -0.5, 0, wide * 0.3, wide * 0.8, wide - 1, wide, 1e6),
        (-1e6, -0.5, 0, high * 0.2, high * 0.7, high - 1, high, 1e6),
    )
    plain = view.overlay(of, size)
    for place in (None, *places):
        words = view.overlay(of, size, place)
        assert (words is None) == (plain is None)
        assert words is None or (words.shape, words.dtype) == ((high, wide, 4), np.uint8)
        if words is not None and (place is None or not view.uses_cursor):
            assert np.array_equal(words, plain)
        if place is None:
            continue
        hit = view.hit(of, size, place)
        if hit is not None:
            assert hit.words
            assert "\n" not in hit.words
            assert of.preset.replace(**hit.changes) is not None
            assert hit.opens is None or not view_of(hit.opens).problem(hit.opens)


@gl
@every
def test_coarse_planes_look_as_fine_ones(name: str, renderer: Renderer) -> None:
    size = (320, 180)
    fine = np.clip(viewed(renderer, seen(name), size, TIME), 0, 1)
    for scale in (2, 4):
        region = Region.of(_coarse(size, scale), shape=size)
        drawn = viewed(renderer, seen(name), region.size, TIME, region=region)
        coarse = np.clip(drawn, 0, 1)
        apart = np.abs(fine.mean(axis=(0, 1)) - coarse.mean(axis=(0, 1))).max()
        assert apart <= ALIKE.get(name, 0.02)
    for scale in (MAX_SCALE // 2, MAX_SCALE):
        assert np.isfinite(viewed(renderer, seen(name), _coarse(size, scale), TIME)).all()


@gl
@every
def test_more_samples_are_the_average_of_a_larger_picture(name: str, renderer: Renderer) -> None:
    preset, (wide, high) = seen(name), SMALL
    found = renderer.render(preset, SMALL, TIME, samples=2, dtype="float32")
    plain = renderer.render(preset, SMALL, TIME, dtype="float32")
    assert np.abs(found.mean(axis=(0, 1)) - plain.mean(axis=(0, 1))).max() < 0.12
    region = Region.of((2 * wide, 2 * high), shape=SMALL)
    large = np.clip(viewed(renderer, preset, region.size, TIME, region=region), 0, 1)
    words = ALL[name].overlay(scene_of(preset, TIME), SMALL)
    bare = np.ones((high, wide), bool) if words is None else words[..., 3] == 0
    if not ALL[name].samples_itself:  # whose pictures are averaged each by itself
        assert np.abs(found - mean_of_samples(large, 2))[bare].max(initial=0) < 1e-4
    assert np.abs(renderer.render(preset, SMALL, TIME, samples=2) - 255 * found).max() <= 1.01


@gl
@every
def test_a_part_is_a_cut(name: str, renderer: Renderer) -> None:
    whole = renderer.render(seen(name), (63, 37), TIME)
    part = renderer.render(seen(name), (63, 37), TIME, part=(5, 11, 40, 7))
    assert np.array_equal(part, whole[11:18, 5:45])


@gl
@every
def test_nothing_leaks(name: str, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Census(monkeypatch)
    alive = []
    for k in range(30):  # of the last few, what they are drawn from is kept
        renderer.render(seen(name).replace(seed=k), (32 + k % 5, 18), TIME, samples=1 + k % 2)
        alive.append(sum(counted.alive().values()))
    assert max(alive[20:]) <= max(alive[10:20])


@gl
@every
def test_a_drawing_is_dropped_at_any_step_and_leaves_nothing(
    name: str, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = renderer.render(seen(name), (120, 70), TIME)
    counted = Census(monkeypatch)

    def drop() -> dict[str, int]:
        for steps in (0, 1, 2, 5, 9):
            with begun(renderer, seen(name).replace(seed=steps), (120, 70), TIME) as drawing:
                for _ in range(steps):
                    drawing.step(0.0)
                drawing.release()
        return counted.alive()

    drop()
    assert drop() == drop()
    assert np.array_equal(renderer.render(seen(name), (120, 70), TIME), expected)


@every
def test_a_file_gives_it_back(name: str) -> None:
    preset = seen(name, layer=2, unit=(1, 2), before=True, channel="green", turn=-12.5, noise=0.5)
    again = parse_preset(preset.to_toml())
    assert again == preset
    assert again.to_toml() == preset.to_toml()
    assert view_of(again) is ALL[name]


@gl
@every
def test_a_saved_picture_is_made_again_byte_for_byte(
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    renderer: Renderer,
) -> None:
    folder = tmp_path_factory.mktemp(name)
    monkeypatch.chdir(folder)
    (folder / "my.toml").write_text(suited(name).to_toml())
    words = ["--view", name, "--size", "65x37", "--time", "0.3", "--engine", "fragment"]
    assert main(["render", "my.toml", "-o", "x.png", *words]) == 0
    assert main(["render", "x.png", "-o", "y.png"]) == 0
    assert capsys.readouterr() == ("x.png\ny.png\n", "")
    assert (folder / "x.png").read_bytes() == (folder / "y.png").read_bytes()
    shot = read_shot(folder / "x.png")
    assert (shot.preset, shot.size, shot.time) == (seen(name), (65, 37), 0.3)
    drawn = renderer.render(shot.preset, shot.size, shot.time)
    assert np.array_equal(np.asarray(Image.open(folder / "x.png")), drawn)


@gl
@every
def test_a_view_is_drawn_by_steps_of_any_length(name: str, renderer: Renderer) -> None:
    with begun(renderer, seen(name), SMALL, TIME) as drawing:
        steps = 1
        while not drawing.step(0.0):
            steps += 1
            assert steps < 5000
        drawn = drawing.planes.read()
    assert np.abs(drawn - viewed(renderer, seen(name), SMALL, TIME, budget=9.0)).max() < 1e-6


@gl
@every
def test_two_pictures_drawn_by_turns_are_both_finished(name: str, renderer: Renderer) -> None:
    """As a screenshot is, while the window makes its own picture finer."""
    of = [seen(name), seen(name).replace(seed=9)]
    expected = [viewed(renderer, preset, (200, 120), TIME, budget=9.0) for preset in of]
    with renderer.ctx as ctx:
        sheets = [Planes(ctx, (200, 120)) for _ in of]
        drawings = [
            ALL[name].begin(stage_of(renderer), planes, scene_of(preset, TIME))
            for planes, preset in zip(sheets, of, strict=True)
        ]
        left = [*drawings]
        for _ in range(3000):
            left = [drawing for drawing in left if not drawing.step(0.0)]
            if not left:
                break
        assert left == []
        for drawing, planes, picture in zip(drawings, sheets, expected, strict=True):
            assert np.abs(planes.read() - picture).max() < 1e-6
            drawing.release()
            planes.release()


@every
def test_how_much_work_it_is(name: str) -> None:
    view, preset = ALL[name], suited(name)
    if VIEWS[name].images:
        assert 0 < view.work(scene_of(preset)) < math.inf
        return
    small = scene_of(seen(name, preset.replace(width=3, cols="seed=1:4")))
    large = scene_of(seen(name, preset.replace(width=60, depth=30, rows="", cols="seed=1:4")))
    assert 0 < view.work(small) <= view.work(large) < math.inf


@every
def test_smooth_are_the_views_that_shaders_draw(name: str) -> None:
    assert (ALL[name].samples > 1) != isinstance(ALL[name], CPUView)


VALUES = st.fixed_dictionaries(
    {
        "layer": st.sampled_from([0, 1, 2, 64]),
        "unit": st.sampled_from([(0, 1), (1, 1), (2, 3), (64, 9), (1, 60)]),
        "before": st.booleans(),
        "connections": st.booleans(),
        "channel": st.sampled_from(["all", "red", "green", "blue"]),
        "paint": st.sampled_from(["height", "picture"]),
        "panels": st.sampled_from(["one", "channels", "sum"]),
        "contours": st.sampled_from([0, 1, 100]),
        "relief": st.sampled_from([0, 0.5, 5]),
        "turn": st.sampled_from([-3600, 0, 30, 181]),
        "tilt": st.sampled_from([-90, 0, 30, 90]),
        "distance": st.sampled_from([1, 4, 100]),
        "opacity": st.sampled_from([0, 4, 200]),
        "threshold": st.sampled_from([0, 0.5, 1]),
        "top": st.sampled_from([-1.0, 0.0, 1.0]),
        "bottom": st.sampled_from([-1.0, 0.0, 1.0]),
        "slice": st.booleans(),
        "noise": st.sampled_from([1e-4, 0.02, 1]),
        "position": st.sampled_from([0.0, 0.1, 1.0, 1.7, 2.5, 64.0]),
        "lines": st.sampled_from([0, 1, 20, 60]),
        "project": st.sampled_from(["auto", "units", "components"]),
        "units": st.sampled_from([None, (1, 2), (3, 9, 1)]),
    }
)
SMALL_SAMPLES = [
    preset for preset in map(sample, range(65)) if preset.spec.depth * preset.spec.width <= 200
]


@gl
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    name=st.sampled_from(list(VIEWS)),
    preset=st.sampled_from(SMALL_SAMPLES),
    show=VALUES,
    size=st.sampled_from([(33, 17), (7, 3), (48, 27), (2, 50)]),
    time=st.sampled_from([0.0, -3.3, 1000.0]),
)
def test_whatever_a_preset_says_is_drawn_or_refused_in_words(
    renderer: Renderer,
    name: str,
    preset: Preset,
    show: dict[str, object],
    size: tuple[int, int],
    time: float,
) -> None:
    preset = seen(name, preset, **show)
    if ALL[name].unfit(preset):
        with pytest.raises(PresetError, match=f"^show.view: the view {name} (needs|shows)"):
            renderer.render(preset, size, time)
        return
    drawn = renderer.render(preset, size, time, dtype="float32")
    assert np.isfinite(drawn).all()
    eight = renderer.render(preset, size, time)
    assert np.abs(np.round(255 * np.clip(drawn, 0, 1)) - eight).max() <= 1
    of = scene_of(preset, time)
    for place in itertools.product(np.linspace(-1, size[0], 5), np.linspace(-1, size[1], 5)):
        hit = ALL[name].hit(of, size, place)
        if hit is not None and hit.changes:
            preset.replace(**hit.changes)
    assert renderer.ctx.error == "GL_NO_ERROR"


@pytest.fixture(autouse=True)
def no_error_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test here leaves OpenGL as it found it."""
    yield
    if "renderer" in request.fixturenames:
        shared = request.getfixturevalue("renderer")
        with shared.ctx:
            assert shared.ctx.error == "GL_NO_ERROR"


@pytest.mark.parametrize(
    "name", [n for n, row in VIEWS.items() if n != "picture" and not row.images]
)
def test_views_of_a_network_with_alpha_use_three_outputs(name: str, renderer: Renderer) -> None:
    """Except sheets, whose cells are pictures: see test_sheet.py."""
    clear = Preset().replace(depth=3, width=6, inputs=["x", "y", "t"], outputs=4, view=name)
    if not ALL[name].problem(clear):
        shown = renderer.render(clear, (96, 64), samples=1)
        assert shown.shape == (64, 96, 3)
        if name not in ("sheet", "layers"):
            opaque = renderer.render(clear.replace(outputs=3), (96, 64), samples=1)
            assert np.array_equal(shown, opaque)

"""Sheets of networks: each cell is the picture that its own preset has."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from truth import reference
from viewing import begun

from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.sheet import cells
from cppn_gl.utils.alpha import over
from cppn_gl.utils.arrays import Samples
from cppn_gl.views import ALL, sheet
from cppn_gl.views.lettering import GROUND
from cppn_gl.views.sheet import REFUSED, Networks
from cppn_gl.views.sheet_layout import SheetLayout, natural_size

pytestmark = pytest.mark.gl
TIME = 0.7
SHEET = ALL["sheet"]
PLAIN = Preset().replace(
    depth=3, width=5, inputs=["x", "y", "t"], seed=4, view="sheet", extent=1.5, weight_scale=0.9
)
PLAIN = PLAIN.replace(**{"sweep.labels": False, "sweep.cell": (40, 30), "sweep.gap": 3})


def laid(preset: Preset, size: tuple[int, int] | None = None) -> SheetLayout:
    return SHEET.layout(preset, size or natural_size(preset, cells(preset)))


def check_cells(
    renderer: Renderer,
    preset: Preset,
    size: tuple[int, int] | None = None,
    *,
    samples: Samples = 1,
    most: float = 0.0,
) -> int:
    """Assert that every cell is its preset's own picture, and the rest the ground; how many."""
    size = size or natural_size(preset, cells(preset))
    layout = laid(preset, size)
    drawn = renderer.render(preset, size, TIME, samples=samples)
    left = np.ones(drawn.shape[:2], bool)
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        time = TIME if cell.time is None else cell.time
        own = renderer.render(cell.preset, (x1 - x0, y1 - y0), time, samples=samples)
        assert np.abs(drawn[y0:y1, x0:x1].astype(int) - own).max() <= most, cell.label
        left[y0:y1, x0:x1] = False
    assert (drawn[left] == GROUND).all()
    return len(layout.grid.cells)


SHEETS = {
    "rows and columns": {"rows": "depth=1:3", "cols": "seed=1:4"},
    "rows alone": {"rows": "weight_scale=0.4:1.6:4:log"},
    "columns alone": {"cols": "activation=tanh,relu,sin,abs"},
    "folded": {"cols": "seed=1:11", "wrap": 4},
    "32 networks": {"cols": "seed=1:32", "wrap": 8, "sweep.cell": (24, 18)},
    "a seed for each": {"rows": "depth=1:3", "cols": "width=2,9", "seeds": "varying"},
    "times": {"cols": "time=0:2:5"},
    "layers": {"cols": "layer=1:3"},
    "mappings": {"rows": "mapping=rgb,oklch,lab", "cols": "seed=1:2"},
    "extents": {"cols": "extent=40:0.625:7:log"},
    "normalised and not": {"rows": "which=none,hidden,all", "cols": "weight_scale=0.3,3"},
    "nothing said": {},
    "centres": {"cols": "center=[0,0],[0.5,-1],[3,3]"},
}


@pytest.mark.parametrize("name", SHEETS)
def test_each_cell_is_that_networks_own_picture(name: str, renderer: Renderer) -> None:
    preset = PLAIN.replace(**SHEETS[name])
    assert check_cells(renderer, preset) >= 3
    assert check_cells(renderer, preset, (331, 203)) >= 3


def test_a_cell_is_what_the_reference_says(renderer: Renderer) -> None:
    preset = PLAIN.replace(rows="depth=1:2", cols="seed=1:2")
    layout = laid(preset)
    drawn = renderer.render(preset, natural_size(preset, layout.grid), TIME, dtype="float32")
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        exact = reference(cell.preset, (40, 30), TIME)
        assert np.abs(drawn[y0:y1, x0:x1] - exact).max() < 1e-5


def test_cells_of_any_view(renderer: Renderer) -> None:
    preset = PLAIN.replace(activation="relu", **{"sweep.cell": (64, 48)})
    names = ["picture", "layers", "surface", "volume", "regions", "gradient", "sensitivity"]
    preset = preset.replace(cols=f"view={','.join(names)}")
    size = natural_size(preset, cells(preset))
    layout, drawn = laid(preset), renderer.render(preset, size, TIME)
    assert [cell.preset.show.view for cell in layout.grid.cells] == names
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        own = renderer.render(cell.preset, (64, 48), TIME)
        assert np.abs(drawn[y0:y1, x0:x1].astype(int) - own).max() <= 1, cell.label


def test_a_cell_whose_view_cannot_show_it_stays_empty(renderer: Renderer) -> None:
    preset = PLAIN.replace(cols="view=picture,regions,volume", inputs=["x", "y"])
    layout, size = laid(preset), natural_size(preset, cells(preset))
    drawn = renderer.render(preset, size, TIME)
    empty = []
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        part = drawn[y0:y1, x0:x1]
        if (part == np.round(255 * np.array(REFUSED))).all():
            empty.append(cell.preset.show.view)
    assert empty == ["regions", "volume"]


def test_more_samples_are_each_cells_own(renderer: Renderer) -> None:
    """At twice the size edges lie on the same places: gap and cells are whole pixels."""
    preset = PLAIN.replace(rows="depth=1:2", cols="seed=1:2")
    check_cells(renderer, preset, samples=2, most=1)


def test_each_cell_has_as_many_samples_as_it_needs(renderer: Renderer) -> None:
    preset = PLAIN.replace(rows="depth=1:2", cols="weight_scale=1,9")
    check_cells(renderer, preset, samples="auto")
    steep = preset.replace(cols="weight_scale=9")
    drawn = [renderer.render(steep, (120, 90), TIME, samples=n) for n in ("auto", 1)]
    assert not np.array_equal(*drawn)


def test_wide_networks_among_narrow_ones(renderer: Renderer) -> None:
    """Shaders would take seconds for these; what draws them is the same each time."""
    preset = PLAIN.replace(cols="width=4,40,4,60", depth=3)
    size = natural_size(preset, cells(preset))
    first = renderer.render(preset, size, TIME)
    assert np.array_equal(renderer.render(preset, size, TIME), first)
    check_cells(renderer, preset, most=1)


def test_what_moves_moves_in_each_cell(renderer: Renderer) -> None:
    preset = PLAIN.replace(cols="depth=2,3", **{"animate.network.weight_scale": [0.2, 2.0]})
    preset = preset.replace(inputs=["x", "y"])
    assert check_cells(renderer, preset) == 2
    size, layout = natural_size(preset, cells(preset)), laid(preset)
    start, later = (renderer.render(preset, size, time).astype(int) for time in (0.0, 3.0))
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        assert np.abs(later - start)[y0:y1, x0:x1].mean() > 2
    assert check_cells(renderer, preset.replace(cols="time=0,3,9", rows="depth=2,3")) == 6


def test_one_time_for_all_and_a_time_for_each(renderer: Renderer) -> None:
    preset = PLAIN.replace(cols="time=0,1")
    size = natural_size(preset, cells(preset))
    now, later = renderer.render(preset, size, 0.0), renderer.render(preset, size, 5.0)
    assert np.array_equal(now, later)  # each has its own time
    assert not np.array_equal(now[:, :40], now[:, 46:86])


# Words


def overlay(preset: Preset, size: tuple[int, int], cursor: tuple[float, float] | None = None):
    return SHEET.overlay(scene_of(preset, TIME), size, cursor)


def test_words_stand_beside_the_cells_and_not_in_them() -> None:
    preset = PLAIN.replace(rows="depth=1:3", cols="seed=1:4", **{"sweep.labels": True})
    preset = preset.replace(**{"sweep.cell": (100, 80)})
    size = natural_size(preset, cells(preset))
    words, layout = overlay(preset, size)[..., 3] > 0, laid(preset)
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        assert not words[y0:y1, x0:x1].any()
        if cell.column == 0:
            assert words[y0:y1, :x0].any()  # of each row
        if cell.row == 0:
            assert words[:y0, x0:x1].any()  # of each column


def test_words_of_a_folded_sheet_stand_above_their_cells() -> None:
    preset = PLAIN.replace(cols="seed=1:5", wrap=3, **{"sweep.labels": True})
    preset = preset.replace(**{"sweep.cell": (100, 80)})
    size = natural_size(preset, cells(preset))
    words, layout = overlay(preset, size)[..., 3] > 0, laid(preset)
    for cell in layout.grid.cells:
        x0, y0, x1, y1 = layout.box(cell.row, cell.column)
        assert not words[y0:y1, x0:x1].any()
        above = round(y0 - layout.caption)
        assert 0.01 < words[above:y0, x0:x1].mean() < 0.5
        words[above:y0, x0:x1] = False
    assert not words.any()


@pytest.mark.parametrize("size", [(120, 80), (200, 130), (300, 200), (960, 600)])
@pytest.mark.parametrize("cols", ["activation=leaky_relu,tanh,sin", "which=none,hidden"])
def test_labels_of_an_axis_are_all_there_or_none(size: tuple[int, int], cols: str) -> None:
    for preset in (PLAIN.replace(rows="depth=1:4", cols=cols), PLAIN.replace(cols=cols, wrap=2)):
        preset = preset.replace(**{"sweep.labels": True, "sweep.cell": (100, 80)})
        words, layout = overlay(preset, size)[..., 3] > 0, laid(preset, size)
        boxes = [layout.box(cell.row, cell.column) for cell in layout.grid.cells]
        above = round(layout.caption or layout.heads[1])
        tops = boxes if layout.caption else boxes[: layout.grid.columns]
        named = [words[max(0, y0 - above) : y0, x0:x1].any() for x0, y0, x1, _ in tops]
        assert all(named) or not any(named)
        if layout.heads[0]:
            first = boxes[:: layout.grid.columns]
            beside = [words[y0:y1, :x0].any() for x0, y0, _, y1 in first]
            assert all(beside) or not any(beside)
        assert all(named) or min(size) < 500


def test_without_labels_there_are_no_words() -> None:
    preset = PLAIN.replace(rows="depth=1:3", cols="seed=1:4")
    assert not overlay(preset, (300, 200)).any()


@pytest.mark.parametrize("size", [(16, 9), (40, 25), (90, 50), (200, 113), (960, 540)])
def test_words_never_run_into_each_other(size: tuple[int, int]) -> None:
    """Where there is no room for a word it is left out: rows and columns have clear gaps."""
    preset = PLAIN.replace(rows="depth=1:12", cols="activation=leaky_relu,gaussian,softplus")
    preset = preset.replace(**{"sweep.labels": True, "sweep.cell": (30, 20)})
    words, layout = overlay(preset, size)[..., 3] > 0, laid(preset, size)
    left = layout.box(0, 0)[0]
    for row in range(11):  # between two rows of words a line is clear
        middle = (layout.box(row, 0)[1] + layout.box(row, 0)[3]) // 2
        below = (layout.box(row + 1, 0)[1] + layout.box(row + 1, 0)[3]) // 2
        if words[middle, :left].any() and words[below, :left].any():
            assert not words[middle:below, :left].any(axis=1).all()


def test_the_cell_pointed_at_is_framed() -> None:
    preset = PLAIN.replace(rows="depth=1:3", cols="seed=1:4")
    layout, size = laid(preset), natural_size(preset, cells(preset))
    left, top, right, bottom = layout.box(1, 2)
    framed = overlay(preset, size, (left + 5, top + 5))[..., 3] > 0
    assert framed[top - 1, left:right].all()
    assert framed[top:bottom, left - 1].all()
    assert framed[bottom, left:right].all()
    assert framed[top:bottom, right].all()
    framed[top - 3 : bottom + 3, left - 3 : right + 3] = False
    assert not framed.any()
    assert not overlay(preset, size, (1, 1)).any()  # in a gap


# What a click opens


@given(
    place=st.tuples(st.floats(-20, 360), st.floats(-20, 240)),
    size=st.sampled_from([(331, 203), (64, 36), (200, 20)]),
    still=st.booleans(),
)
def test_a_click_opens_the_cell_that_is_drawn_there(
    place: tuple[float, float], size: tuple[int, int], still: bool
) -> None:
    preset = PLAIN.replace(cols="seed=1:11", wrap=4) if still else PLAIN.replace(cols="time=1:11")
    layout, hit = laid(preset, size), SHEET.hit(scene_of(preset, TIME), size, place)
    cell = layout.at(place)
    assert (hit is None) == (cell is None)
    if hit is not None and cell is not None:
        assert hit.opens == cell.preset
        assert hit.words == cell.label
        assert hit.time == cell.time
        assert (hit.time is None) == still
        assert hit.opens.show.view == "picture"


# How it is drawn


def test_a_step_is_one_cell_or_a_part_of_it(renderer: Renderer) -> None:
    preset = PLAIN.replace(rows="depth=1:3", cols="seed=1:4")
    size = natural_size(preset, cells(preset))
    with begun(renderer, preset, size, TIME) as drawing:
        count = 1
        while not drawing.step(0.0):
            count += 1
        drawn = drawing.planes.read()
    assert count >= 12
    assert np.array_equal(drawn, renderer.render(preset, size, TIME, dtype="float32"))


def test_the_sheet_of_a_moment_is_not_of_another(renderer: Renderer) -> None:
    preset = PLAIN.replace(cols="seed=1:2")
    size = natural_size(preset, cells(preset))
    one = renderer.render(preset, size, 0.0)
    assert not np.array_equal(one, renderer.render(preset, size, 1.0))
    assert np.array_equal(one, renderer.render(preset, size, 0.0))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Preset]:
    """The presets whose networks are drawn."""
    drawn: list[Preset] = []
    network = Preset.network

    def counting(self: Preset) -> Network:
        drawn.append(self)
        return network(self)

    monkeypatch.setattr(Preset, "network", counting)
    return drawn


def test_networks_are_drawn_once_as_long_as_they_are_looked_at(counted: list[Preset]) -> None:
    kept = Networks()
    presets = [cell.preset for cell in cells(PLAIN.replace(cols="seed=1:6")).cells]
    first = [kept.get(preset) for preset in presets]
    assert len(counted) == 6
    again = [kept.get(preset.replace(extent=9.0, mapping="lab")) for preset in presets]
    assert len(counted) == 6
    assert all(one is other for one, other in zip(first, again, strict=True))
    kept.get(presets[0].replace(seed=99))
    assert len(counted) == 7


def test_several_threads_share_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "NETWORKS", 5 * network_bytes(PLAIN.network()))
    presets = [PLAIN.replace(seed=seed) for seed in range(12)]
    seeds = [preset.network().layers[0].weight[0, 0] for preset in presets]
    kept, wrong = Networks(), []

    def look(start: int) -> None:
        for k in range(start, start + 600):
            found = kept.get(presets[k * 5 % 12]).layers[0].weight[0, 0]
            if found != seeds[k * 5 % 12]:
                wrong.append(k)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(look, start) for start in range(4)]:
                done.result()  # which raises what was raised
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_of_large_networks_the_last_are_cached(
    counted: list[Preset], monkeypatch: pytest.MonkeyPatch
) -> None:
    presets = [PLAIN.replace(seed=seed) for seed in range(4)]
    each = network_bytes(presets[0].network())
    monkeypatch.setattr(sheet, "NETWORKS", 2 * each)
    kept = Networks()
    counted.clear()
    for seed in (0, 1, 0, 2, 0, 1):
        kept.get(presets[seed])
    assert [preset.spec.seed for preset in counted] == [0, 1, 2, 1]
    monkeypatch.setattr(sheet, "NETWORKS", 1)  # even one is too many, and is kept
    kept = Networks()
    assert kept.get(presets[3]) is kept.get(presets[3])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    rows=st.sampled_from(["", "depth=1:4", "activation=relu,sin", "time=0:1:3"]),
    cols=st.sampled_from(["", "seed=3:5", "weight_scale=0.1,1,9", "extent=1:100:3:log"]),
    wrap=st.sampled_from([0, 2, 3]),
    gap=st.integers(0, 9),
    seeds=st.sampled_from(["shared", "varying"]),
    cell=st.tuples(st.integers(16, 40), st.integers(16, 40)),
    size=st.sampled_from([None, (97, 61), (50, 120)]),
)
def test_any_sheet(
    renderer: Renderer,
    rows: str,
    cols: str,
    wrap: int,
    gap: int,
    seeds: str,
    cell: tuple[int, int],
    size: tuple[int, int] | None,
) -> None:
    keys = {"rows": rows, "cols": cols, "wrap": wrap, "gap": gap, "seeds": seeds}
    check_cells(renderer, PLAIN.replace(**keys, **{"sweep.cell": cell}), size)


def test_the_progress_counts_the_cells(renderer: Renderer) -> None:
    with begun(renderer, load_preset("scale-sheet"), (160, 120)) as drawing:
        seen = [0.0]
        while not drawing.step(0.0):
            seen.append(drawing.fraction)
    assert seen == sorted(seen)
    assert {int(9 * fraction + 1e-6) for fraction in seen} == set(range(9))


def test_cells_with_alpha_lie_on_the_ground(renderer: Renderer) -> None:
    """Beside cells without it."""
    preset = PLAIN.replace(cols="network.outputs=3,4", extent=3.0)
    layout, (opaque, clear) = laid(preset), cells(preset).cells
    drawn = renderer.render(preset, natural_size(preset, cells(preset)), TIME)
    for cell in (opaque, clear):
        left, top, right, bottom = layout.box(cell.row, cell.column)
        own = renderer.render(cell.preset, (right - left, bottom - top), TIME)
        assert own.shape[2] == (4 if cell is clear else 3)
        shown = drawn[top:bottom, left:right].astype(int)
        assert np.abs(shown - over(own, np.array(GROUND) / 255)).max() <= 1


def test_cells_that_learn_say_their_loss_or_that_they_diverged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        sheet.lettering, "chip", lambda draw, place, words, size: written.append(words)
    )
    wild = {"train.data": "plane", "activation": "relu", "train.steps": 200, "depth": 3}
    preset = Preset().replace(view="sheet", **wild, **{"sweep.cols": "train.rate=0.01,1000"})
    of = scene_of(preset)
    for cell in cells(preset).cells:
        cell.preset.network()
    SHEET.overlay(of, (640, 320))
    first, second = written
    loss = cells(preset).cells[0].preset.run.measures(200).loss
    assert first.startswith("loss ")
    assert float(first.removeprefix("loss ").replace("×10", "e").partition("e")[0]) > 0
    assert loss > 0
    assert second.startswith("diverged at step ")
    written.clear()
    SHEET.overlay(of, (60, 30))
    assert written == []

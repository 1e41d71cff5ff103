"""Adaptive sampling: more samples where the picture bends, bounded, and the same in every part."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from census import Census
from hypothesis import given
from hypothesis import strategies as st
from rows import EACH, EXACT, FRAGMENT, NUMPY

from cppn_gl.engines import adaptive, coloring
from cppn_gl.engines.adaptive import LEVELS, area, bends, coalesced, divided, refined, runs
from cppn_gl.engines.base import SIDE, Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.rates import Rates
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.utils.tasks import Stepping, Steps, at_once, within

Formula = Callable[[Float64, Float64], Float64]

SIZE = (61, 43)
MOST = 1 + sum(samples**2 for samples, _ in LEVELS)
LEVEL = 1 / 255
PRESET = load_preset("neylon-40").replace(depth=6, width=9, weight_scale=3)
MAPPED = PRESET.replace(**{"color.mapping": "viridis", "color.stretch": "percentile"})
FLAT = PRESET.replace(**{"color.mapping": "viridis", "color.inks": 4})


def smooth(x: Float64, y: Float64) -> Float64:
    return 0.5 + 0.4 * np.sin(x / 20) * np.cos(y / 30)


def ramp(x: Float64, y: Float64) -> Float64:
    return (x % 1000) / 8 - 0.2 * y  # far beyond what can be shown, too


def stripes(x: Float64, y: Float64) -> Float64:
    return (np.abs((x + 0.3 * y) % 23 - 11) < 0.2).astype(float)


def mixed(x: Float64, y: Float64) -> Float64:
    return np.where(x < 30, smooth(x, y), 0.5 + np.sin(x * x / 9 + y))


def noise(x: Float64, y: Float64) -> Float64:
    return np.sin(1e4 * np.sin(x * 12.9898 + y * 78.233)) * 2


class Drawing:
    """Draws a formula as an engine does, counts its samples, and leaves what is not asked for."""

    def __init__(self, formula: Formula):
        self.formula, self.samples = formula, 0

    def __call__(self, region: Region) -> Steps[Float32]:
        assert not region.adaptive
        width, height = region.part
        picture = np.full((height, width, 3), np.nan, np.float32)
        for number, (left, top, right, bottom) in enumerate(region.pieces):
            yield number / len(region.pieces)
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            y, x = np.mgrid[top:bottom, left:right] + 0.5
            x, y = x + region.offset[0], y + region.offset[1]
            values = [self.formula(x + right_, y + down) for right_, down in region.jitters]
            if region.additive:
                values = [np.clip(each, 0, 1) for each in values]
            assert np.isnan(picture[top:bottom, left:right]).all(), "drawn twice"
            picture[top:bottom, left:right] = np.mean(values, axis=0)[..., None]
            self.samples += x.size * len(region.jitters)
        return picture


def drawn(formula: Formula, size: Size = SIZE, part: tuple[int, ...] | None = None) -> Float32:
    region = Region.of(size, "auto")
    region = region.cut(*part) if part else region
    return at_once(refined(region, Drawing(formula)))


def uniformly(formula: Formula, samples: int, size: Size = SIZE) -> Float32:
    return np.clip(at_once(Drawing(formula)(Region.of(size, samples))), 0, 1)


FORMULAS = [smooth, ramp, stripes, mixed, noise]
each_formula = pytest.mark.parametrize("formula", FORMULAS, ids=lambda one: one.__name__)
sizes = st.tuples(st.integers(1, 70), st.integers(1, 50))


@each_formula
@given(data=st.data(), size=sizes)
def test_a_part_has_the_pixels_of_the_whole(
    formula: Formula, data: st.DataObject, size: Size
) -> None:
    left, top = (data.draw(st.integers(0, side - 1)) for side in size)
    wide, high = (
        data.draw(st.integers(1, s - at)) for s, at in zip(size, (left, top), strict=True)
    )
    whole = drawn(formula, size)
    assert whole.shape == (size[1], size[0], 3)
    part = drawn(formula, size, (left, top, wide, high))
    assert np.array_equal(part, whole[top : top + high, left : left + wide])


@each_formula
def test_what_is_in_memory_at_once_does_not_matter(
    formula: Formula, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = drawn(formula)
    for rows in (1, 8, 9, 16):
        monkeypatch.setattr(adaptive, "AT_ONCE", rows * SIZE[0])
        assert np.array_equal(drawn(formula), whole)
        assert np.array_equal(drawn(formula, SIZE, (5, 3, 40, 37)), whole[3:40, 5:45])


@each_formula
def test_each_block_has_the_pixels_of_one_number_of_samples(formula: Formula) -> None:
    found = drawn(formula)
    each = [uniformly(formula, samples) for samples in (1, *(n for n, _ in LEVELS))]
    for top in range(0, SIZE[1], SIDE):
        for left in range(0, SIZE[0], SIDE):
            block = np.s_[top : top + SIDE, left : left + SIDE]
            assert any(np.array_equal(found[block], one[block]) for one in each)


@each_formula
def test_it_is_never_worse_than_one_sample(formula: Formula) -> None:
    truth = uniformly(formula, 16)
    error, before = (np.abs(p - truth) for p in (drawn(formula), uniformly(formula, 1)))
    assert np.square(error).mean() <= np.square(before).mean()
    assert error.max() <= before.max()


def test_thin_stripes_have_no_gaps() -> None:
    """Of stripes 0.4 pixels wide, one sample shows or misses each pixel."""
    truth = uniformly(stripes, 16)
    assert np.abs(uniformly(stripes, 1) - truth).max() > 0.5
    assert np.abs(drawn(stripes) - truth).max() < 0.1


@pytest.mark.parametrize("formula", [smooth, ramp])
def test_what_does_not_bend_has_one_sample(formula: Formula) -> None:
    drawing = Drawing(formula if formula is smooth else lambda x, y: x / 100 + y / 200)
    at_once(refined(Region.of((64, 48), "auto"), drawing))
    assert drawing.samples == 64 * 48


@each_formula
@given(size=sizes)
def test_work_is_bounded(formula: Formula, size: Size) -> None:
    drawing = Drawing(formula)
    at_once(refined(Region.of(size, "auto"), drawing))
    assert size[0] * size[1] <= drawing.samples <= MOST * size[0] * size[1]


def test_only_blocks_that_need_them_have_more() -> None:
    drawing = Drawing(mixed)
    at_once(refined(Region.of((240, 48), "auto"), drawing))
    everywhere = Drawing(lambda x, y: mixed(x + 100, y))
    at_once(refined(Region.of((240, 48), "auto"), everywhere))
    assert 240 * 48 < drawing.samples < everywhere.samples


def test_progress_rises_from_none_to_all() -> None:
    task = Stepping(refined(Region.of((64, 200), "auto"), Drawing(mixed)))
    told = [task.fraction]
    while not task.step(0.0):
        told.append(task.fraction)
    assert all(a <= b for a, b in pairwise(told))
    assert len(set(told)) > 5
    assert task.fraction == 1


@given(size=sizes, data=st.data())
def test_second_differences(size: Size, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 99))
    picture = np.random.default_rng(seed).random((size[1], size[0], 3)).astype(np.float32)
    left, top = (data.draw(st.integers(0, side - 1)) for side in size)
    found = bends(picture, (left, top, *size))
    wide = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64)
    across = np.abs(wide[1:-1, :-2] - 2 * wide[1:-1, 1:-1] + wide[1:-1, 2:])
    down = np.abs(wide[:-2, 1:-1] - 2 * wide[1:-1, 1:-1] + wide[2:, 1:-1])
    expected = np.maximum(across, down)[top:, left:]
    for (row, column), value in np.ndenumerate(found):
        block = expected[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        assert value == pytest.approx(block.max(), abs=1e-6)
    assert found.shape == tuple(-(-side // SIDE) for side in expected.shape[:2])


masks = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1)).map(
    lambda it: np.random.default_rng(it[2]).random(it[:2]) < 0.5
)


def covered(boxes: list[tuple[int, int, int, int]], shape: tuple[int, int]) -> np.ndarray:
    """How many boxes cover each pixel."""
    found = np.zeros(shape, int)
    for left, top, right, bottom in boxes:
        found[top:bottom, left:right] += 1
    return found


@given(chosen=masks, call=st.sampled_from([0, 1, 2, 100]))
def test_boxes_cover_what_is_chosen_once(chosen: np.ndarray, call: float) -> None:
    boxes = runs(chosen)
    assert np.array_equal(covered(boxes, chosen.shape), chosen)
    joined = coalesced(boxes, call)
    assert len(joined) <= len(boxes)
    found = covered(joined, chosen.shape)
    assert found.max(initial=0) <= 1
    assert found[chosen].all()
    if call == 0:
        assert np.array_equal(found, chosen)
    if call == 100:
        assert len(joined) <= len(chosen)


@given(box=st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(10, 30)] * 2), most=st.integers(1, 99))
def test_a_box_is_divided_into_small_ones(box: tuple[int, int, int, int], most: int) -> None:
    parts = divided(box, most)
    assert all(0 < area(part) <= most for part in parts)
    found = covered(parts, (40, 40))
    assert np.array_equal(found, covered([box], (40, 40)))


def painted(engine: Engine, preset: Preset, size: Size, samples: Any, **keys: Any) -> Float32:
    region = Region.of(size, samples)
    region = region.cut(*keys["part"]) if "part" in keys else region
    task = Stepping(coloring.paint(Rates(), scene_of(preset), engine, region))
    while not task.step(within(keys.get("budget", 0.25))):
        pass
    assert task.result is not None
    return task.result


on_processor = pytest.mark.parametrize(
    "engine", [pytest.param(EXACT["native"], marks=pytest.mark.native), NUMPY], ids=str
)
in_colors = pytest.mark.parametrize(
    "preset", [PRESET, MAPPED, FLAT], ids=["plain", "mapped", "flat"]
)


@on_processor
@in_colors
def test_the_processors_engines_draw_parts_of_the_whole(engine: Engine, preset: Preset) -> None:
    whole = painted(engine, preset, (75, 53), "auto")
    for part in ((0, 0, 75, 20), (13, 9, 41, 33), (74, 52, 1, 1)):
        left, top, width, height = part
        one = painted(engine, preset, (75, 53), "auto", part=part, budget=0.0)
        assert np.array_equal(one, whole[top : top + height, left : left + width])


@on_processor
@in_colors
def test_it_is_close_to_many_samples(engine: Engine, preset: Preset) -> None:
    truth = painted(engine, preset, (96, 72), 8)
    error, four, one = (
        np.sqrt(np.square(np.clip(painted(engine, preset, (96, 72), n), 0, 1) - truth).mean())
        for n in ("auto", 4, 1)
    )
    assert error < max(four, LEVEL)
    assert error < one / 4


@pytest.mark.native
def test_a_block_has_the_bytes_of_the_whole_picture_with_its_samples() -> None:
    found = painted(EXACT["native"], PRESET, SIZE, "auto")
    each = [np.clip(painted(EXACT["native"], PRESET, SIZE, n), 0, 1) for n in (1, 2, 4, 8)]
    kinds = set()
    for top in range(0, SIZE[1], SIDE):
        for left in range(0, SIZE[0], SIDE):
            block = np.s_[top : top + SIDE, left : left + SIDE]
            same = [k for k, one in enumerate(each) if np.array_equal(found[block], one[block])]
            assert same
            kinds.add(same[0])
    assert len(kinds) > 1


def on_device(renderer: Renderer, engine: Engine, preset: Preset, region: Region) -> Float32:
    planes = Planes(renderer.ctx, region.part)  # type: ignore[arg-type]
    task = coloring.begin(renderer.painter, planes, scene_of(preset), engine, region)
    while not task.step(within(0.02)):
        pass
    task.release()
    picture = planes.read()
    planes.release()
    return picture


@pytest.mark.gl
@pytest.mark.parametrize("engine", EACH)
@in_colors
def test_engines_agree(renderer: Renderer, engine: Engine, preset: Preset) -> None:
    """But for blocks that are at a limit by chance, where they may differ by some levels."""
    region = Region.of(SIZE, "auto")
    found = on_device(renderer, engine, preset, region)
    expected = painted(NUMPY, preset, SIZE, "auto")
    assert np.abs(found - expected).mean() < LEVEL / 4
    assert np.abs(found - expected).max() < 40 * LEVEL
    part = on_device(renderer, engine, preset, region.cut(7, 5, 33, 29))
    assert np.array_equal(part, found[5:34, 7:40])


@pytest.mark.gl
@pytest.mark.parametrize("steps", [0, 1, 4, 12, 40])
@in_colors
def test_nothing_is_left_when_it_is_dropped(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, steps: int, preset: Preset
) -> None:
    on_device(renderer, FRAGMENT, preset, Region.of(SIZE, "auto"))  # what is kept
    planes = Planes(renderer.ctx, SIZE)  # type: ignore[arg-type]
    counted = Census(monkeypatch)
    region = Region.of(SIZE, "auto")
    task = coloring.begin(renderer.painter, planes, scene_of(preset), FRAGMENT, region)
    for _ in range(steps):
        task.step(0.0)
    task.release()
    assert counted.alive() == {}
    planes.release()

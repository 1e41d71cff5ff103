"""The loss landscape: the loss over a plane of weights, and the path of training in it.

    Scene -> LossMaps (loss_map.py) -> colours and contour lines, or a surface (loss_surface.py)
          -> overlay(): the path, axes, a legend with the colour scale

The colour scale has round ends, which seldom change while one watches a training.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import LossLandscapeOptions
from cppn_gl.utils.arrays import RGB, Box, Float32, Float64, Samples, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.colormaps import between, named
from cppn_gl.utils.ladder import ladder
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, share
from cppn_gl.utils.threads import one_thread
from cppn_gl.views import lettering, text
from cppn_gl.views.base import LETTERS, Hit, Stage, View, Words
from cppn_gl.views.losses.loss_map import LossMap, LossMaps, cost, grid_counts, rows_of, weights_of
from cppn_gl.views.losses.loss_surface import LossSurface, axes_of, camera_of, resampled, trail
from cppn_gl.views.plots import plot
from cppn_gl.views.slopes.legend import Legend, LegendLayout
from cppn_gl.views.solid.box_axes import axes_overlay, font_size
from cppn_gl.views.solid.camera import dragged
from cppn_gl.views.strokes import Disc, Stroke, layer_of_strokes
from cppn_gl.views.text import significant, variable
from cppn_gl.views.ticks import short, tick_words, ticks

BAND = 2**14  # pixels painted in one step
PIXEL = 60.0  # multiplications that painting a pixel is worth
DARKEST = 0.03  # of the palette
PLANE = 5e6  # those that finding the plane is worth
ZOOM = 2**0.25  # factor on the reach per step of the wheel
REACH = 1e-3, 1e3
PATH: RGB = (255, 255, 255)
SHADOW: RGB = text.GROUND
NOW: RGB = plot.COLORS[1]  # of the step shown
NEAR = 12.0  # pixels from a dot that is pointed at
LINE, DARK, PEN = 0.7, 0.5, 0.22  # contour lines: half width per 720 pixels, height, contrast
SHADE, STEEP = 0.2, 0.35  # of slopes: how much darker, and how soon
HIDDEN = 0.3  # opacity of the path behind the surface
LEGEND = 310, 160  # the smallest picture with a legend
BRIEF: tuple[tuple[float, int, float], ...] = ((4.2, 0, 19.0), (3.2, 0, 15.0))  # of LegendLayout
COVERED = ((0.13, 0.13, 0.16), (0.075, 0.075, 0.1))  # at most, by each legend: a map, a surface
AXES = (400, 220)  # the smallest picture with axes
OVERLAYS = 32 * MB  # of cached words
APART = 7  # font sizes between numbered dots


class LossLandscapeView(View):
    """The loss around the weights, as a picture or as a surface."""

    by_engine = False
    continuous = True
    clicked = "on a dot of the path shows that step"

    def __init__(self) -> None:
        self.maps = LossMaps()
        self._kept: LRUCache[Any, tuple[LossMap, Words]] = LRUCache(
            OVERLAYS, lambda key, kept: kept[1].nbytes
        )

    def problem(self, preset: Preset) -> str:
        if not preset.learns:
            return "shows a network that learns: choose data (train.data)"
        missing, data = preset.dataset.problem, preset.dataset
        tests = preset.options(LossLandscapeOptions).measured == "tests"
        if tests and not missing and data.training == len(data):
            return "shows the loss of tests, of which there are none (train.test_fraction)"
        return f"shows the loss of data, which are not there: {missing}" if missing else ""

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        if preset.options(LossLandscapeOptions).raised:
            return super().differs(preset, engine, samples)
        return f"the view {self.name} {LETTERS}, and products whose last bits depend on the machine"

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        region = region or Region.of(planes.size)

        def steps() -> Steps[None]:
            maps = self.maps.steps(scene, planes.size, region.overlay)
            of = yield from share(maps, 0.0, 0.8)
            if scene.options(LossLandscapeOptions).raised:
                how = region.cut(0, 0, *planes.size) if region.draft else _draft(region, planes)
                yield from share(LossSurface(stage, planes, scene, how, of).steps(), 0.8, 1.0)
            else:
                planes.write((yield from share(painted(of, scene, planes.size), 0.8, 1.0)))

        return Stepping(steps())

    def work(self, scene: Scene) -> float:
        return PIXEL

    def effort(self, scene: Scene, region: Region) -> float:
        """The losses of a grid as fine as the picture, and its pixels."""
        width, height = region.part
        each = cost(scene.preset)
        across, up = grid_counts((width, height), each)
        return PLANE + across * up * each + width * height * len(region.jitters) * PIXEL

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The path, the axes and the legend, over what is known of the losses."""
        of = self.found(scene, size)
        options, step = scene.options(LossLandscapeOptions), scene.preset.train.steps
        key = id(of), options, step, size  # ids are unique while the cache holds what they name
        kept = self._kept.find(key)
        if kept is not None:
            return kept[1]
        words = self._surface(scene, of, size) if options.raised else self._map(scene, of, size)
        return self._kept.put(key, (of, words))[1]

    def found(self, scene: Scene, size: Size) -> LossMap:
        """The losses known of a scene in a picture of `size`; evaluates them if none are."""
        known = self.maps.find(scene, size)
        return known or at_once(self.maps.steps(scene, (size[0] // 4, size[1] // 4), size))

    def _map(self, scene: Scene, of: LossMap, size: Size) -> Words:
        local = of.sight.local(of.plane.path)
        pixels = _on_map(local, size)
        strokes = _strokes(size, [(_on_map(resampled(local), size), True)])
        image = layer_of_strokes((0, 0, *size), strokes, _discs(pixels, size))
        _number(image, pixels, of.plane.steps, size)
        legend = _legend(scene, of, size)
        box = legend.layout.box if legend else None
        if size[0] >= AXES[0] and size[1] >= AXES[1]:
            _axes(image, of, size, box)
        if legend is not None and box is not None:
            image.alpha_composite(legend.image.crop(box), box[:2])
        return np.asarray(image)

    def _surface(self, scene: Scene, of: LossMap, size: Size) -> Words:
        options = scene.options(LossLandscapeOptions)
        camera = camera_of(options, size)
        local = of.sight.local(of.plane.path)
        along, seen = trail(of, camera, options.relief, resampled(local))
        strokes = _strokes(size, [(np.where(seen[:, None], along, np.nan), True), (along, False)])
        dots, plain = trail(of, camera, options.relief, local)
        image = layer_of_strokes((0, 0, *size), strokes, _discs(dots, size, ~plain))
        _number(image, np.where(plain[:, None], dots, np.nan), of.plane.steps, size)
        words = np.array(image)
        axes_overlay(words, camera, axes_of(of), options.relief, letters=font_size(size))
        legend = _legend(scene, of, size)
        if legend is None or legend.layout.box is None:
            return words
        left, top, right, bottom = legend.layout.box  # to the left upper corner, which is empty
        image = Image.fromarray(words)
        corner = size[0] - right, size[1] - bottom
        image.alpha_composite(legend.image.crop((left, top, right, bottom)), corner)
        return np.asarray(image)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A step of the path under a pixel, else the loss there; a click shows that step."""
        of, options = self.found(scene, size), scene.options(LossLandscapeOptions)
        local = of.sight.local(of.plane.path)
        if options.raised:
            pixels, seen = trail(of, camera_of(options, size), options.relief, local)
            pixels = np.where(seen[:, None], pixels, np.nan)
        else:
            pixels = _on_map(local, size)
        away = np.hypot(*(pixels - place).T)
        if np.isfinite(away).any() and np.nanmin(away) <= NEAR:
            step = of.plane.steps[int(np.nanargmin(away))]
            loss = of.loss if step == of.plane.steps[-1] else _measured(scene, step)
            known = "" if loss is None else f", loss {significant(loss)}"
            return Hit(f"step {step:,}{known}", changes={"train.steps": step})
        if options.raised:
            return None
        u, v = 2 * place[0] / size[0] - 1, 1 - 2 * place[1] / size[1]
        height = float(of.height_at(np.array([[u, v]]))[0])
        if not math.isfinite(height):
            return None
        (a, b), (wide, high) = of.sight.center, of.sight.half
        found = significant(of.loss_of(height))
        end = {0.0: " or less", 1.0: " or more"}.get(height, "")
        names = ("1st component", "2nd component") if of.plane.components else ("a", "b")
        where = f"{names[0]} {short(a + u * wide)}, {names[1]} {short(b + v * high)}"
        return Hit(f"loss {found}{end} at {where}")

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Dragging turns a surface; what a picture shows is set by its plane and reach."""
        options = preset.options(LossLandscapeOptions)
        return dragged(options, du, dv) if options.raised else {}

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        reach = preset.options(LossLandscapeOptions).reach
        found = ladder(reach, 1.0, ZOOM, -steps)
        return {"loss_landscape.reach": min(max(found, REACH[0]), REACH[1])}


def _measured(scene: Scene, step: int) -> float | None:
    """The loss of a step as it was measured in training; None if it was not."""
    found = scene.preset.run.measures(step)
    if found.step != step:
        return None
    tests = scene.options(LossLandscapeOptions).measured == "tests"
    return found.test_loss if tests else found.loss


def _draft(region: Region, planes: Planes) -> Region:
    """The region of a surface: a coarse one is a draft, whose edges are not smoothed."""
    coarse = planes.size[0] < region.shape[0]
    return Region.of(planes.size, shape=region.shape, overlay=region.overlay, draft=coarse)


def painted(of: LossMap, scene: Scene, size: Size) -> Steps[Float32]:
    """The map as a picture: colours of the losses, and contour lines."""
    width, height = size
    heights, broken = of.heights, of.broken
    contours = scene.options(LossLandscapeOptions).contours
    stroke = max(0.3, LINE * min(size) / 720)
    palette, steep = _shades(), STEEP * min(size)
    picture = np.empty((height, width, 3), np.float32)
    places = (np.arange(width) + 0.5) / width * (heights.shape[1] - 1)
    across = np.ascontiguousarray(weights_of(heights.shape[1], places).T)
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        yield top / height
        end = min(height, top + rows)
        with one_thread():
            # Row 0 of the grid is at the bottom; one more row on each side gives the slopes.
            whole = rows_of(heights, height, height - end - 1, height - top + 1) @ across
            whole = np.clip(whole, 0, 1)[::-1]
            band = whole[1:-1]
            down, side = (whole[2:] - whole[:-2]) * np.float32(0.5), np.zeros_like(band)
            np.subtract(band[:, 2:], band[:, :-2], out=side[:, 1:-1])
            if width > 2:
                side[:, :1], side[:, -1:] = side[:, 1:2], side[:, -2:-1]
            side *= np.float32(0.5)
            colors = palette[(band * np.float32(len(palette) - 1) + np.float32(0.5)).astype(int)]
            factor = 1 + SHADE * np.tanh(steep * (down - side))  # lit from the left and above
            if contours > 1:
                rate = contours * np.sqrt(down * down + side * side)
                line, dark = _lines(band * np.float32(contours), rate, contours, stroke)
                factor = factor * np.where(dark, 1, 1 - 1.3 * PEN * line)
                colors += np.where(dark, PEN * line, 0).astype(np.float32)[..., None]
            colors *= factor.astype(np.float32)[..., None]
            np.minimum(colors, 1, out=colors)
            if broken.any():
                grid = broken.astype(np.float32)
                where = rows_of(grid, height, height - end, height - top) @ across
                colors[where[::-1] > 0.5] = NOT_A_NUMBER
            picture[top:end] = colors
    return picture


@cache
def _shades() -> Float32:
    """The colours of losses, finely graded."""
    palette = named("viridis")
    places = (len(palette) - 1) * np.linspace(DARKEST, 1, 4096)
    return np.asarray(between(palette, places), np.float32)


def _lines(
    level: Float32, rate: Float32, count: int, stroke: float
) -> tuple[Float32, NDArray[np.bool_]]:
    """How far anti-aliased contour lines cover each pixel, and where they are on dark ground.

    level: 0 to `count`; lines are where it is whole. rate: its change from pixel to pixel.
    """
    nearest = np.clip(np.floor(level + np.float32(0.5)), 1, count - 1)
    away = np.abs(level - nearest) / np.maximum(rate, np.float32(1e-6))
    line = np.clip(np.float32(stroke + 0.5) - away, 0, 1)
    line *= (rate > 1e-5) & (rate < 0.45)
    return line, np.asarray(nearest < DARK * count)  # along the whole line


def _on_map(local: Float64, size: Size) -> Float64:
    """Pixels of places from -1 to 1."""
    found: Float64 = np.stack(
        [(local[:, 0] + 1) / 2 * size[0], (1 - local[:, 1]) / 2 * size[1]], axis=1
    )
    return found


def _strokes(size: Size, pieces: Sequence[tuple[Float64, bool]]) -> list[Stroke]:
    """The path, (n, 2) pixels; pieces that are not in front are faint."""
    unit = _unit(size)
    strokes = []
    for points, front in pieces:
        if len(points) < 2:
            continue
        if front:
            strokes.append(Stroke(points, SHADOW, 4.2 * unit, opacity=0.55))
            strokes.append(Stroke(points, PATH, 1.9 * unit))
        else:
            strokes.insert(0, Stroke(points, PATH, 1.4 * unit, dash=5 * unit, opacity=HIDDEN))
    return strokes


def _unit(size: Size) -> float:
    """A pixel of a picture 720 pixels high; finer lines would not be seen."""
    return max(0.6, min(size) / 720)


def _discs(pixels: Float64, size: Size, hidden: NDArray[np.bool_] | None = None) -> list[Disc]:
    """The dots of the path (n, 2), the ring of its start, the orange dot of its end.

    hidden: behind the surface, where only start and end are shown, faint.
    """
    unit = _unit(size)
    discs: list[Disc] = []

    def disc(place: Any, radius: float, ink: RGB, opacity: float = 1.0) -> None:
        discs.append(Disc((float(place[0]), float(place[1])), radius * unit, ink, opacity))

    behind = np.zeros(len(pixels), bool) if hidden is None else hidden
    known: NDArray[np.bool_] = np.asarray(np.isfinite(pixels).all(axis=1))
    good: NDArray[np.bool_] = np.asarray(known & ~behind)
    faint = [HIDDEN if one else 1.0 for one in behind]
    last: Any = None
    for number in np.flatnonzero(good[:-1]):
        if number and last is not None and np.hypot(*(pixels[number] - last)) < 9 * unit:
            continue
        last = pixels[number]
        disc(last, 3.4, SHADOW)
        disc(last, 2.4, PATH)
    if len(pixels) > 1 and known[0]:
        for radius, ink in ((8.0, SHADOW), (6.6, PATH), (4.0, SHADOW)):
            disc(pixels[0], radius, ink, faint[0])
    if known[-1]:
        for radius, ink in ((8.0, SHADOW), (6.6, PATH), (5.0, NOW)):
            disc(pixels[-1], radius, ink, faint[-1])
    return discs


def _number(image: Image.Image, pixels: Float64, steps: Sequence[int], size: Size) -> None:
    """Write numbers of steps beside some dots of the path, where they have room."""
    letters = lettering.letters(size)
    if min(size) < AXES[1] or letters < text.MIN_FONT + 1 or len(steps) < 2:
        return
    draw = ImageDraw.Draw(image)
    taken = [pixels[-1]] if np.isfinite(pixels[-1]).all() else []
    for number, step in enumerate(steps[:-1]):
        place = pixels[number]
        inside = np.isfinite(place).all() and (place > 0).all() and (place < size).all()
        if not inside or any(np.hypot(*(place - other)) < APART * letters for other in taken):
            continue
        taken.append(place)
        label = "step 0" if step == 0 else f"{step:,}"
        wide, high = lettering.room(letters, label)
        before, after = pixels[max(number - 1, 0)], pixels[min(number + 1, len(pixels) - 1)]
        along = after - before
        across = np.array([along[1], -along[0]]) / max(float(np.hypot(*along)), 1e-9)
        across = -across if across[1] > 0 else across  # beside the path, above it
        if not np.isfinite(across).all():
            across = np.array([0.0, -1.0])
        reach = letters + abs(across[0]) * wide / 2 + abs(across[1]) * high / 2
        middle = place + reach * across
        x = min(max(middle[0] - wide / 2, 0), size[0] - wide - letters)
        y = min(max(middle[1] - high / 2, 0), size[1] - high)
        lettering.chip(draw, (x, y), label, letters)


def _axes(image: Image.Image, of: LossMap, size: Size, legend: Box | None) -> None:
    """Draw ticks along the left and the lower border, and the names of the directions."""
    letters = lettering.letters(size)
    draw = ImageDraw.Draw(image)
    (a, b), (wide, high) = of.sight.center, of.sight.half
    tick = max(3, letters // 2)
    names = _names(of)
    for axis, (middle, half) in enumerate(((a, wide), (b, high))):
        length = size[axis]
        found = ticks(middle - half, middle + half, max(2, length // (5 * letters)))
        for value, label in zip(found, tick_words(found), strict=True):
            at = (value - middle + half) / (2 * half) * length
            room = lettering.room(letters, label)
            if axis == 0:
                if not 4 * letters < at < (legend[0] if legend else length) - 2 * letters:
                    continue
                ends = [at, size[1] - tick, at, size[1]]
                x, y = at - room[0] / 2 - letters / 4, float(size[1] - tick - room[1] - 1)
            else:
                at = length - at
                if not 3.5 * letters < at < length - 3.5 * letters:
                    continue
                ends = [0, at, tick, at]
                x, y = float(tick + 1), at - room[1] / 2
            draw.line([round(end) for end in ends], fill=text.WHITE, width=max(1, letters // 10))
            lettering.chip(draw, (x, y), label, letters)
    if size[1] >= 12 * letters:
        lettering.chip(draw, (letters / 2, letters / 2), f"↑ {names[1]}", letters)
        low = size[1] - 2 * text.line_height(letters) - tick - letters / 2
        lettering.chip(draw, (tick + letters / 2, low), f"→ {names[0]}", letters)


def _names(of: LossMap) -> tuple[str, str]:
    """What the two directions are."""
    if not of.plane.components:
        return f"random direction {variable('a')}", f"random direction {variable('b')}"
    first, second = (f"{100 * share:.1f} %" for share in of.plane.shares)
    return f"1st component of the path, {first}", f"2nd component, {second}"


def _legend(scene: Scene, of: LossMap, size: Size) -> Legend | None:
    """What is shown, the loss here and at the start, the colour scale, how much of the path."""
    raised = scene.options(LossLandscapeOptions).raised
    told = _told(of)
    kinds = (LegendLayout(size, 4.3 + len(told), wide=24), *(LegendLayout(size, *k) for k in BRIEF))
    most = COVERED[raised]
    full, brief, tiny = (
        0 < layout.covered <= limit for layout, limit in zip(kinds, most, strict=True)
    )
    if min(size[0] / LEGEND[0], size[1] / LEGEND[1]) < 1 or not (full or brief or tiny):
        return None
    layout = kinds[0] if full else kinds[1] if brief else kinds[2]
    at = layout.inner()
    assert at is not None
    panel, room, line = Legend(layout), at[2] - at[0], layout.line
    preset, options = scene.preset, scene.options(LossLandscapeOptions)
    step, name = preset.run.within(preset.train.steps), preset.run.trainer.loss_name
    which = "loss of tests" if options.measured == "tests" else "loss"
    here = significant(of.loss) if math.isfinite(of.loss) else "not finite"
    titles = f"{which} ({name}), step {step:,}", f"{which}, step {step:,}"
    if not (full or brief):
        titles = f"{which} {here}, step {step:,}", f"{which} {here}"
    panel.fitted(at[0], at[1], *titles, room=room, bold=True)
    top = at[1] + line * 5 // 4
    if full or brief:
        begun = f", {significant(of.first)} at step 0" if math.isfinite(of.first) and step else ""
        panel.fitted(at[0], at[1] + line, f"{here} here{begun}", f"{here} here", room=room)
        top += line
    palette = _shades()
    panel.scale((at[0], top, at[2], at[3]), palette, *of.limits)
    for number, words in enumerate(told if full else ()):
        panel.fitted(at[0], at[1] + line * (4.5 + number), *words, room=room)
    return panel


def _told(of: LossMap) -> list[tuple[str, ...]]:
    """Up to three lines on the plane, each in a long and a short form."""
    found: list[tuple[str, ...]] = []
    held = f"{100 * of.plane.held:.3g} %"
    if of.plane.components:
        found.append((f"plane of the path: holds {held} of it", f"holds {held} of the path"))
    else:
        found.append(("1: as long as each unit's weights", "1: the weights' own size"))
        if len(of.plane.steps) > 1:
            found.append(
                (f"{held} of the path lies in this plane", f"{held} of the path lies here")
            )
    if of.broken.any():
        found.append(("magenta: the loss is not finite",))
    elif len(of.plane.steps) > 1 and len(found) < 3:
        found.append(("white: training, from the ring to the dot",))
    return found[:3]

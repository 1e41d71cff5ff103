"""From outputs to sRGB values: the `[color]` table, and the table of colour mappings.

    outputs (N, 3) -> ValueRange, mapped to 0..1 -> steps, if flat -> palette or formula -> invert
                   -> contour lines over it, at multiples of the outputs themselves

To add a mapping: a row of MAPPINGS; maps of the library cmap need none. A formula also needs its
counterpart `mapping_<name>` in mappings.glsl, which the tests compare with it. The help, the `C`
key and the documentation follow from the table.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils import colormaps
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import OneOf, choice, flag, key, nearest, number, several, show, validate
from cppn_gl.utils.elementary import around

# Magenta: marks outputs that are not finite, where they are passed on and shown. Engines give
# finite outputs of this colour at least BESIDE as green, so that none is taken for it: `marked`
# in NumPy, broken.glsl and color.glsl in GLSL, kernel.c in C.
NOT_A_NUMBER = (1.0, 0.0, 1.0)
BESIDE = 2.0**-100
# CIE XYZ to linear sRGB; WHITE is the white point D65.
XYZ = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
UNIT = (0.0, 1.0)


def _hsv(hsv: Float32) -> Float32:
    hue, saturation, value = hsv[:, :1], hsv[:, 1:2], hsv[:, 2:]
    turn = hue + np.array([1, 2 / 3, 1 / 3], np.float32)
    tent = np.clip(np.abs((turn - np.floor(turn)) * 6 - 3) - 1, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - tent)), np.float32)


def _lab(lab: Float32) -> Float32:
    """CIE 15: L* from 0 to 100, a* and b*, with white point D65."""
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 6 / 29, f * f * f, (f - 4 / 29) * (3 * (6 / 29) ** 2)).astype(np.float32)
    return np.asarray(colormaps.encode(colormaps.transformed(xyz, XYZ * WHITE)), np.float32)


def _oklch(lch: Float32) -> Float32:
    cos, sin = around(lch[:, 2])
    lab = np.stack([lch[:, 0], lch[:, 1] * cos, lch[:, 1] * sin], axis=1)
    return np.asarray(colormaps.from_oklab(lab), np.float32)


@dataclass(frozen=True, eq=False)
class Mapping:
    """How values from 0 to 1 become colours, by a palette or a formula, or unchanged.

    `channels`: 3, or 1 for the mean of three outputs. `palette` gives the colours along the values,
    for the other keys of a Color. `formula` takes (N, 3) values in its own units; `box` gives the
    units that 0 and 1 are mapped to. `plates`: each output prints an ink over those before. `span`:
    the value range without a stretch; None: the range of the output activation. `signed`: a stretch
    keeps the middle of the value range in the middle. `own`: uses `[color] palette`. `stops`: the
    colours of a gradient.
    """

    help: str
    channels: int = 1
    palette: Callable[["Color"], colormaps.Palette] | None = None
    formula: Callable[[Float32], Float32] | None = None
    plates: bool = False
    box: tuple[tuple[float, float], ...] = ((0, 1),) * 3
    span: tuple[float, float] | None = None
    signed: bool = False
    own: bool = False
    stops: tuple[str, ...] = ()


def _named(name: str, help: str, *, signed: bool = False) -> Mapping:
    """A map of the library cmap."""
    return Mapping(help, palette=lambda color: colormaps.named(name), signed=signed)


def _through(colors: str, help: str) -> Mapping:
    """A palette through evenly spaced colours, from the lowest value to the highest."""
    stops = tuple(colors.split())
    return Mapping(help, palette=lambda color: colormaps.gradient(stops), stops=stops)


MAPPINGS: dict[str, Mapping] = {
    "rgb": Mapping("the outputs as red, green and blue", 3, span=UNIT),
    "red": Mapping("the first output only", 3, box=((0, 1), (0, 0), (0, 0)), span=UNIT),
    "green": Mapping("the second output only", 3, box=((0, 0), (0, 1), (0, 0)), span=UNIT),
    "blue": Mapping("the third output only", 3, box=((0, 0), (0, 0), (0, 1)), span=UNIT),
    "grey": Mapping("light where the mean output is high"),
    "diverging": Mapping(
        "red above the middle, blue below", palette=lambda _: colormaps.diverging(), signed=True
    ),
    "cyclic": Mapping("cyclic, with equal perceptual steps", palette=lambda _: colormaps.cyclic()),
    "viridis": _named("bids:viridis", "violet, green, yellow"),
    "magma": _named("bids:magma", "black, purple, cream"),
    "inferno": _named("bids:inferno", "black, red, yellow"),
    "cividis": _named("cividis:cividis", "blue to yellow; colour-blind safe"),
    "plasma": _named("bids:plasma", "blue, pink, yellow"),
    "mako": _named("seaborn:mako", "black, sea blue, pale green"),
    "rocket": _named("seaborn:rocket", "black, crimson, cream"),
    "batlow": _named("crameri:batlow", "navy, olive, salmon; colour-blind safe"),
    "twilight": _named("matplotlib:twilight", "cyclic: pale, blue, black, red"),
    "berlin": _named("crameri:berlin", "black at the middle, blue below, red above", signed=True),
    "ink": Mapping(
        "one ink on paper: color.hue is its hue", palette=lambda c: colormaps.ink(c.hue)
    ),
    "charcoal": _through("#16130f #f6f1e7", "charcoal on cream paper"),
    "cyanotype": _through("#002a50 #175a94 #8fb9d6 #f4f1e8", "Prussian blue on white paper"),
    "copper": _through("#3b0d0c #ffb56b", "dark brown and copper"),
    "coral": _through("#3d0a4a #ffb7a3", "purple and coral"),
    "lime": _through("#08302e #e2f37a", "deep green and lime"),
    "moss": _through("#0f2016 #2f5d3a #a3b565 #f4eccd", "forest, moss, straw"),
    "canyon": _through("#2a1a1f #8c3b2a #d98e4a #f7e6c4", "umber, rust, sand"),
    "sunset": _through("#1f2a44 #d1495b #f2a03d #fdf3e1", "night blue, crimson, orange, cream"),
    "lagoon": _through("#0b132b #1c5d7a #3fb8af #f6f1d5", "deep sea, teal, foam"),
    "orchid": _through("#240b36 #7b2d8b #e56b9f #fde2e4", "plum, orchid, pale pink"),
    "riviera": _through("#10204a #0f7ea8 #f4b860 #fff4e0", "navy, azure, sand"),
    "neon": _through("#0d0221 #5f0fb3 #f72585 #d9a8ff #7df9e4", "black, violet, pink, cyan"),
    "bauhaus": _through("#1a1a1a #1d4e9e #e63b2e #f5c518 #f7f2e4", "black, blue, red, yellow"),
    "strata": _through("#1d2b3a #e9dcc3 #b5482f #f3e9d7 #24424f", "dark and light by turns"),
    "palette": Mapping(
        "the colours of color.palette", palette=lambda c: colormaps.gradient(c.colors), own=True
    ),
    "plates": Mapping("three inks printed over one another", 3, plates=True, own=True),
    "hsv": Mapping("hue, saturation, value", 3, formula=_hsv, box=((0, 1), (0.35, 1), (0.35, 1))),
    "lab": Mapping("CIE L*, a*, b*", 3, formula=_lab, box=((20, 95), (-60, 60), (-60, 60))),
    "oklch": Mapping(
        "OKLCh: lightness, chroma, hue", 3, formula=_oklch, box=((0.35, 0.95), (0.02, 0.2), (0, 1))
    ),
}
STRETCHES = {
    "none": "no",
    "minmax": "from the minimum to the maximum",
    "percentile": "from the 2nd percentile to the 98th",
}


ENDLESS = -3e38, 3e38  # the bounds of outputs that have none
BEYOND = 1.0  # how far outside the value range values are told apart
FLAT = 1e-6  # the least range within a sample
LINE, OUTLINE = 0.55, 1.35  # half the width of a contour line, and of that at 0, in strokes
STROKES = 450  # in the shorter side of a picture; a stroke is one pixel at least
PEN, INK = 0.30, (0.045, 0.05, 0.08)  # a line's difference in lightness to its ground; of that at 0
DARK_GROUND = 0.32  # lightness of the ground below which a line is lighter than it
SPARSE, DENSE = 0.22, 0.4  # lines per stroke from which on they fade, and are gone
DARK = 1 / 255  # of paper, the least light that an ink takes a part of
MAX_COLORS = 16  # of one's own, and of flat inks
OWN = ("#14213d", "#b5305a", "#f2a03d", "#fdf3e1")  # for `palette` until it has colours
RISO = ("#faf3e3", "#ff5d5d", "#00838a", "#ffd23f")  # for `plates`: paper, three inks


@dataclass(frozen=True)
class MappingName(OneOf):
    """Checks for the name of one of MAPPINGS, or of a map of the library cmap."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str) or value in self.known:
            return super().__call__(value)
        if colormaps.in_library(value):
            return value
        near = nearest(value, [*self.known, *colormaps.library()])
        raise ValueError(f"no {show(value)}{near or ', neither here nor in the library cmap'}")


def hex_color(value: Any) -> str:
    """A colour like "#F0A030" in lower case."""
    if not isinstance(value, str):
        raise ValueError(f'{show(value)} is not a colour like "#f0a030"')
    colormaps.hex_rgb(value)
    return value.lower()


def own_colors(value: Any) -> tuple[str, ...]:
    """No colours, or 2 to MAX_COLORS."""
    if isinstance(value, list | tuple) and not value:
        return ()
    return several(hex_color, 2, MAX_COLORS)(value)


@dataclass(frozen=True)
class Color:
    """The `[color]` table."""

    mapping: str = key(
        "rgb",
        MappingName(MAPPINGS),
        f"how outputs become colours: {' '.join(MAPPINGS)}, or a name of the library cmap",
        short=True,
    )
    invert: bool = key(False, flag, "invert the colours")
    stretch: str = key(
        "none",
        choice(STRETCHES),
        f"values stretched to the full colour range, measured over the view: {' '.join(STRETCHES)}",
    )
    palette: tuple[str, ...] = key(
        (),
        own_colors,
        f"2 to {MAX_COLORS} hexadecimal colours of your own, from low values to high: "
        '["#102040", "#f0e0c0"]; sets the mapping palette',
        short=True,
        metavar='"#RRGGBB,#RRGGBB"',
        widget="colors",
    )
    hue: float = key(
        250.0,
        number(0, 360),
        "hue of the mapping ink, in degrees in OKLab: 30 red, 60 orange, 90 yellow, 145 green, "
        "200 cyan, 250 blue, 300 violet, 330 pink",
    )
    inks: int = key(
        0,
        choice((0, *range(2, MAX_COLORS + 1))),
        "a poster of flat colours with smooth edges: exactly N with a mapping of one channel; "
        "N steps of each of three outputs (rgb, plates, hsv, lab, oklch); 0 for continuous colours",
        metavar="N",
        short=True,
    )
    isolines: float | None = key(  # a file that has none does not name it
        None,
        number(0, 1e6),
        "contour lines at the multiples of this value of the output (the mean of three); the line "
        "at 0, the outline of a distance field, is strong; none when absent or 0",
        slider=(0, 0.5),
    )
    dither: bool = key(
        False,
        flag,
        "noise of up to a level before colours become 8 bits: slow gradients show no steps",
        short=True,
        metavar="[true|false]",
    )

    def __post_init__(self) -> None:
        validate(self, "color.")

    def replace(self, values: dict[str, Any]) -> "Color":
        """Change some keys. Colours of one's own need no mapping: they set it to `palette`."""
        changed = dataclasses.replace(self, **values)
        if changed.palette and "palette" in values and "mapping" not in values:
            mapping = self.mapping if changed.row.own else "palette"
            return dataclasses.replace(changed, mapping=mapping)
        return changed

    @property
    def plain(self) -> bool:
        """Whether outputs are shown unchanged, except for noise."""
        of = self.mapping, self.invert, self.stretch, self.inks, self.isolines or 0
        return of == ("rgb", False, "none", 0, 0)

    @property
    def noisy(self) -> bool:
        """Whether there is noise: in flat colours it would only be seen."""
        return self.dither and not self.levels

    @property
    def row(self) -> Mapping:
        """The mapping."""
        return MAPPINGS.get(self.mapping) or library_mapping(self.mapping)

    @property
    def levels(self) -> int:
        """The number of flat steps of each channel; 0: continuous."""
        return self.inks or 2 * self.row.plates

    @property
    def edged(self) -> bool:
        """Whether a pixel's colour depends on its neighbours: the edges of flat colours, lines."""
        return bool(self.levels or self.isolines)

    @property
    def colors(self) -> tuple[str, ...]:
        """The colours of the mappings with colours of one's own."""
        return self.palette or (RISO if self.row.plates else OWN)

    @property
    def table(self) -> colormaps.Palette | None:
        """The palette along the values; None for a mapping without one."""
        return self.row.palette(self) if self.row.palette else None

    @property
    def flat(self) -> Float32:
        """(n, 3): the flat colours of a palette, of 8 bits each; or paper and the three plates."""
        if self.row.plates:
            return _plates(self.colors)
        table, count = self.table, self.levels
        if table is None or not count:
            return np.zeros((0, 3), np.float32)
        stops = self.colors if self.row.own else self.row.stops
        if count <= len(stops):  # none of their mixtures
            picked = [stops[k * (len(stops) - 1) // (count - 1)] for k in range(count)]
            return colormaps.display(picked).astype(np.float32)
        cyclic = np.abs(table[0] - table[-1]).max() < 2 / 255  # ends are the same colour
        turns = np.arange(count) / (count if cyclic else count - 1)
        found = colormaps.between(table, turns * (len(table) - 1))
        return np.asarray(np.floor(found * 255 + 0.5) / 255, np.float32)


@lru_cache(maxsize=64)
def library_mapping(name: str) -> Mapping:
    """The mapping by a map of the library cmap."""
    about = f"the {colormaps.category(name)} colour map {name} of the library cmap"
    return _named(name, about, signed=colormaps.category(name) == "diverging")


@lru_cache(maxsize=64)
def _plates(colors: tuple[str, ...]) -> Float32:
    """(4, 3): the lightest colour, as paper, and three others, as inks, in their order.

    Of more than three others, those of the largest chroma times lightness: not nearly black.
    """
    shown = colormaps.display(colors)
    light, a, b = colormaps.to_oklab(shown).T
    paper = int(light.argmax())
    others = [k for k in range(len(colors)) if k != paper]
    vivid = light * np.sqrt(a * a + b * b)
    others = sorted(sorted(others, key=lambda k: -vivid[k])[:3])
    return shown[[paper, *(others[k * len(others) // 3] for k in range(3))]].astype(np.float32)


@dataclass(frozen=True)
class ValueRange:
    """The values that become 0 and 1: per output, or for their mean three times.

    `ends`: where outputs end, such as 0 and 1 of a sigmoid; there are no contour lines there.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    ends: tuple[float, float] = ENDLESS

    @property
    def affine(self) -> tuple[Float32, Float32]:
        """(low, factor) in float32: (value - low) · factor is from 0 to 1."""
        low, high = np.array(self.low), np.array(self.high)
        return low.astype(np.float32), (1 / (high - low)).astype(np.float32)


DISPLAY = ValueRange((0.0,) * 3, (1.0,) * 3)  # of sRGB values


def marked(outputs: Float32) -> Float32:
    """(N, 3 or 4) outputs of a network; where one is not finite, NOT_A_NUMBER, which is opaque.

    Only these are of that colour.
    """
    shown = outputs.copy()
    same = (shown[:, 0] == NOT_A_NUMBER[0]) & (shown[:, 2] == NOT_A_NUMBER[2])
    shown[same & (np.abs(shown[:, 1]) < BESIDE), 1] = BESIDE
    shown[~np.isfinite(outputs).all(axis=1)] = (*NOT_A_NUMBER, 1)[: outputs.shape[1]]
    return shown


def broken(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of (…, 3) values are marked as NaN, by the colour NOT_A_NUMBER."""
    return np.asarray((values == np.array(NOT_A_NUMBER, np.float32)).all(axis=-1))


def single(values: NDArray[Any]) -> NDArray[Any]:
    """The mean of three outputs, (…, 1); of thirds, since a sum could overflow."""
    thirds = values / values.dtype.type(3)
    return np.asarray(thirds[..., :1] + thirds[..., 1:2] + thirds[..., 2:])


def colored(values: Float32, color: Color, span: ValueRange) -> Float32:
    """(N, 3) outputs to (N, 3) sRGB values; values marked as NaN stay so.

    Flat colours have hard edges here; those of `printed` are smooth, and it draws contour lines.
    """
    places = _places(values, color, span)
    shown = _flat(places, None, color) if color.levels else _mapped(places, color)
    return _finished(shown, values, color)


def printed(
    values: Float32, color: Color, span: ValueRange, samples: int = 1, stroke: float = 1.0
) -> Float32:
    """(height, width, 3) outputs of neighbouring pixels to sRGB values with smooth edges.

    Within a sample, 1 / samples of a pixel wide, an output is taken for linear with its gradient
    between the neighbours: an edge covers the part of that range which lies above it. `stroke`: of
    contour lines, in pixels.
    """
    places = _places(values, color, span)
    if color.levels:
        reach = np.asarray(_steepness(places) / np.float32(samples), np.float32)
        shown = _flat(places, reach, color)
    else:
        shown = _mapped(places, color)
    shown = _finished(shown, values, color)
    if not color.isolines:
        return shown
    lined = _lined(shown, values, color, span, samples, stroke)
    return np.asarray(np.where(broken(values)[..., None], shown, lined))


def stroke_of(size: tuple[int, int]) -> float:
    """The unit of contour lines' widths in a picture of `size`, in pixels."""
    return max(1.0, min(size) / STROKES)


def _steepness(values: Float32) -> Float32:
    """The magnitude of the gradient of (height, width, n) values, per pixel."""
    sides = [np.gradient(values, axis=k) for k in (0, 1) if values.shape[k] > 1]
    return np.asarray(np.sqrt(sum((side * side for side in sides), np.zeros_like(values))))


def _lined(
    shown: Float32, values: Float32, color: Color, span: ValueRange, samples: int, stroke: float
) -> Float32:
    """Colours with contour lines over them: lighter on dark ground, darker on light ground."""
    f = np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        level = np.asarray(single(values) / f(color.isolines), f)
        rate = np.maximum(_steepness(level), f(1e-12))
        nearest = np.floor(level + f(0.5))
        away = np.abs(level - nearest) / rate  # in pixels
    low, high = np.clip(np.array(span.ends) / color.isolines, -3e38, 3e38).astype(np.float32)
    inside = (nearest > low + f(0.01)) & (nearest < high - f(0.01)) & (rate > f(FLAT) / f(samples))
    strong = nearest == 0
    half = f(stroke) * np.where(strong, f(OUTLINE), f(LINE))
    reach = f(0.5 / samples)
    line = np.minimum(away + reach, half) - np.maximum(away - reach, -half)
    line = np.clip(line * f(samples), 0, 1) * inside
    faded = np.clip((rate * f(stroke) - f(SPARSE)) / f(DENSE - SPARSE), 0, 1)
    line = line * np.where(strong, 1, 1 - faded * faded * (3 - 2 * faded)).astype(np.float32)
    light = shown @ np.array([[0.3], [0.6], [0.1]], np.float32)
    pen = np.where(light < f(DARK_GROUND), shown + f(PEN), shown * f(1 - 1.6 * PEN))
    ink = np.where(strong, np.array(INK, np.float32), pen)
    return np.asarray(shown + line * (ink - shown), np.float32)


def strip(color: Color, length: int) -> Float32:
    """(length, 3) sRGB values: the colours along a scale, or along a turn of three outputs."""
    place = np.linspace(0, 1, length, dtype=np.float32)[:, None]
    if color.row.channels == 1 or color.mapping in ("red", "green", "blue"):
        values = np.repeat(place, 3, axis=1)
    else:
        phase = np.array([0, 1, 2], np.float32) / 3
        values = 0.5 + 0.5 * np.cos(2 * np.pi * (place - phase)).astype(np.float32)
    return colored(values, color, DISPLAY)


def _finished(shown: Float32, values: Float32, color: Color) -> Float32:
    """Colours, in an array of their own, which is changed: inverted, and where NaN is marked."""
    if color.invert:
        np.subtract(1, shown, out=shown)
    shown[broken(values)] = NOT_A_NUMBER
    return shown


def _places(values: Float32, color: Color, span: ValueRange) -> Float32:
    """(…, 3) outputs, or their means (…, 1), in the value range: 0 to 1; if flat, and BEYOND."""
    (low, factor), one = span.affine, color.row.channels == 1
    beyond = BEYOND if color.levels else 0
    used, n = (single(values), 1) if one else (values, 3)
    with np.errstate(over="ignore"):
        places = (used - low[:n]) * factor[:n]
    return np.clip(places, -beyond, 1 + beyond, out=places)


def _mapped(places: Float32, color: Color) -> Float32:
    """(…, channels) values from 0 to 1 to (…, 3) sRGB values."""
    row, table = color.row, color.table
    if table is not None:
        return colormaps.between(table, places[..., 0] * np.float32(colormaps.SIZE - 1))
    if row.plates:
        paper, *inks = color.flat
        shown = np.broadcast_to(paper, (*places.shape[:-1], 3))
        for k, ink in enumerate(inks):
            passed = np.minimum(ink / np.maximum(paper, DARK), 1)
            shown = shown * (1 - places[..., k : k + 1] * (1 - passed))
        return np.asarray(shown)
    low, high = np.array(row.box, np.float32).T
    values = np.repeat(places, 3, axis=-1) if row.channels == 1 else places
    scaled = low + values * (high - low)
    return row.formula(scaled.reshape(-1, 3)).reshape(scaled.shape) if row.formula else scaled


def _flat(places: Float32, reach: Float32 | None, color: Color) -> Float32:
    """`_mapped` in steps. `reach`: the range of the places within a sample; None: hard edges."""
    count = color.levels
    edges = np.arange(1, count, dtype=np.float32) / np.float32(count)
    inks = color.flat if color.table is not None else None
    level = np.zeros(places.shape, np.float32)
    shown = np.zeros((*places.shape[:-1], 3), np.float32) + inks[0] if inks is not None else level
    for k, edge in enumerate(edges):
        above = places - edge
        if reach is None:
            cover = (above >= 0).astype(np.float32)
        else:
            cover = np.clip(above / np.maximum(reach, FLAT) + np.float32(0.5), 0, 1)
        if inks is not None:
            shown += cover * (inks[k + 1] - inks[k])
        else:
            level += cover
    return shown if inks is not None else _mapped(level / np.float32(count - 1), color)

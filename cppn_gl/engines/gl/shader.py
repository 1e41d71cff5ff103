"""Composes shader sources from the files in shaders/ and a network's structure. No GL calls here.

    structure() -> Structure (hashable; one program each) -> picture_source() -> GLSL source

`#include "file"` is resolved with `#line` directives that number the files, so that a driver's
error can be reported by file and line (`explain_log`). `#include <activations>` and `<derivatives>`
insert code generated from the table of activations.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.packing import Layout, declarations, round_up
from cppn_gl.nn.activations import ACTIVATIONS, glsl_activations, glsl_derivatives
from cppn_gl.nn.features import kinds
from cppn_gl.nn.layers import MAX_DRAWN, MAX_WIDTH
from cppn_gl.nn.network import Network
from cppn_gl.utils.resources import resource

LANES = 4  # pixels in a texel
ES = 300  # the version of GLSL ES in WebGL 2; those of desktops are 330 to 430
_ES_TYPES = ("float", "int", "sampler2D", "usampler2D")  # whose precision is not high by itself
_REALS = {1: "float", 2: "vec2", 4: "vec4"}
_STEPS = {1: "0.0", 2: "vec2(0.0, 2.0)", 4: "vec4(0.0, 2.0, 4.0, 6.0)"}
_INTEGERS = {
    1: {
        "UINTS": "uint",
        "INTS": "int",
        "PIXEL_COLUMNS(p)": "uint((p).x)",
        "PIXEL_ROWS(p)": "uint((p).y)",
    },
    2: {
        "UINTS": "uvec2",
        "INTS": "ivec2",
        "PIXEL_COLUMNS(p)": "(uint((p).x) + uvec2(0u, 1u))",
        "PIXEL_ROWS(p)": "uvec2(uint((p).y))",
    },
    4: {
        "UINTS": "uvec4",
        "INTS": "ivec4",
        "PIXEL_COLUMNS(p)": "(uint((p).x) + uvec4(0u, 1u, 2u, 3u))",
        "PIXEL_ROWS(p)": "uvec4(uint((p).y))",
    },
}
_INCLUDE = re.compile(r'\s*#include\s+(?:"([^"]+)"|(<\w+>))\s*$')
_GENERATED = {"<activations>": glsl_activations, "<derivatives>": glsl_derivatives}


class ShaderError(RuntimeError):
    """A shader cannot be composed or compiled; the message names file and line."""


@dataclass(frozen=True)
class Structure:
    """The properties of a network that its program depends on: not depth, widths and weights."""

    layout: Layout
    hidden: tuple[str, ...]  # the activations of hidden layers, each once, in the table's order
    output: str
    curved: tuple[str, ...]  # the kinds of curved features, see `features.kinds`
    alpha: bool = False  # whether the fourth output is alpha


def structure(network: Network, layout: Layout) -> Structure:
    """The structure of a network with a layout."""
    used = {layer.activation for layer in network.drawn[:-1]}
    hidden = tuple(name for name in ACTIVATIONS if name in used)
    last, alpha = network.drawn[-1].activation, network.channels == 4
    return Structure(layout, hidden, last, kinds(network.inputs), alpha)


@dataclass(frozen=True)
class Curved:
    """A kind of curved feature in GLSL: its change from the view's centre, and as a dual number.

    `{k}` is the number of the feature; u, v are local coordinates, `pixel` its place in the target.
    """

    change: str
    dual: str


CURVED = {
    "r": Curved("radius_change(u, v)", "radius_dual(u, v)"),
    "x2": Curved("(u) * (u)", "vec4((u) * (u), 2.0 * (u), 0.0, 0.0)"),
    "y2": Curved("(v) * (v)", "vec4((v) * (v), 0.0, 2.0 * (v), 0.0)"),
    "xy": Curved("(u) * (v)", "vec4((u) * (v), v, u, 0.0)"),
    "wave_x": Curved(
        "wave_change({k}, PIXEL_COLUMNS(pixel))", "wave_dual({k}, uint((pixel).x), vec2(1.0, 0.0))"
    ),
    "wave_y": Curved(
        "wave_change({k}, PIXEL_ROWS(pixel))", "wave_dual({k}, uint((pixel).y), vec2(0.0, 1.0))"
    ),
}


def curves(of: Sequence[str], lanes: int) -> list[str]:
    """The definitions that curved.glsl, features.glsl and their users need.

    CURVE(g, u, v, pixel) writes the changes of curved features: the first to far[g], whose weights
    are in the First block, the others to `more`, whose weights are in a texture. CURVE_DUAL writes
    dual numbers.
    """
    more = round_up(max(len(of) - 1, 0), 4)
    places = ["far[g]", *(f"more[(g) * MORE + {k}]" for k in range(more))]

    def assign(real: str, terms: Sequence[str]) -> str:
        rest = [f"{real}(0.0)"] * (len(places) - len(terms))
        pairs = zip(places, [*terms, *rest], strict=True)
        return " ".join(f"{place} = {term};" for place, term in pairs)

    changes = [CURVED[kind].change.format(k=k) for k, kind in enumerate(of)]
    duals = [CURVED[kind].dual.format(k=k) for k, kind in enumerate(of)]
    return [
        *_defines(MORE=more, WAVES=packing.wave_count(of), **_INTEGERS[lanes]),
        f"#define CURVE(g, u, v, pixel) {assign('REAL', changes)}",
        f"#define CURVE_DUAL(g, u, v, pixel) {assign('vec4', duals)}",
        f"#define EACH_MORE(DO, g) {_repeat('DO({}, g)', range(more // 4))}",
        *(["uniform sampler2D curved_weights;"] if more else []),
    ]


@dataclass(frozen=True)
class Source:
    """GLSL source and the files it consists of: number k in a `#line` is files[k]."""

    text: str
    files: tuple[str, ...]


def compose(
    name: str,
    head: str = "",
    version: int = 330,
    folder: Path | None = None,
    replaced: Mapping[str, str] | None = None,
) -> Source:
    """The shader file `name` with its includes, after #version and the lines `head`.

    `version`: of desktop GLSL, or ES, where numbers are as precise as on desktops. `replaced`: file
    names to texts that are used instead of the files. Raises ShaderError for a missing file or
    circular includes.
    """
    folder = folder or resource("shaders")
    files = ["generated"]
    opening = [f"#version {version} core"]
    if version == ES:
        opening = ["#version 300 es", *(f"precision highp {kind};" for kind in _ES_TYPES)]
    lines = [*opening, "#line 1 0", head]

    def include(file: str, chain: tuple[str, ...]) -> None:
        if file in chain:
            raise ShaderError(f"{' → '.join((*chain, file))}: circular includes")
        if file in files:
            return
        try:
            text = (replaced or {}).get(file) or _read(folder, file)
        except (OSError, UnicodeDecodeError) as error:
            by = f"{chain[-1]}: " if chain else ""
            raise ShaderError(f"{by}cannot read {file} in {folder}: {error}") from None
        number = len(files)
        files.append(file)
        lines.append(f"#line 1 {number}")
        for position, line in enumerate(text.splitlines(), 1):
            found = _INCLUDE.match(line)
            if found:
                include(found.group(1) or found.group(2), (*chain, file))
                lines.append(f"#line {position + 1} {number}")
            else:
                lines.append(line)

    include(name, ())
    return Source("\n".join(lines) + "\n", tuple(files))


def _read(folder: Path, file: str) -> str:
    generate = _GENERATED.get(file)
    return generate() if generate else (folder / file).read_text("utf-8")


def picture_source(
    of: Structure,
    *,
    version: int = 330,
    lanes: int = LANES,
    groups: int = 1,
    file: str = "picture.frag",
    local: tuple[int, int] = (8, 8),
    doubles: bool = False,
    additive: bool = False,
    dual: bool = False,
    folder: Path | None = None,
    replaced: Mapping[str, str] | None = None,
) -> Source:
    """The shader that draws networks of a structure, for GLSL `version`.

    `lanes`: pixels per vector (1, 2 or 4) and `groups`: vectors per invocation; a fragment shader
    has 4 and 1. For compute shaders, `local`: the workgroup size; `additive`: add to the planes.
    `dual`: the file includes dual.glsl (with one lane). `doubles`: see `declarations`; `replaced`:
    see `compose`.
    """
    layout = of.layout
    stride = str(layout.stride(0)) if layout.unrolled else _looped_stride(layout)
    moved = range(layout.units - layout.rows)
    select = "mix(value, REAL(mark), greaterThan(bad, REAL(0.0)))"
    if lanes == 1:
        select = "bad > 0.0 ? mark : value"
    head = "\n".join(
        [
            *_defines(
                ADDITIVE=int(additive),
                ALPHA=int(of.alpha),
                LANES=lanes,
                GROUPS=groups,
                LOCAL_X=local[0],
                LOCAL_Y=local[1],
                REAL=_REALS[lanes],
                LANE_STEPS=_STEPS[lanes],
                PRECISE="precise" if version >= 400 else "",
                UNROLLED=int(layout.unrolled),
                UNITS=layout.units,
                ROWS=layout.rows,
                CHUNKS=layout.chunks,
                BIASES=-(-layout.rows // 4),
                OVERFLOWS=int(not all(ACTIVATIONS[name].bounded for name in of.hidden)),
                HIDDEN_ACTIVATIONS=_hidden(of.hidden),
                OUTPUT_ACTIVATION=f"activation_{of.output}",
            ),
            f"#define STRIDE(layer) ({stride})",
            f"#define EACH_GROUP(DO, what) {_repeat('DO({}, what)', range(groups))}",
            f"#define EACH_ROW(DO, what) {_repeat('DO({}, what)', range(layout.rows))}",
            f"#define EACH_CHUNK(DO, what) {_repeat('DO({}, what)', range(layout.chunks))}",
            f"#define EACH_UNIT(DO) {_each_unit(range(layout.units), groups)}",
            f"#define EACH_MOVED(DO) {_each_unit(moved, groups)}",
            f"#define SELECT(value, bad, mark) value = {select}",
            *curves(of.curved, lanes),
            declarations(
                layout,
                block_arrays=version >= 420,
                doubles=doubles,
                waves=packing.wave_count(of.curved),
                texture_width=packing.ES_TEXTURE_WIDTH if version == ES else packing.TEXTURE_WIDTH,
            ),
            *(_dual_activations(of) if dual else []),
        ]
    )
    return compose(file, head, version, folder, replaced)


def _dual_activations(of: Structure) -> list[str]:
    """The definitions that dual.glsl needs: the structure's activations on dual numbers."""
    text = "vec4 activation_{0}(vec4 z) {{ return chained(z, activation_{0}(z.x), "
    text += "derivative_{0}(z.x)); }}"
    names = dict.fromkeys((*of.hidden, of.output))
    return _defines(
        DUAL_ACTIVATIONS=" ".join(text.format(n) for n in names),
        MAX_DEPTH=MAX_DRAWN,
        MAX_WIDTH=MAX_WIDTH,
    )


def _defines(**values: str | int) -> list[str]:
    return [f"#define {name} {value}" for name, value in values.items()]


def _repeat(text: str, over: Iterable[int]) -> str:
    return " ".join(text.format(k) for k in over)


def _each_unit(units: Iterable[int], groups: int) -> str:
    return " ".join(f"DO({unit}, {group})" for group in range(groups) for unit in units)


def _looped_stride(layout: Layout) -> str:
    """GLSL expression of Layout.stride, from the layer's columns."""
    step = 4 * layout.chunks
    chunks = f"(layers.shape[layer].y + {step - 1}) / {step} * {layout.chunks}"
    return f"BIASES + ROWS * ({chunks})"


def _hidden(names: tuple[str, ...]) -> str:
    """The body of the GLSL function `hidden_activation`: selects by the layer's activation."""
    if not names:
        return "return x;"
    known = list(ACTIVATIONS)
    choices = [f"if (kind == {known.index(n)}) return activation_{n}(x);" for n in names[:-1]]
    return " ".join([*choices, f"return activation_{names[-1]}(x);"])


def explain_log(log: str, files: tuple[str, ...]) -> str:
    """The first error of a driver's compile log, with file name and line.

    Recognises the forms `2:14(3): error`, `ERROR: 2:14:`, `2(14) : error`.
    """
    for line in log.splitlines():
        found = re.match(r"\s*(?:ERROR:\s*)?(\d+)[:(](\d+)\)?(?:\(\d+\))?\s*:?\s*(.*)", line)
        if found and int(found.group(1)) < len(files) and not found.group(3).startswith("warning"):
            return f"{files[int(found.group(1))]}:{found.group(2)}: {found.group(3).strip()}"
    lines = [line.strip() for line in log.splitlines() if line.strip(" =")]
    return " ".join(lines[:6]) or "the driver gave no reason"

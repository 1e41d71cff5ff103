"""A network as GLSL that stands alone: functions to paste into a shader of any program.

    network -> network_code() -> the function `cppn`, and the names of shaders/ that it needs
    names -> Library.text()   -> their functions, taken from shaders/, with the prefix `cppn_`

Weights are literals in products of matrices and vectors, four units to a vector. Constant arrays
read in loops would compile faster. But Chromium refuses that of 27 layers of 30 ("Size of declared
private variable exceeds implementation-defined limit"), and drivers in software draw small ones
slowly: 10 layers of 14, 320x180, by SwiftShader in 2.0 s instead of 0.11 s, by llvmpipe in 184 ms
instead of 37 ms. SwiftShader compiles the literals of 27 layers of 30 in half a minute.

The text is valid in desktop GLSL from 330 on, and in ES 3.00 (WebGL2).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cppn_gl.nn.activations import glsl_activations
from cppn_gl.nn.features import PRODUCTS, Clock, constant, latent_index, wave
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.resources import resource

PREFIX = "cppn_"
FILES = ("math.glsl", "mappings.glsl")
TYPES = {1: "float", 2: "vec2", 3: "vec3", 4: "vec4"}
GROUP = 4  # units in a vector
SHORTEST = 9  # significant digits with which float32 numbers are what they were

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINED = re.compile(r"\s*(?:const\s+)?\w+\s+(\w+)\s*(?:\(|=)")


@dataclass(frozen=True)
class Item:
    """A constant or function of shaders/, without comments, and the others that it names."""

    text: str
    needs: tuple[str, ...]

    @property
    def generic(self) -> bool:
        """Whether it is of the type REAL: there is one for each type that is used."""
        return "REAL" in self.text


@cache
def library() -> dict[str, Item]:
    """The constants and functions of FILES and of the table of activations, by name, in order."""
    folder = resource("shaders")
    texts = [(folder / name).read_text("utf-8") for name in FILES]
    texts.insert(1, glsl_activations())
    found: dict[str, str] = {}
    for text in texts:
        for item in _items(_COMMENT.sub("", text)):
            match = _DEFINED.match(item)
            if match:
                found.setdefault(
                    match[1], "\n".join(filter(None, map(str.rstrip, item.splitlines())))
                )
    return {
        name: Item(text, tuple(n for n in dict.fromkeys(_WORD.findall(text)) if n in found))
        for name, text in found.items()
    }


def _items(text: str) -> Iterable[str]:
    """The definitions at the top level of a shader file."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    depth, start, body = 0, 0, "\n".join(lines)
    for place, letter in enumerate(body):
        depth += (letter in "{(") - (letter in ")}")
        if depth == 0 and letter in ";}":
            yield body[start : place + 1].strip()
            start = place + 1


def library_text(used: Iterable[tuple[str, str]]) -> str:
    """GLSL of items of `library`, and of those that they need.

    `used`: names, each with the type that REAL stands for. Their names get the prefix; that of
    the function `activation_tanh` becomes `cppn_tanh`.
    """
    items, needed = library(), set()
    todo = list(used)
    while todo:
        name, real = todo.pop()
        pair = name, real if items[name].generic else ""
        if pair not in needed:
            needed.add(pair)
            todo += [(other, real) for other in items[name].needs if other != name]
    parts = []
    for name in items:
        for real in sorted(real for other, real in needed if other == name):
            text = re.sub(r"\bPRECISE ", "", items[name].text)
            text = re.sub(r"\bREAL\b", real, text) if real else text
            parts.append(_WORD.sub(lambda m: prefixed(m[0]) if m[0] in items else m[0], text))
    return "\n".join(parts)


def prefixed(name: str) -> str:
    """The name of an item of `library` in exported text."""
    return PREFIX + name.removeprefix("activation_").removeprefix("mapping_")


def number(value: float, digits: int = SHORTEST) -> str:
    """A float32 number as GLSL, with at most so many significant digits: .25, -3., 1e-9."""
    single = np.float32(value)
    text = str(single) if digits >= SHORTEST else f"{float(single):.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, part = mantissa.removeprefix("-").partition(".")
    part = part.rstrip("0")
    whole = whole.lstrip("0")
    short = f"{whole or ('' if part else '0')}.{part}"
    return f"{sign}{short}" + (f"e{int(exponent)}" if e else "")


def vector(values: Sequence[float] | Float64, digits: int = SHORTEST) -> str:
    """1 to 4 numbers as a float or a vector."""
    texts = [number(float(value), digits) for value in values]
    if len(texts) == 1:
        return texts[0]
    same = len(set(texts)) == 1
    return f"vec{len(texts)}({texts[0] if same else ','.join(texts)})"


@dataclass(frozen=True)
class Part:
    """A variable that holds the units, or features, of a layer from `start` to `stop`."""

    name: str
    start: int
    stop: int

    @property
    def type(self) -> str:
        return TYPES[self.stop - self.start]


def parts(name: str, count: int) -> list[Part]:
    """The variables of `count` units: vectors of four, and one for the rest."""
    starts = range(0, count, GROUP)
    return [Part(f"{name}_{k}", a, min(a + GROUP, count)) for k, a in enumerate(starts)]


def _product(weight: Float64, of: Part, digits: int) -> str:
    """Weights (rows, columns) times a variable, as an expression."""
    rows, columns = weight.shape
    if rows == 1 and columns > 1:
        return f"dot({vector(weight[0], digits)},{of.name})"
    if columns == 1:
        return f"{vector(weight[:, 0], digits)}*{of.name}"
    values = ",".join(number(float(value), digits) for value in weight.T.ravel())
    kind = f"mat{columns}" if rows == columns else f"mat{columns}x{rows}"
    return f"{kind}({values})*{of.name}"


@dataclass(frozen=True)
class Scales:
    """Factors on weights and biases as expressions of `time`, by which those of a network of weight
    and bias scale 1 are multiplied."""

    weight: str
    bias: str


@dataclass(frozen=True)
class Code:
    """GLSL functions, and the items of `library` that they use, each with a type for REAL."""

    text: str
    used: tuple[tuple[str, str], ...]


def network_code(
    network: Network,
    clock: Clock,
    *,
    center: Sequence[float] = (0.0, 0.0),
    digits: int = SHORTEST,
    scales: Scales | None = None,
    latent: str = "",
) -> Code:
    """The function `cppn` of a chain of dense layers: outputs at p - center, at a time in seconds.

    `scales`: where these move; the network is then the one that they multiply. `latent`: the name
    of an array of latent constants that it takes as a third argument; without, they are part of
    the biases, like all that is the same at every point.
    """
    kind = TYPES[network.outputs]
    argument = f", float {latent}[{len(network.latent)}]" if latent else ""
    lines = [f"{kind} cppn(vec2 p, float time{argument}) {{"]
    names, constants = _features(network, clock, center, latent)
    features = [name for name in network.inputs if name not in constants]
    held = parts("h0", len(features))
    if any(wave(name) or name == "r" or name in PRODUCTS for name in features):
        moved = f" + {vector(center)}" if any(center) else ""
        lines.append(f"    vec2 q = p{moved};")
    for part in held:
        values = _joined([names[name] for name in features[part.start : part.stop]])
        lines.append(f"    {part.type} {part.name} = {values};")
    if scales is not None:
        lines.append(f"    float a = {scales.weight}, b = {scales.bias};")
    used: dict[tuple[str, str], None] = {}
    for index, layer in enumerate(network.layers):
        weight, bias = layer.weight.astype(np.float64), layer.bias.astype(np.float64)
        fixed = np.zeros(len(bias))
        if index == 0:
            at = [network.inputs.index(name) for name in features]
            for column, name in zip(weight.T, network.inputs, strict=True):
                fixed += column * constants.get(name, 0.0)
            for axis, name in enumerate("xy"):
                if name in features:
                    fixed += weight[:, network.inputs.index(name)] * center[axis]
            weight = weight[:, at]
        units = parts(f"h{index + 1}", len(bias))
        lines.append(f"    // layer {index + 1}: {len(bias)} x {layer.activation}")
        for part in units:
            rows = slice(part.start, part.stop)
            first = fixed[rows] if scales is not None else fixed[rows] + bias[rows]
            lines.append(f"    {part.type} {part.name} = {vector(first, digits)};")
            for of in held:
                product = _product(weight[rows, of.start : of.stop], of, digits)
                lines.append(f"    {part.name} += {product};")
            if scales is not None:
                total = f"a * {part.name} + b * {vector(bias[rows], digits)}"
                lines.append(f"    {part.name} = {total};")
            if layer.activation != "identity":
                item = f"activation_{layer.activation}"
                used[item, part.type] = None
                lines.append(f"    {part.name} = {prefixed(item)}({part.name});")
        held = units
    lines += [f"    return {held[0].name};", "}"]
    return Code("\n".join(lines), tuple(used))


def _joined(values: Sequence[str]) -> str:
    """1 to 4 expressions as a float or a vector: p for p.x and p.y."""
    if len(values) == 1:
        return values[0]
    texts = ", ".join(values).replace("p.x, p.y", "p")
    return texts if texts == "p" else f"vec{len(values)}({texts})"


def _features(
    network: Network, clock: Clock, center: Sequence[float], latent: str
) -> tuple[dict[str, str], dict[str, float]]:
    """Expressions of the inputs by name, of p, q and time; and the values of those that are the
    same at all points and times."""
    names: dict[str, str] = {"x": "p.x", "y": "p.y", "r": "length(q)"}
    names |= {name: f"q.{'xy'[a]} * q.{'xy'[b]}" for name, (a, b) in PRODUCTS.items()}
    names["t"] = f"{number(clock.speed)} * time"
    # In turns, so that the sine's argument is small at any time, and its error.
    loop = f"fract(time / {number(clock.loop)})"
    names |= {"cos_t": f"cos(6.2831853 * {loop})", "sin_t": f"sin(6.2831853 * {loop})"}
    constants: dict[str, float] = {}
    for name in network.inputs:
        periodic, index = wave(name), latent_index(name)
        if periodic is not None:
            axis, function = "xy"[periodic.axis], "cos" if periodic.quarter else "sin"
            turns = f"q.{axis} * {number(periodic.harmonic / network.period)}"
            names[name] = f"{function}(6.2831853 * fract({turns}))"
        elif index is not None and latent:
            names[name] = f"{latent}[{index}]"
        elif index is not None or name == "one":
            value = constant(name, clock, network.latent)
            assert value is not None
            constants[name] = value
    return names, constants

"""Presets as GLSL text: a shader for Shadertoy's image tab, or the bare function of a network.

    shot -> shadertoy()     -> mainImage: view, mouse, animated keys, network, colours
         -> glsl_function() -> the function `cppn` with a head that says how to call it

Shadertoy publishes no limit of a shader's size. LONGEST is what a text field of 16 bits holds;
programs that write shaders for it warn from 65,000 characters on. It is not enforced here.
"""

import dataclasses
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.stretch import value_range
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.output.glsl_code import (
    PREFIX,
    SHORTEST,
    TYPES,
    Scales,
    library_text,
    network_code,
    number,
    vector,
)
from cppn_gl.preset.color import (
    DARK_GROUND,
    DENSE,
    FLAT,
    INK,
    LINE,
    NOT_A_NUMBER,
    OUTLINE,
    PEN,
    SPARSE,
    STROKES,
    Color,
    ValueRange,
    colored,
    marked,
)
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.tables import field_of
from cppn_gl.utils import colormaps
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError, one_line
from cppn_gl.utils.tasks import at_once

LONGEST = 65_535  # characters
COLUMNS = 96
FEWEST = 4  # significant digits that are tried
MEASURED = 64, 36  # points at which fewer digits are tried
MOST_TRIED = 100_000  # weights of networks for which they are
SAME, SHARE = 1, 0.9995  # levels of 255 that may differ, and the share of values that may not
FRACTIONS = 0.0, 0.37, 0.74  # of a pass: the times at which they are tried
EXPRESSED = ("network.weight_scale", "network.bias_scale", "view.extent", "view.center")
STOPS = 2, 3, 5, 9, 17, 33, 65, 129, 257  # of a palette
STOP_ERROR = 0.6 / 255  # of a palette through stops

_EASED = {
    "linear": "f",
    "smooth": "f * f * (3. - 2. * f)",
    "in": "f * f",
    "out": "f * (2. - f)",
}
_PASS = {
    "stop": "clamp(time / {0}, 0., 1.)",
    "bounce": "1. - abs(1. - mod(time / {0}, 2.))",
    "repeat": "fract(time / {0})",
    "loop": "fract(time / {0})",
}


def shadertoy(shot: Shot) -> bytes:
    """A shader for Shadertoy's image tab. Raises PresetError for what is not a chain of points."""
    preset, scene = _scene(shot)
    network, view, digits = scene.network, preset.view, digits_of(shot)
    moving = dict(shot.preset.animate.moving)
    scales, network = _scales(shot.preset, network)
    code = network_code(network, scene.clock, center=view.center, digits=digits, scales=scales)
    used = list(code.used)
    colors = _colors(scene, value_range(scene, shot.size), used)
    place = f"{PREFIX}extent(iTime) * uv" if "view.extent" in moving else f"{PREFIX}extent * uv"
    if "view.center" in moving:
        place += f" + {PREFIX}center(iTime) - {vector(view.center)}"
    shown = f"{PREFIX}color({PREFIX[:-1]}(p, iTime))"
    if network.channels == 4:
        low, factor = network.alpha_range
        alpha = f"clamp((shown.a - {number(low)}) * {number(factor)}, 0., 1.)"
        drawn = [
            f"    vec4 shown = {PREFIX[:-1]}(p, iTime);",
            f"    vec3 color = clamp({PREFIX}color(shown.rgb), 0., 1.);",
            f"    fragColor = vec4(mix({PREFIX}ground, color, {alpha}), 1.);",
        ]
    else:
        drawn = [f"    fragColor = vec4({shown}, 1.);"]
    moves = [name for name in EXPRESSED if name in moving]
    body = [
        *([] if "view.extent" in moving else [_constant("float", "extent", number(view.extent))]),
        *([_constant("vec3", "ground", "vec3(0.)")] if network.channels == 4 else []),
        *_animated(shot.preset, moves),
        library_text(used),
        code.text,
        colors,
        "void mainImage(out vec4 fragColor, in vec2 fragCoord) {",
        "    float side = min(iResolution.x, iResolution.y);",
        "    vec2 at = fragCoord - (iMouse.xy - abs(iMouse.zw));",
        "    vec2 uv = (2. * at - iResolution.xy) / side;",
        f"    vec2 p = {place};",
        *drawn,
        "}",
    ]
    zoom = "cppn_extent is half of what the shorter side spans."
    head = [
        f"{_structure(network)} for Shadertoy: paste all of this into its image tab.",
        "Drag to move the picture; a click puts it back. " + zoom * ("view.extent" not in moving),
        *(["Where alpha is below 1, cppn_ground is seen."] if network.channels == 4 else []),
    ]
    return _text(shot, head, [*body, ""], [*_left_out(shot), *_left_out_of_colors(shot)])


def glsl_function(shot: Shot) -> bytes:
    """The function `cppn` alone, for any shader. Raises PresetError as `shadertoy` does."""
    _, scene = _scene(shot)
    network, latent = scene.network, "z" if scene.network.latent else ""
    code = network_code(network, scene.clock, digits=digits_of(shot), latent=latent)
    kind = TYPES[network.outputs]
    lines = [library_text(code.used), code.text]
    if latent:
        values = ",".join(number(z) for z in network.latent)
        lines += [
            f"{kind} cppn(vec2 p, float time) {{",
            f"    return cppn(p, time, float[{len(network.latent)}]({values}));",
            "}",
        ]
    low, high = ACTIVATIONS[network.output_activation].span
    bounded = ACTIVATIONS[network.output_activation].bounded
    range_ = f"from {low:.6g} to {high:.6g}" if bounded else "without bounds"
    names = {1: "grey", 3: "red, green, blue", 4: "red, green, blue, alpha"}[network.outputs]
    view = scene.preset.view
    head = [
        f"{_structure(network)} as a function for desktop GLSL from 330 on and for ES 3.00, which "
        "needs `precision highp float;`.",
        f"{kind} cppn(vec2 p, float time): p in input units, x to the right and y up; time in "
        f"seconds. The preset shows {view.center[0]:g}, {view.center[1]:g} ± {view.extent:g} along "
        "the shorter side.".replace("±", "+-"),
        f"Inputs: {', '.join(network.inputs)}. Returns {names}, {range_}; displayed from 0 to 1. "
        "All names begin with cppn.",
    ]
    if latent:
        head.append(f"A third argument, float z[{len(network.latent)}], is the latent constants.")
    return _text(shot, head, [*lines, ""], [*_left_out(shot, bare=True)])


def size_words(text: bytes, *, limited: bool) -> str:
    """What to say about the size of a text, which is ASCII."""
    words = f"{len(text):,} characters"
    if limited and len(text) > LONGEST:
        return f"{words}: more than the {LONGEST:,} that Shadertoy is known to take"
    return words


def words_of(shot: Shot, *, bare: bool) -> list[str]:
    """What the text leaves out of a preset, in sentences."""
    return _left_out(shot, bare=bare) + ([] if bare else _left_out_of_colors(shot))


def _scene(shot: Shot) -> tuple[Preset, Scene]:
    """The preset at the shot's time and its scene. Raises PresetError for other networks."""
    preset, problem = shot.preset.at(shot.time), ""
    if preset.classifies:
        problem = "a network that sees pictures is no function of a point: GLSL text has none"
    elif preset.learns:
        problem = "a network that learns is not written as GLSL"
    elif preset.spec.by_grid:
        problem = "GLSL text expresses dense layers of points, not convolutions or images"
    if problem:
        raise PresetError(problem, key="network")
    return preset, scene_of(shot.preset, shot.time)


def _structure(network: Network) -> str:
    layers = f"{network.depth} layer{'s' * (network.depth > 1)}"
    return f"A network of {layers}, {network.parameters:,} weights and biases,"


def _text(shot: Shot, head: list[str], body: list[str], said: list[str]) -> bytes:
    """The text with its head as comments, in ASCII."""
    title = [shot.preset.title or shot.preset.name, shot.preset.description]
    lines = [*title, *head, "Written by cppn_gl.", *said]
    wrapped = (textwrap.wrap(_plain(line), COLUMNS - 3) for line in lines)
    comments = [f"// {line}" for some in wrapped for line in some]
    return "\n".join([*comments, "", *filter(None, body[:-1]), body[-1]]).encode("ascii")


def _plain(words: str) -> str:
    """Words, which may be a stranger's, for a comment: a backslash at its end would join lines."""
    for letter, other in (
        ("±", "+-"),
        ("×", "x"),
        ("–", "-"),
        ("’", "'"),
        ("\\", "/"),
        ("…", "..."),
    ):
        words = words.replace(letter, other)
    decomposed = unicodedata.normalize("NFKD", one_line(words))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode().replace("??", "?")


def _constant(kind: str, name: str, value: str) -> str:
    return f"const {kind} {PREFIX}{name} = {value};"


# Animated keys.


def _scales(preset: Preset, network: Network) -> tuple[Scales | None, Network]:
    """Scales that move, as expressions, and the network of the weight scales 1 that they multiply.

    A normalised network depends on them otherwise: it stays that of its time.
    """
    moving, spec = dict(preset.animate.moving), preset.spec
    names = [name for name in EXPRESSED[:2] if name in moving]
    if not names or not _scales_move(preset) or not isinstance(spec, Random):
        return None, network

    def expression(name: str, value: float) -> str:
        key = name.partition(".")[2]
        return f"{PREFIX}{key}(time)" if name in moving else number(value)

    weight = expression(EXPRESSED[0], spec.weight_scale)
    follows = spec.bias_scale is None and EXPRESSED[1] not in moving
    bias = weight if follows else expression(EXPRESSED[1], spec.bias_scale or 0.0)
    factors = [
        Random.scales(
            dataclasses.replace(spec, weight_scale=1.0, bias_scale=1.0), *shape, first=not k
        )
        for k, shape in enumerate(layer.weight.shape for layer in network.drawn)
    ]
    return Scales(weight, bias), network.of_layers(network.drawn, factors)


def _scales_move(preset: Preset) -> bool:
    """Whether animated scales are expressions of time: not where units are normalised."""
    return preset.normalize.which == "none" and isinstance(preset.spec, Random)


def _animated(preset: Preset, names: Sequence[str]) -> Iterator[str]:
    """Functions of time, one for each animated key that is expressed."""
    if not _scales_move(preset):
        names = [name for name in names if name.startswith("view.")]
    if not names:
        return
    animation = preset.animation
    yield f"float {PREFIX}ease(float f) {{ return {_EASED[animation.easing]}; }}"
    seconds = number(animation.seconds)
    passed = _PASS[animation.ending].format(seconds)
    yield f"float {PREFIX}pass(float time) {{ return {passed}; }}"
    for name in names:
        values = animation.ring(dict(preset.animate.moving)[name])
        factor = animation.spacing == "auto" and bool(field_of(name).metadata.get("factor"))
        yield from _legs(name, values, factors=factor or animation.spacing == "factors")


def _legs(name: str, values: Sequence[object], *, factors: bool) -> Iterator[str]:
    """A function of time that passes through values, or through the logarithms of positive ones."""
    array = np.array(values, np.float64)
    kind = "float" if array.ndim == 1 else TYPES[array.shape[1]]
    grow = factors and bool((array > 0).all())
    shown = np.log(array) if grow else array
    listed = ", ".join(vector(np.atleast_1d(value)) for value in shown)
    legs, own = len(array) - 1, f"{PREFIX}{name.partition('.')[2]}"
    mixed = f"mix(v[k], v[k + 1], {PREFIX}ease(f - float(k)))"
    yield f"{kind} {own}(float time) {{"
    yield f"    {kind} v[{legs + 1}] = {kind}[{legs + 1}]({listed});"
    yield f"    float f = {legs}. * {PREFIX}pass(time);"
    yield f"    int k = min(int(f), {legs - 1});"
    yield f"    return {f'exp({mixed})' if grow else mixed};\n}}"


# Colours.


def _colors(scene: Scene, span: ValueRange, used: list[tuple[str, str]]) -> str:
    """The function cppn_color: outputs to display values. Adds the items that it needs."""
    color, network = scene.preset.color, scene.network
    row, table = color.row, color.table
    taken = "float" if network.outputs == 1 else "vec3"
    finite = all(ACTIVATIONS[layer.activation].bounded for layer in network.drawn)
    lines = [f"vec3 {PREFIX}color({taken} o) {{"]
    if not finite:
        any_ = "isnan(o) || isinf(o)" if taken == "float" else "any(isnan(o)) || any(isinf(o))"
        lines.append(f"    if ({any_}) return {vector(NOT_A_NUMBER)};")
    one = row.channels == 1
    low, factor = (array[: 1 if one else 3].astype(np.float64) for array in span.affine)
    value = "o" if not one or taken == "float" else "dot(o, vec3(1. / 3.))"
    kind = "float" if one else "vec3"
    value = f"vec3({value})" if taken == "float" and not one else value
    plain = not low.any() and (factor == 1).all()
    if not plain:
        value = f"({value} - {_uniform(low)}) * {_uniform(factor)}"
    lines.append(f"    {kind} v = {value};")
    before: list[str] = []
    if color.levels:
        lines += _stepped(color, kind, before)
    else:
        lines.append("    v = clamp(v, 0., 1.);")
    if table is not None and not color.levels:
        before.append(_palette(table))
        lines.append(f"    vec3 c = {PREFIX}palette(v);")
    elif table is None and row.plates:
        lines += _plates(color)
    elif table is None:
        box_low, box_high = np.array(row.box, np.float64).T
        scaled = "vec3(v)" if one else "v"
        if box_low.any() or (box_high != 1).any():
            scaled = f"{vector(box_low)} + {vector(box_high - box_low)} * {scaled}"
        if row.formula is not None:
            used.append((f"mapping_{color.mapping}", ""))
            scaled = f"{PREFIX}{color.mapping}({scaled})"
        lines.append(f"    vec3 c = {scaled};")
    if color.invert:
        lines.append("    c = 1. - c;")
    if color.isolines:
        lines += _lines(color, span, taken)
    return "\n".join([*before, *lines, "    return c;", "}"])


def _uniform(values: Float64) -> str:
    """One number where all are the same."""
    return number(values[0]) if len(set(values.tolist())) == 1 else vector(values)


def _palette(table: Float32) -> str:
    """The function cppn_palette: a palette through as few stops as it needs."""
    places = np.linspace(0, 1, len(table))
    for count in STOPS:
        stops = table[:: (len(table) - 1) // (count - 1)]
        between = colormaps.between(stops.astype(np.float64), places * (count - 1))
        if np.abs(between - table).max() <= STOP_ERROR:
            break
    texts = [vector(stop, 4) for stop in stops]
    listed = textwrap.indent(textwrap.fill(", ".join(texts), COLUMNS - 8), "        ")
    return "\n".join(
        [
            f"vec3 {PREFIX}palette(float v) {{",
            f"    vec3 stops[{count}] = vec3[{count}](\n{listed}\n    );",
            f"    float f = v * {count - 1}.;",
            f"    int k = min(int(f), {count - 2});",
            "    return mix(stops[k], stops[k + 1], f - float(k));\n}",
        ]
    )


def _stepped(color: Color, kind: str, before: list[str]) -> list[str]:
    """Flat steps: an edge covers the part of a pixel's values that lies above it."""
    count = color.levels
    lines = [
        "    v = clamp(v, -1., 2.);",
        f"    {kind} reach = max(sqrt(dFdx(v) * dFdx(v) + dFdy(v) * dFdy(v)), {kind}({FLAT:g}));",
    ]
    cover = f"clamp((v - float(k) / {count}.) / reach + .5, 0., 1.)"
    loop = f"for (int k = 1; k < {count}; ++k)"
    if color.table is not None:
        texts = ", ".join(vector(ink, 4) for ink in color.flat)
        return [
            *lines,
            f"    vec3 inks[{count}] = vec3[{count}]({texts});",
            "    vec3 c = inks[0];",
            f"    {loop} c += {cover} * (inks[k] - inks[k - 1]);",
        ]
    return [
        *lines,
        f"    {kind} level = {kind}(0.);",
        f"    {loop} level += {cover};",
        f"    v = level / {count - 1}.;",
    ]


def _plates(color: Color) -> list[str]:
    """Each output prints an ink over those before."""
    paper, *inks = color.flat
    lines = [f"    vec3 c = {vector(paper, 4)};"]
    for ink, output in zip(inks, "xyz", strict=True):
        kept = 1 - np.minimum(ink / np.maximum(paper, 1 / 255), 1)
        lines.append(f"    c *= 1. - v.{output} * {vector(kept, 4)};")
    return lines


def _lines(color: Color, span: ValueRange, taken: str) -> list[str]:
    """Contour lines over colours c: the counterpart of shaders/lines.glsl."""
    mean = "o" if taken == "float" else "dot(o, vec3(1. / 3.))"
    assert color.isolines
    low, high = np.clip(np.array(span.ends) / color.isolines, -3e38, 3e38)
    return [
        f"    float level = {mean} / {number(color.isolines)};",
        "    float rate = max(length(vec2(dFdx(level), dFdy(level))), 1e-12);",
        "    float near = floor(level + .5), away = abs(level - near) / rate;",
        f"    bool inside = near > {number(low + 0.01)} && near < {number(high - 0.01)} "
        f"&& rate > {FLAT:g};",
        f"    float stroke = max(1., min(iResolution.x, iResolution.y) / {STROKES}.);",
        f"    float wide = stroke * (near == 0. ? {number(OUTLINE)} : {number(LINE)});",
        "    float line = min(away + .5, wide) - max(away - .5, -wide);",
        "    line = inside ? clamp(line, 0., 1.) : 0.;",
        f"    if (near != 0.) line *= 1. - smoothstep({number(SPARSE)}, {number(DENSE)}, "
        "rate * stroke);",
        f"    bool dark = dot(c, vec3(.3, .6, .1)) < {number(DARK_GROUND)};",
        f"    vec3 pen = dark ? c + {number(PEN)} : c * {number(1 - 1.6 * PEN)};",
        f"    c = mix(c, near == 0. ? {vector(INK)} : pen, line);",
    ]


# What is left out.


def _left_out(shot: Shot, *, bare: bool = False) -> list[str]:
    """Sentences on what moves or is seen in the preset, and not in the text."""
    preset, said = shot.preset, []
    expressed = () if bare else EXPRESSED
    moving = [name for name, _ in preset.animate.moving if name not in expressed]
    if not bare and not _scales_move(preset):
        moving += [name for name, _ in preset.animate.moving if name in EXPRESSED[:2]]
    shown = ("network.", "normalize.", "color.") if not bare else ("network.", "normalize.")
    moving = sorted(name for name in moving if name.startswith(shown))
    if preset.animation.walk:
        moving.append("a walk of seeds")
    if moving:
        words = ", ".join(moving)
        said.append(f"What moves by {words} stands still: this is the picture at {shot.time:g} s.")
    if bare and not preset.color.plain:
        said.append("The preset's colours are not part of this.")
    if preset.show.view != "picture":
        said.append(f"The preset's view, {preset.show.view}, is not part of this.")
    return said


def _left_out_of_colors(shot: Shot) -> list[str]:
    color, said = shot.preset.color, []
    if color.stretch != "none" and shot.preset.animated:
        said.append(f"The stretch of colours is that of {shot.time:g} s.")
    if color.noisy:
        said.append("Colours have no noise, [color] dither.")
    return said


# Digits.


def digits_of(shot: Shot) -> int:
    """The fewest significant digits of weights with which the picture is the same.

    Measured on a grid of points at three times, by the native library, so that it is the same on
    every machine. Deep networks of large weights need all digits.
    """
    preset, pictures = shot.preset, []
    seconds = preset.animation.seconds
    times = dict.fromkeys([shot.time, *(f * seconds for f in FRACTIONS if preset.animated)])
    for time in times:
        scene = scene_of(preset, time)
        if scene.network.parameters > MOST_TRIED:
            return SHORTEST
        color = _drawing(scene, value_range(scene, shot.size))
        pictures.append((scene.network, color, color(scene.network)))
    for digits in range(FEWEST, SHORTEST):
        if all(_same(color(rounded(net, digits)), whole) for net, color, whole in pictures):
            return digits
    return SHORTEST


def _drawing(scene: Scene, span: ValueRange) -> Callable[[Network], Float32]:
    """A function that draws a network at MEASURED points as the scene does: values (N, 3 or 4)."""

    def draw(network: Network) -> Float32:
        picture = at_once(evaluator(network, scene.view, scene.clock).picture(MEASURED))
        outputs = marked(picture.reshape(-1, picture.shape[2]))
        shown = np.clip(colored(outputs[:, :3], scene.preset.color, span), 0, 1)
        return np.concatenate([shown, np.clip(outputs[:, 3:], 0, 1)], axis=1)

    return draw


def _same(values: Float32, whole: Float32) -> bool:
    levels = np.abs(np.round(values * 255) - np.round(whole * 255))
    return bool((levels <= SAME).mean() >= SHARE)


def rounded(network: Network, digits: int) -> Network:
    """The network with effective weights and biases of so many significant digits."""

    def of(values: Float32) -> Float32:
        texts = [f"{value:.{digits}g}" for value in values.ravel().tolist()]
        return np.array(list(map(float, texts)), np.float32).reshape(values.shape)

    layers = [Layer(of(layer.weight), of(layer.bias), layer.activation) for layer in network.layers]
    return network.of_layers(layers)

"""The parts of a program (source_code.py) that structures and images need, in each language.

    GraphNetwork -> terms()     its arrays by name, as the program has them
                 -> functions(), network_text(), picture_text()
    ImageInput   -> image_text()

A program evaluates a structure as the engines do (engines/grid.py): at the pixels' centres where
these are a whole part of the distance of taps apart, else at the next finer such lattice, from
which it interpolates.
"""

import base64
import re
import textwrap
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.image_input import ImageInput
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError

COLUMNS = 96
IMAGE = "image"  # the name of its pixels among the arrays


@dataclass(frozen=True)
class Words:
    """How a language says what structures and images need.

    `functions`: by name; each may use those after it. `network`: the frame around the lines of the
    stages. `call`: of a convolution of `{y}` by layer `{k}`; `given`: whether dilation and groups
    follow. `integers`, `clip`: a method of arrays, and a function. `array`: makes one of a list.
    `loaded`: the pixels in the file of weights; `packed`: those of the bytes PIXELS, of type
    `{kind}`; `most`: what bytes are divided by.
    """

    functions: dict[str, str]
    network: str
    call: str
    given: bool
    integers: str
    clip: str
    array: str
    loaded: str
    packed: str
    most: str = "255"


_WINDOWS = '''
def windows(y, size, step):
    """The grid y (rows, columns, channels) as each of size * size taps sees it, step apart."""
    rows, columns = (side - (size - 1) * step for side in y.shape[:2])
    for i in range(size):
        for j in range(size):
            yield i, j, y[i * step : i * step + rows, j * step : j * step + columns]
'''

_MIDDLES = '''
def middles(*grids):
    """Grids (rows, columns, channels) cut to the size of the smallest."""
    rows, columns = (min(y.shape[axis] for y in grids) for axis in (0, 1))
    for y in grids:
        top, left = (y.shape[0] - rows) // 2, (y.shape[1] - columns) // 2
        yield y[top : top + rows, left : left + columns]
'''

_NUMPY_FUNCTIONS = {
    "boost": """
def boost(y, number):
    return y * WEIGHTS[f"boosts.{number}"]
""",
    "normalize": '''
def normalize(y, number):
    """Channels with the mean and the standard deviation that the network gives them."""
    mean, factor, shift = (
        WEIGHTS[f"norms.{number}.{name}"] for name in ("mean", "factor", "shift")
    )
    return (y - mean) * factor + shift
''',
    "conv": '''
def conv(y, layer, spacing, dilation=1, groups=1):
    """A convolution without a border: its taps are dilation * spacing positions apart."""
    weight, bias = WEIGHTS[f"layers.{layer}.weight"], WEIGHTS[f"layers.{layer}.bias"]
    size, step = weight.shape[2], dilation * spacing
    sums = [
        sum(seen @ kernels[:, :, i, j].T for i, j, seen in windows(part, size, step))
        for part, kernels in zip(np.split(y, groups, axis=2), np.split(weight, groups))
    ]
    return np.concatenate(sums, axis=2) + bias
''',
    "max_pool": """
def max_pool(y, size, spacing):
    return functools.reduce(np.maximum, (seen for *_, seen in windows(y, size, spacing)))
""",
    "avg_pool": """
def avg_pool(y, size, spacing):
    return sum(seen for *_, seen in windows(y, size, spacing)) / size**2
""",
    "concat": """
def concat(*grids):
    return np.concatenate(list(middles(*grids)), axis=2)
""",
    "add": """
def add(*grids):
    return sum(middles(*grids))
""",
    "windows": _WINDOWS,
    "middles": _MIDDLES,
}

_FUNCTION = '''
def network(inputs, spacing=1):
    """The outputs (rows, columns, {outputs}), {names}.

    They are those of input features on a grid, {inputs} at each position, with taps that are
    spacing positions apart. The grid is larger by RADIUS * spacing on each side.
    """
{lines}
    return {last}
'''

NUMPY = Words(
    functions=_NUMPY_FUNCTIONS,
    network=_FUNCTION,
    call="conv({y}, {k}, spacing",
    given=True,
    integers="astype(int)",
    clip="np.clip",
    array="np.array",
    loaded='WEIGHTS.pop("image")',
    packed="np.frombuffer(PIXELS, np.{kind})",
    most="np.float32(255)",
)

JAX = Words(
    functions={
        **{name: text.replace("np.", "jnp.") for name, text in _NUMPY_FUNCTIONS.items()},
        "conv": '''
def conv(y, layer, spacing, dilation=1, groups=1):
    """A convolution without a border: its taps are dilation * spacing positions apart."""
    weight, bias = WEIGHTS[f"layers.{layer}.weight"], WEIGHTS[f"layers.{layer}.bias"]
    sums = jax.lax.conv_general_dilated(
        y[None],
        weight,
        window_strides=(1, 1),
        padding="VALID",
        rhs_dilation=(dilation * spacing,) * 2,
        dimension_numbers=("NHWC", "OIHW", "NHWC"),
        feature_group_count=groups,
        precision="highest",
    )
    return sums[0] + bias
''',
    },
    network=_FUNCTION,
    call="conv({y}, {k}, spacing",
    given=True,
    integers="astype(int)",
    clip="jnp.clip",
    array="jnp.array",
    loaded='jnp.asarray(WEIGHTS.pop("image"))',
    packed="jnp.asarray(np.frombuffer(PIXELS, np.{kind}))",
)

TORCH = Words(
    functions={
        "boost": """
def boost(y, number):
    return y * TERMS[f"boosts.{number}"][:, None, None]
""",
        "normalize": '''
def normalize(y, number):
    """Channels with the mean and the standard deviation that the network gives them."""
    mean, factor, shift = (
        TERMS[f"norms.{number}.{name}"][:, None, None] for name in ("mean", "factor", "shift")
    )
    return (y - mean) * factor + shift
''',
        "conv": '''
def conv(y, layer, spacing):
    """A convolution without a border: its taps are dilation * spacing positions apart."""
    dilation = [spacing * each for each in layer.dilation]
    return nn.functional.conv2d(
        y, layer.weight, layer.bias, dilation=dilation, groups=layer.groups
    )
''',
        "max_pool": """
def max_pool(y, size, spacing):
    return nn.functional.max_pool2d(y, size, stride=1, dilation=spacing)
""",
        "avg_pool": """
def avg_pool(y, size, spacing):
    window = torch.full((len(y), 1, size, size), 1 / size**2)
    return nn.functional.conv2d(y, window, dilation=spacing, groups=len(y))
""",
        "concat": """
def concat(*grids):
    return torch.cat(list(middles(*grids)))
""",
        "add": """
def add(*grids):
    return sum(middles(*grids))
""",
        "middles": '''
def middles(*grids):
    """Grids (channels, rows, columns) cut to the size of the smallest."""
    rows, columns = (min(y.shape[axis] for y in grids) for axis in (1, 2))
    for y in grids:
        top, left = (y.shape[1] - rows) // 2, (y.shape[2] - columns) // 2
        yield y[:, top : top + rows, left : left + columns]
''',
    },
    network='''
class Network(nn.Module):
    """The outputs (rows, columns, {outputs}), {names}.

    They are those of input features on a grid, {inputs} at each position, with taps that are
    spacing positions apart. The grid is larger by RADIUS * spacing on each side.
    """

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [
{convolutions}
            ]
        )

    def forward(self, inputs, spacing=1):
        inputs = inputs.permute(2, 0, 1)
{lines}
        return {last}.permute(1, 2, 0)


TERMS = {{name: WEIGHTS.pop(name) for name in list(WEIGHTS) if not name.startswith("layers.")}}
network = Network()
network.load_state_dict(WEIGHTS)
''',
    call="conv({y}, self.layers[{k}], spacing",
    given=False,
    integers="long()",
    clip="torch.clamp",
    array="torch.tensor",
    loaded='WEIGHTS.pop("image")',
    packed="torch.frombuffer(bytearray(PIXELS), dtype=torch.{kind})",
)

_PLACES = '''
# Taps are STEP apart, and what an output depends on is up to RADIUS taps away.
STEP, RADIUS = {step}, {radius}


def places(count, scale, margin):
    """Along a side of so many pixels, the numbers of the lattice's points, with a margin; and of
    each pixel, the point before it and how far it is from there to the next one.
    """
    odd = (1 - count % 2) / 2
    at = [(pixel + 0.5 - count / 2) * scale - odd for pixel in range(count)]
    if scale == 1:
        at = [round(place) for place in at]
    first, last = math.floor(at[0]), math.floor(at[-1]) + (scale != 1)
    points = [number + odd for number in range(first - margin, last + margin + 1)]
    return points, [math.floor(p) - first for p in at], [p - math.floor(p) for p in at]


def picture(width={width}, height={height}, time={time}, center={center}, extent={extent}):
    """The outputs of a picture, (height, width, {outputs}), row 0 on top.

    Pixels are square, and the shorter side spans 2 * extent around the centre.
    """
    pixel = 2 * extent / min(width, height)
    ratio = {ratio}
    spacing = max(1, math.ceil(ratio * (1 - 1e-9)))  # points from tap to tap
    scale = 1.0 if abs(spacing - ratio) <= 1e-9 * spacing else spacing / ratio
    pitch = pixel / scale
    columns, left, right_part = places(width, scale, RADIUS * spacing)
    rows, top, lower_part = places(height, scale, RADIUS * spacing)
    x, y = {m}.meshgrid(
        {array}([center[0] + column * pitch for column in columns]),
        {array}([center[1] - row * pitch for row in rows]),
        indexing="xy",
    )
    outputs = {evaluated}
    if scale == 1:
        return outputs
    left, across = {array}(left), {array}(right_part)[:, None]
    top, down = {array}(top), {array}(lower_part)[:, None, None]
    outputs = outputs[top] + down * (outputs[top + 1] - outputs[top])
    return outputs[:, left] + across * (outputs[:, left + 1] - outputs[:, left])
'''

_IMAGE = '''
# Pixels (rows, columns, {channels}) of an image around CENTER, each of size PIXEL.
{pixels}
CENTER, PIXEL = {center}, {pixel}


def image(x, y):
    """Red, green and blue (…, {channels}) of the image at points x, y, arrays of one shape.

    Between the centres of its pixels it is bilinear, and beyond its edges it is mirrored.
    """
    rows, columns = IMAGE.shape[:2]
    top, bottom, down = next_pixels((CENTER[1] - y) / PIXEL[1] + rows / 2, rows)
    left, right, across = next_pixels((x - CENTER[0]) / PIXEL[0] + columns / 2, columns)
    above = IMAGE[top, left] + across * (IMAGE[top, right] - IMAGE[top, left])
    below = IMAGE[bottom, left] + across * (IMAGE[bottom, right] - IMAGE[bottom, left])
    return above + down * (below - above)


def next_pixels(place, count):
    """The two pixels next to a place, and how far it is from the first to the second."""
    turn = {m}.fmod({m}.abs(place), 2 * count)
    inside = {m}.where(turn > count, 2 * count - turn, turn) - 0.5
    low = {m}.floor(inside)
    first, second = ({clip}(each, 0, count - 1).{integers} for each in (low, low + 1))
    return first, second, (inside - low)[..., None]
'''


def terms(network: GraphNetwork) -> dict[str, Float32]:
    """The arrays of a program: layers.N.weight (out, in / groups, ky, kx), layers.N.bias (out,).

    norms.N.mean, .factor and .shift of each normalisation, which computes (y - mean) * factor +
    shift, and boosts.N of each stage with boosted units, (channels,) each.
    """
    found: dict[str, Float32] = {}
    counts = dict.fromkeys(("layers", "norms", "boosts"), 0)

    def add(kind: str, arrays: dict[str, Any]) -> None:
        for name, array in arrays.items():
            whole = f"{kind}.{counts[kind]}" + (f".{name}" if name else "")
            found[whole] = np.asarray(array, np.float32)
        counts[kind] += 1

    for stage in network.stages:
        of = stage.operation
        if isinstance(of, Conv | Layer):
            weight = of.weight.reshape(*of.weight.shape[:2], *(of.weight.shape[2:] or (1, 1)))
            add("layers", {"weight": weight, "bias": of.bias})
        if stage.normalize is not None:
            add("norms", dict(zip(("mean", "factor", "shift"), stage.normalize.terms, strict=True)))
        if stage.boost is not None:
            add("boosts", {"": stage.boost})
    return found


def network_text(network: GraphNetwork, words: Words, names: dict[str, Any]) -> str:
    """The function `network`, after the functions that it calls."""
    indent = " " * (8 if "{convolutions}" in words.network else 4)
    counts = dict.fromkeys(("layers", "norms", "boosts"), 0)
    lines = [
        textwrap.fill(
            f"y{number} = {_stage(stage, words, counts)}",
            COLUMNS,
            initial_indent=indent,
            subsequent_indent=indent + " " * 4,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, stage in enumerate(network.stages, 1)
    ]
    text = words.network.format(
        lines="\n".join(lines),
        last=f"y{len(lines)}",
        convolutions="\n".join(f"{' ' * 16}{one}," for one in _convolutions(network)),
        **names,
    )
    used, needed = [], text
    for name, function in words.functions.items():
        if re.search(rf"\b{name}\(", needed):
            used.append(function)
            needed += function
    return "\n".join([*used, text])


def _stage(stage: Stage, words: Words, counts: dict[str, int]) -> str:
    """An expression of a stage's units."""
    of = stage.operation
    y = [f"y{i + 1}" if i >= 0 else "inputs" for i in stage.inputs]
    if isinstance(of, Conv | Layer):
        text = words.call.format(y=y[0], k=counts["layers"])
        counts["layers"] += 1
        if words.given:
            given = {name: getattr(of, name, 1) for name in ("dilation", "groups")}
            text += "".join(f", {name}={value}" for name, value in given.items() if value != 1)
        text += ")"
    elif isinstance(of, MaxPool | AvgPool):
        text = f"{'max' if isinstance(of, MaxPool) else 'avg'}_pool({y[0]}, {of.size}, spacing)"
    elif isinstance(of, Concat | Add):
        text = f"{'concat' if isinstance(of, Concat) else 'add'}({', '.join(y)})"
    elif isinstance(of, Activation):
        text = y[0]
    else:
        raise PresetError(f"a program cannot express the layer {stage.label!r}")
    if stage.normalize is not None:
        text = f"normalize({text}, {counts['norms']})"
        counts["norms"] += 1
    if stage.activation != "identity":
        text = f"{stage.activation}({text})"
    if stage.boost is not None:
        text = f"boost({text}, {counts['boosts']})"
        counts["boosts"] += 1
    return text


def _convolutions(network: GraphNetwork) -> list[str]:
    """The convolutions as nn.Conv2d."""
    found = []
    for stage in network.stages:
        of = stage.operation
        if isinstance(of, Conv | Layer):
            groups, dilation = getattr(of, "groups", 1), getattr(of, "dilation", 1)
            size = of.weight.shape[2] if isinstance(of, Conv) else 1
            more = f", dilation={dilation}" if dilation > 1 else ""
            more += f", groups={groups}" if groups > 1 else ""
            found.append(f"nn.Conv2d({of.weight.shape[1] * groups}, {stage.units}, {size}{more})")
    return found


def picture_text(network: GraphNetwork, words: Words, names: dict[str, Any]) -> str:
    """The function `picture`."""
    evaluated = "network(features(x, y, time), spacing)"
    if names["m"] == "torch":
        evaluated = "network(features(x, y, time), spacing).detach()"
    return _PLACES.format(
        step=network.step,
        radius=network.radius,
        ratio="STEP / pixel" if network.radius else "1.0  # every pixel stands for itself",
        array=words.array,
        evaluated=evaluated,
        **names,
    )


def image_text(image: ImageInput, words: Words, module: str, *, loaded: bool) -> str:
    """The pixels of an image, and the function `image`. `loaded`: pixels from a file of weights."""
    pixels = f"IMAGE = {words.loaded}" if loaded else _packed(image.pixels, words)
    return _IMAGE.format(
        channels=image.pixels.shape[2],
        pixels=pixels,
        center=image.center,
        pixel=image.pixel,
        m=module,
        clip=words.clip,
        integers=words.integers,
    )


def _packed(pixels: Float32, words: Words) -> str:
    """The definition of IMAGE, of bytes where its values are 0 to 255, else of floats."""
    whole = np.rint(pixels * 255).astype(np.uint8)
    small = np.array_equal(whole / np.float32(255), pixels)
    data = zlib.compress((whole if small else pixels.astype("<f4")).tobytes(), 9)
    lines = textwrap.wrap(base64.b64encode(data).decode(), COLUMNS - 12)
    text = "\n".join(f'        "{line}"' for line in lines)
    found = words.packed.format(kind="uint8" if small else "float32")
    found += f".reshape({', '.join(map(str, pixels.shape))})"
    if small:
        found += f" / {words.most}"
    unpacked = f"zlib.decompress(\n    base64.b64decode(\n{text}\n    )\n)"
    return f"PIXELS = {unpacked}\nIMAGE = {found}"

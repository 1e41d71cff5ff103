"""A network as program text that runs without cppn_gl: NumPy, PyTorch or JAX.

    network, view, clock -> source_code() -> text: weights, activations, features, picture, main

Weights are those of `Network.layers`, so that scales and normalisation are part of them; those of
structures are the stages' (structure_code.py). A new language is a row of LANGUAGES.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cppn_gl.nn import structure_code
from cppn_gl.nn.features import CHANNELS, TURN, Clock, Wave, latent_index, wave
from cppn_gl.nn.files import Tensors
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.structure_code import IMAGE, Words
from cppn_gl.nn.weights import named_layers, tensors_of
from cppn_gl.utils.checks import PresetError, nearest, one_line, show

COLUMNS = 96
TAB = "    "
OUTPUTS = {1: "grey", 3: "red, green, blue", 4: "red, green, blue, alpha"}


@dataclass(frozen=True)
class Language:
    """How a language says what the programs have in common.

    `module`: the name of its array library in the text. `math`: what cosines of a number are taken
    from. `activations`: expressions of `x`, one for each row of nn.activations. `load`: an
    expression of the weights in the file `{file}`; `inline`: of those in a dictionary `values`.
    `network`, `picture`: parts of the program. `pixels`: an expression of the bytes of an image,
    from display values `shown`. `suffix`: of the file of weights.
    """

    title: str
    module: str
    math: str
    imports: str
    load_imports: str
    load: str
    inline: str
    activations: dict[str, str]
    network: str
    picture: str
    pixels: str
    suffix: str
    words: Words


_LOOP = '''
def network(inputs):
    """The outputs (..., {outputs}), {names}, of input features (..., {inputs})."""
    for k, activation in enumerate(ACTIVATIONS):
        weight, bias = WEIGHTS[f"layers.{{k}}.weight"], WEIGHTS[f"layers.{{k}}.bias"]
        inputs = activation({product} + bias)
    return inputs
'''

_MODULE = '''
class Network(nn.Module):
    """The outputs (..., {outputs}), {names}, of input features (..., {inputs})."""

    def __init__(self):
        super().__init__()
        sizes = {sizes}
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))

    def forward(self, inputs):
        for layer, activation in zip(self.layers, ACTIVATIONS):
            inputs = activation(layer(inputs))
        return inputs


network = Network()
network.load_state_dict(WEIGHTS)
'''

_PICTURE = '''
def picture(width={width}, height={height}, time={time}, center={center}, extent={extent}):
    """The outputs of a picture, (height, width, {outputs}), row 0 on top.

    Pixels are square, and the shorter side spans 2 * extent around the centre.
    """
    pixel = 2 * extent / min(width, height)
    x = center[0] + ({m}.arange(width) + 0.5 - width / 2) * pixel
    y = center[1] - ({m}.arange(height) + 0.5 - height / 2) * pixel
    {rows}
'''

_NUMPY = Language(
    title="NumPy",
    module="np",
    math="math",
    imports="import numpy as np\n",
    load_imports="",
    load="dict(np.load({file}))",
    inline="{name: np.array(value, np.float32) for name, value in VALUES.items()}",
    activations={
        "identity": "x",
        "relu": "np.maximum(x, 0)",
        "leaky_relu": "np.where(x < 0, 0.01 * x, x)",
        "elu": "np.where(x < 0, np.expm1(np.minimum(x, 0)), x)",
        "gelu": "0.5 * x * np.vectorize(math.erfc, otypes=[float])(-x * math.sqrt(0.5))",
        "softplus": "np.logaddexp(x, 0)",
        "tanh": "np.tanh(x)",
        "sigmoid": "np.exp(-np.logaddexp(-x, 0))",
        "sin": "np.sin(x)",
        "cos": "np.cos(x)",
        "gaussian": "np.exp(-x * x)",
        "atan": "np.arctan(x)",
        "abs": "np.abs(x)",
    },
    network=_LOOP.replace("{product}", "inputs @ weight.T"),
    picture="return np.stack([network(features(x, np.full_like(x, row), time)) for row in y])",
    pixels="np.round(255 * np.clip(shown, 0, 1)).astype(np.uint8)",
    suffix=".npz",
    words=structure_code.NUMPY,
)

_TORCH = Language(
    title="PyTorch",
    module="torch",
    math="math",
    imports="import torch\nfrom torch import nn\n",
    load_imports="from safetensors.torch import load_file\n",
    load="load_file({file})",
    inline="{name: torch.tensor(value) for name, value in VALUES.items()}",
    activations={
        "identity": "x",
        "relu": "torch.relu(x)",
        "leaky_relu": "nn.functional.leaky_relu(x, 0.01)",
        "elu": "nn.functional.elu(x)",
        "gelu": "nn.functional.gelu(x)",
        "softplus": "torch.logaddexp(x, torch.zeros_like(x))",
        "tanh": "torch.tanh(x)",
        "sigmoid": "torch.sigmoid(x)",
        "sin": "torch.sin(x)",
        "cos": "torch.cos(x)",
        "gaussian": "torch.exp(-x * x)",
        "atan": "torch.atan(x)",
        "abs": "torch.abs(x)",
    },
    network=_MODULE,
    picture="with torch.no_grad():\n        return torch.stack("
    "[network(features(x, torch.full_like(x, row), time)) for row in y])",
    pixels="(255 * shown.clamp(0, 1)).round().to(torch.uint8).numpy()",
    suffix=".safetensors",
    words=structure_code.TORCH,
)

_JAX = Language(
    title="JAX",
    module="jnp",
    math="jnp",
    imports="import jax\nimport jax.numpy as jnp\nimport numpy as np\n",
    load_imports="",
    load="dict(np.load({file}))",
    inline="{name: jnp.array(value) for name, value in VALUES.items()}",
    activations={
        "identity": "x",
        "relu": "jax.nn.relu(x)",
        "leaky_relu": "jax.nn.leaky_relu(x, 0.01)",
        "elu": "jax.nn.elu(x)",
        "gelu": "jax.nn.gelu(x, approximate=False)",
        "softplus": "jax.nn.softplus(x)",
        "tanh": "jnp.tanh(x)",
        "sigmoid": "jax.nn.sigmoid(x)",
        "sin": "jnp.sin(x)",
        "cos": "jnp.cos(x)",
        "gaussian": "jnp.exp(-x * x)",
        "atan": "jnp.arctan(x)",
        "abs": "jnp.abs(x)",
    },
    network=_LOOP.replace("{product}", 'jnp.matmul(inputs, weight.T, precision="highest")'),
    picture="return jax.lax.map(lambda row: network(features(x, jnp.full_like(x, row), time)), y)",
    pixels="np.asarray(jnp.round(255 * jnp.clip(shown, 0, 1))).astype(np.uint8)",
    suffix=".npz",
    words=structure_code.JAX,
)

LANGUAGES = {"numpy": _NUMPY, "torch": _TORCH, "jax": _JAX}


def source_code(
    network: Network,
    language: str,
    *,
    weights: str = "",
    notes: Sequence[str] = (),
    center: Sequence[float] = (0.0, 0.0),
    extent: float = 1.0,
    size: tuple[int, int] = (640, 360),
    clock: Clock | None = None,
    picture: str = "picture.png",
) -> str:
    """A program in one of LANGUAGES that computes the outputs of a network and saves a picture.

    `weights` names the file in the program's folder from which it loads `program_tensors`; without,
    they are part of the text. `notes` are lines at its head,
    each a comment. `picture` is the file it saves where no argument names one. The outputs are not
    yet coloured. Raises PresetError for what the text cannot express.
    """
    try:
        tongue = LANGUAGES[language]
    except KeyError:
        hint = nearest(language, LANGUAGES)
        raise PresetError(f"no language {show(language)}{hint}") from None
    if network.on_plane is not network:
        raise PresetError("a network that sees pictures has no program of points")
    if network.outputs not in OUTPUTS:
        problem = f"a program's picture has 1, 3 or 4 outputs; this network has {network.outputs}"
        raise PresetError(problem)
    clock = clock or Clock()
    words = {
        "m": tongue.module,
        "inputs": len(network.inputs),
        "outputs": network.outputs,
        "names": OUTPUTS[network.outputs],
        "width": size[0],
        "height": size[1],
        "time": clock.time,
        "center": tuple(map(float, center)),
        "extent": float(extent),
        "rows": tongue.picture,
    }
    if isinstance(network, GraphNetwork):
        activations = [stage.activation for stage in network.stages]
        listed = ""
        parts = [
            structure_code.network_text(network, tongue.words, words),
            structure_code.picture_text(network, tongue.words, words),
        ]
        names = sorted(set(_known(activations, tongue)) - {"identity"})
    else:
        layers = _dense(network, tongue)
        words["sizes"] = [len(network.inputs), *(len(layer.bias) for layer in layers)]
        listed = f"\n{_activations(layers)}"
        parts = [tongue.network.format(**words), _PICTURE.format(**words)]
        names = sorted({layer.activation for layer in layers})
    functions = [f"\ndef {n}(x):\n    return {tongue.activations[n]}\n" for n in names]
    body = [
        _weights(network, tongue, weights),
        *_image(network, tongue, loaded=bool(weights)),
        *functions,
        *filter(None, [listed]),
        _features(network, tongue, clock),
        *parts,
        _main(network, tongue, picture),
    ]
    program = "\n".join(body)
    return f"{_head(network, tongue, notes, picture)}\n{_imports(tongue, program)}\n{program}"


def _dense(network: Network, language: Language) -> list[Layer]:
    """The layers. Raises PresetError if they are not a chain of dense ones, all known."""
    layers = []
    for number, node in enumerate(network.nodes):
        if not isinstance(node.layer, Layer) or node.inputs != (number - 1,):
            raise PresetError(f"only a chain of dense layers can be written as {language.title}")
        layers.append(node.layer)
    _known([layer.activation for layer in layers], language)
    return layers


def _known(activations: list[str], language: Language) -> list[str]:
    """The activations. Raises PresetError for one without a formula."""
    for name in activations:
        if name not in language.activations:
            raise PresetError(f"the activation {show(name)} has no formula in {language.title}")
    return activations


def program_tensors(network: Network) -> Tensors:
    """What a program with its weights in a file of its own reads from there.

    Those of `Network.save` of a dense network, `structure_code.terms` of a structure; and the
    pixels of an image, `image`.
    """
    found = tensors_of(network) if not isinstance(network, GraphNetwork) else Tensors({})
    arrays = _arrays(network)
    if network.image is not None:
        arrays[IMAGE] = network.image.pixels
    return Tensors(arrays, found.texts)


def _arrays(network: Network) -> dict[str, Any]:
    """The weights of a program by name."""
    if isinstance(network, GraphNetwork):
        return dict(structure_code.terms(network))
    return dict(named_layers([(layer.weight, layer.bias) for layer in network.layers]))


def _image(network: Network, language: Language, *, loaded: bool) -> list[str]:
    """The image that inputs are taken from, if any."""
    if network.image is None:
        return []
    words, module = language.words, language.module
    return [structure_code.image_text(network.image, words, module, loaded=loaded)]


def _head(network: Network, language: Language, notes: Sequence[str], picture: str) -> str:
    """Comments. Their words may be a stranger's: none of them ends a line."""
    count = f"{network.parameters:,} weights and biases"
    lines = [
        *filter(None, notes),
        f"A network as {language.title} code, written by cppn_gl: depth {network.depth}, {count}.",
        f"Inputs: {', '.join(network.inputs)}. Outputs, displayed from 0 to 1: "
        f"{OUTPUTS[network.outputs]}.",
        f"Run as a program, this saves {picture!r}, or the file that its argument names. For that "
        "it needs Pillow.",
    ]
    wrapped = (textwrap.wrap(one_line(line), COLUMNS - 2) for line in lines)
    return "\n".join(f"# {line}" for lines in wrapped for line in lines) + "\n"


def _imports(language: Language, program: str) -> str:
    """What the text of a program needs."""
    standard = [
        *(["import base64"] if "base64." in program else []),
        *(["import functools"] if "functools." in program else []),
        *(["import math"] if "math." in program else []),
        *(["import sys"] if "sys." in program else []),
        *(["import zlib"] if "zlib." in program else []),
        *(["from pathlib import Path"] if "Path(" in program else []),
    ]
    loads = language.load_imports if "load_file(" in program else ""
    return "\n".join([*standard, "", language.imports + loads]).lstrip("\n")


def _weights(network: Network, language: Language, weights: str) -> str:
    """The definition of WEIGHTS, a dictionary of arrays."""
    if weights:
        file = f"Path(__file__).with_name({weights!r})"
        return f"WEIGHTS = {language.load.format(file=file)}\n"
    lines = [f'"{name}": {_nested(array)},' for name, array in _arrays(network).items()]
    values = textwrap.indent("\n".join(lines), TAB)
    about = "# weight (outputs, inputs), one row for each output; bias (outputs,)"
    if isinstance(network, GraphNetwork):
        about = (
            "# weight (outputs, inputs, rows, columns), one kernel after another; bias (outputs,)"
        )
    return f"{about}\nVALUES = {{\n{values}\n}}\nWEIGHTS = {language.inline}\n"


def _nested(array: Any) -> str:
    """An array as lists in lists."""
    if array.ndim == 1:
        return _list(array)
    rows = ",\n".join(textwrap.indent(_nested(row), TAB) for row in array)
    return f"[\n{rows},\n]"


def _list(values: Any) -> str:
    """Float32 values as a list, each in the shortest form, in lines of text."""
    numbers = ", ".join(map(str, values))
    lines = textwrap.wrap(numbers, COLUMNS - 16)
    return f"[{lines[0]}]" if len(lines) == 1 else "[\n    " + "\n    ".join(lines) + ",\n]"


def _activations(layers: Sequence[Layer]) -> str:
    """The definition of ACTIVATIONS: [*[tanh] * 7, sigmoid]."""
    runs = [(name, len(list(run))) for name, run in groupby(layer.activation for layer in layers)]
    terms = [f"*[{name}] * {count}" if count > 1 else name for name, count in runs]
    names = ", ".join(terms)
    if len(names) > COLUMNS - 20:
        names = f"\n{textwrap.fill(names, COLUMNS, initial_indent=TAB, subsequent_indent=TAB)}\n"
    return f"# one for each layer\nACTIVATIONS = [{names}]\n"


def _features(network: Network, language: Language, clock: Clock) -> str:
    lines = [
        "\ndef features(x, y, time=0.0):",
        f'    """The inputs (..., {len(network.inputs)}) at points x, y, arrays of one shape."""',
        *(["    color = image(x, y)"] if network.image is not None else []),
        f"    return {language.module}.stack(",
        "        [",
    ]
    for name in network.inputs:
        lines.append(f"            {_feature(name, network, language, clock)},  # {name}")
    axis = "dim=-1" if language is _TORCH else "axis=-1"
    return "\n".join([*lines, "        ],", f"        {axis},", "    )\n"])


def _feature(name: str, network: Network, language: Language, clock: Clock) -> str:
    """An expression of a feature at x, y, time."""
    m, cosines = language.module, language.math
    index = latent_index(name)
    turn = f"2 * math.pi * time / {clock.loop}"
    formulas = {
        "x": "x",
        "y": "y",
        "r": f"{m}.sqrt(x * x + y * y)",
        "x2": "x * x",
        "y2": "y * y",
        "xy": "x * y",
        "t": f"{m}.full_like(x, {clock.speed} * time)",
        "cos_t": f"{m}.full_like(x, {cosines}.cos({turn}))",
        "sin_t": f"{m}.full_like(x, {cosines}.sin({turn}))",
        "one": f"{m}.ones_like(x)",
    }
    if name in CHANNELS and network.image is not None:
        return _channel(name, network.image.pixels.shape[2])
    if index is not None:
        return f"{m}.full_like(x, {network.latent[index]})"
    periodic = wave(name)
    if periodic is not None:
        function = "cos" if periodic.quarter else "sin"
        return f"{m}.{function}({_angle(periodic, network.period)})"
    if name not in formulas:
        raise PresetError(f"the input {show(name)} has no formula in {language.title}")
    return formulas[name]


def _channel(name: str, channels: int) -> str:
    """A feature of `color` (..., channels)."""
    if channels == 1:
        return "color[..., 0]"
    factors = CHANNELS[name]
    if name != "grey":
        return f"color[..., {factors.index(1.0)}]"
    return " + ".join(f"{factor} * color[..., {k}]" for k, factor in enumerate(factors))


def _angle(periodic: Wave, period: float) -> str:
    """2π harmonic x / period, or of y."""
    harmonic = f"{periodic.harmonic} * " if periodic.harmonic > 1 else ""
    if period == TURN:
        return f"{harmonic}{'xy'[periodic.axis]}"
    return f"2 * math.pi * {harmonic}{'xy'[periodic.axis]} / {period}"


def _main(network: Network, language: Language, picture: str) -> str:
    grey = "[..., 0]" if network.outputs == 1 else ""
    shown, (low, factor) = "picture()", network.alpha_range
    if network.outputs == 4 and (low, factor) != (0, 1):  # alpha covers the activation's range
        array = f"{language.module}.{'tensor' if language is _TORCH else 'array'}"
        shown = f"({shown} - {array}([0, 0, 0, {low}])) * {array}([1, 1, 1, {factor}])"
    return f"""
if __name__ == "__main__":
    from PIL import Image

    shown = {shown}
    pixels = {language.pixels}
    Image.fromarray(pixels{grey}).save(sys.argv[1] if len(sys.argv) > 1 else {picture!r})
"""

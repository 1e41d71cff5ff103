"""The page "What am I seeing?": the preset, the network, how to read the view, what to try.

Explorer, network -> explanation() -> paragraphs, for typeset.spreads()
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cppn_gl.engines.cpu.trace import SATURATION_SLOPE, max_slope, saturation_words
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import TURN, repeats, wave
from cppn_gl.nn.file_source import File
from cppn_gl.nn.network import Network
from cppn_gl.preset.looping import loop_of
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.explaining_images import meaning_words, seeing_words
from cppn_gl.viewer.explaining_structures import normalised_words, structure_words
from cppn_gl.viewer.explaining_training import (
    color_words,
    learning_words,
    origin_words,
    output_words,
    training_tries,
)
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import Lines, activations
from cppn_gl.viewer.fields import ACTIONS, sigma
from cppn_gl.viewer.measures import Findings, left
from cppn_gl.viewer.network_map import last_layer
from cppn_gl.viewer.typeset import ACCENT, DIM, WARM, Paragraph, Run, says
from cppn_gl.viewer.viewing import following
from cppn_gl.views.text import counted, significant

# In the place of sentences about layers, for a network in a file.
FEWER = "{shallower} leaves out the file's last hidden layer, {deeper} brings it back."
FEATURES = {
    "r": "the distance from the centre",
    "x2": "x²",
    "y2": "y²",
    "xy": "x · y",
    "one": "the constant 1",
    "t": "time",
}
WALKS = ("deeper", "shallower", "wider", "narrower")  # keys that go through layers and channels
# Of trained image networks, whatever the view.
SEEING_TRIES = (
    "{deeper} and {shallower} go from layer to layer, {wider} and {narrower} from channel to "
    "channel; with Shift by 5 and by 10.",
    "Drop a picture of your own on the window: the network sees it.",
)
FADED, WEAK, STRONG = 0.3, 0.7, 1.6  # of the spread left; of the factor on small differences
LARGE_SIDE = 3840  # pixels of the longer side of a picture that is drawn larger
MOST_UNITS, MOST_LAYERS = 8, 10  # that are listed
MOST_EACH = 5  # of each layer, if all are listed
_ACTION = re.compile(r"\{(\w+)\}")


def explanation(
    explorer: Explorer,
    network: Network,
    *,
    facts: Lines = (),
    names: Mapping[str, str] | None = None,
    saved: Sequence[Path] = (),
    size: tuple[int, int] = (640, 360),
    larger: str = "",
    found: Findings | None = None,
    advice: str = "",
    engine: str = "",
) -> list[Paragraph]:
    """The paragraphs of the page.

    `facts`: what the HUD tells, as lines of parts. `names`: the user's labels of keys that are
    bound by position. `saved`: files of this preset. `size`: of the newest in pixels. `larger`:
    see `larger_command`. `found`: what has been measured of the network. `engine`: what draws, in
    words.
    """
    preset, row = explorer.moment, explorer.view.row
    page = [says(explorer.title, "bold", size=1.15, keep=True)]
    if preset.description.strip():
        page.append(says(preset.description.strip(), "italic"))
    if advice:
        page.append(says(advice, ink=WARM, above=0.4))
    if explorer.sees:
        words = seeing_words(preset, explorer.eye, explorer.unit, explorer.sight.done)
    else:
        words = network_words(preset, network, found)
    page += [_heading("The network"), *map(says, words)]
    if explorer.layer < explorer.layers and not explorer.sees:
        cut = f"Layer {explorer.layer} is shown: the network cut off after it."
        page.append(says(cut, above=0.2))
    if preset.learns:
        ready = explorer.learning.ready
        known = ready is not None and ready.preset.source == preset.source
        measured = ready.measures if ready is not None and known else None
        page += [_heading("What it learns"), *map(says, learning_words(preset, measured))]
    reading = row.reading
    if preset.learns and (colors := color_words(preset)):
        reading = colors if row.name == "picture" else f"{reading} {colors}"
    page += [_heading(f"The view: {row.name}"), says(f"It shows {row.help}. {reading}")]
    means, means_not = meaning_words(preset, row.name) if explorer.sees else ("", "")
    if means:
        page += [_heading("What it means"), says(means)]
        page += [_heading("What it does not mean"), says(means_not)]
    if row.name in ("units", "signal"):
        page.append(says(_saturation(network)))
    if row.name == "units":
        layer = explorer.layer if getattr(explorer.options, "layer", 0) else 0
        page += map(says, _saturated_units(network, found, layer))
    if preset.animated:
        page += [_heading("Time"), says(loop_of(explorer.preset).words)]
    if row.tries:
        page.append(_heading("Try"))
        tries = row.tries
        if preset.learns:  # those of the picture are about random weights
            tries = (*training_tries(preset), *(() if row.name == "picture" else row.tries))
        page += [_bullet(one, names) for one in tries if _possible(one, explorer)]
        if isinstance(preset.spec, File) and preset.spec.count > 1 and not explorer.sees:
            page.append(_bullet(FEWER, names))
    page += [_bullet(one, names) for one in _general(explorer) if _possible(one, explorer)]
    if facts:
        page.append(_heading("In numbers"))
        page += [says(" · ".join(parts)) for parts in facts]
    if saved:
        page.append(_heading("Saved of this preset"))
        for path in saved:
            page.append(says(str(path.resolve()), keep=True))
            page.append(says(f"open it again: {open_command(path)}", ink=DIM))
        drawn = next((path for path in saved if path.suffix), None)
        if drawn is not None and larger:
            page.append(says(f"draw it larger: {larger_command(larger, drawn, size)}", ink=DIM))
    if engine:
        page += [_heading("Drawn by"), says(engine, ink=DIM)]
    return page


def open_command(path: Path) -> str:
    """The command that shows a saved file or folder again."""
    return f"python -m cppn_gl {_quoted(path)}"


def larger_command(larger: str, path: Path, size: tuple[int, int]) -> str:
    """The command that draws a saved file larger than `size`, in the same shape.

    `larger`: the command with {file} and {size} in it, which the command line knows.
    """
    wide, high = (round(side * LARGE_SIDE / max(size)) for side in size)
    return larger.format(file=_quoted(path), size=f"{wide}x{high}")


def film_command(film: str, path: Path) -> str:
    """The command that makes a film of a saved file; `film`: it, with {file} in it."""
    return film.format(file=_quoted(path))


def _quoted(path: Path) -> str:
    name = str(path)
    return f'"{name}"' if " " in name else name


def with_keys(words: str, names: Mapping[str, str] | None = None) -> tuple[Run, ...]:
    """A sentence in which {action} is replaced by the action's key, in bold."""
    runs, end = [], 0
    for match in _ACTION.finditer(words):
        runs += [Run(words[end : match.start()]), Run(keys_of(match[1], names), "bold", ACCENT)]
        end = match.end()
    runs.append(Run(words[end:]))
    return tuple(run for run in runs if run.words)


def _heading(words: str) -> Paragraph:
    return says(words, "bold", above=0.55, keep=True)


def _bullet(words: str, names: Mapping[str, str] | None) -> Paragraph:
    return Paragraph(with_keys(words, names), label="·", indent=0.8)


def _possible(words: str, explorer: Explorer) -> bool:
    """Whether the keys in a sentence do with this network what it says."""
    actions = _ACTION.findall(words)
    if explorer.sees and set(actions) <= set(WALKS):
        return True
    if any(verb in actions for verb in ("deeper", "shallower")):  # of a file: see FEWER
        return explorer.preset.spec.redrawable
    keys = (key for key, verbs in ACTIONS.items() if set(verbs) & set(actions))
    return all(explorer.changes(key) for key in keys)


def _general(explorer: Explorer) -> list[str]:
    after = following(explorer.fitting_views, explorer.view.name, False)
    return [
        f"{{next_view}} shows the same network in another view, such as {after}.",
        "{random_seed} draws other weights.",
        *(SEEING_TRIES if explorer.sees else ()),
        "{history_back} goes back, as often as you like.",
        "{screenshot} saves the picture, and tells how to open the file again or draw it larger.",
    ]


def _saturation(network: Network) -> str:
    """What saturated means for the network's activations."""
    own = [s.activation for s in network.stages if s.weight_layer or s.activation != "identity"]
    names = list(dict.fromkeys(own))
    words = [f"{saturation_words(name) or 'never'} ({name})" for name in names[:3]]
    return (
        f"Saturated: {', '.join(words)}; there the slope of the activation is under "
        f"{100 * SATURATION_SLOPE:.0f} % of its steepest."
    )


def _saturated_units(network: Network, found: Findings | None, layer: int) -> list[str]:
    """The units saturated on the largest part of the picture: of a layer, or for 0 of each."""
    last = last_layer(network)
    numbers = [layer] if layer else list(range(1, last + 1))
    if not layer and network.by_grid:  # pools have no activation
        stages = network.stages
        numbers = [k for k in numbers if stages[k - 1].activation != "identity"]
    if found is None or len(found.shares) < last:
        return [
            "Most saturated units, in % of the picture:",
            *["…"] * min(len(numbers), MOST_LAYERS),
        ]
    lines = ["Most saturated units, in % of the picture:"]
    if len(numbers) > MOST_LAYERS:
        numbers = sorted(numbers, key=lambda k: -float(found.shares[k - 1].mean()))[:MOST_LAYERS]
        key = keys_of("layer_down")
        lines = [f"Most saturated units, in % of the picture ({key} chooses another layer):"]
    most = MOST_UNITS if layer else MOST_EACH
    for number in sorted(numbers):
        shares = found.shares[number - 1]
        units = [k for k in (-shares).argsort(kind="stable")[:most] if shares[k] >= 0.005]
        listed = ", ".join(f"{k + 1}: {100 * shares[k]:.0f} %" for k in units)
        unit = "units" if len(units) > 1 else "unit"
        lines.append(f"layer {number}: {f'{unit} {listed}' if units else 'none'}")
    return lines


def network_words(preset: Preset, network: Network, measured: Findings | None = None) -> list[str]:
    """The network in a few sentences with its own numbers."""
    network, spec, found = network.trained, preset.spec, []
    inputs = " and ".join(_listed(input_words(network)))
    outputs = {1: "a grey", 3: "red, green and blue"}.get(
        network.outputs, "red, green, blue and alpha, which is 0 where nothing covers the ground"
    )
    if preset.learns:
        outputs = output_words(preset)
    if spec.structured:
        found += structure_words(preset, network, outputs)
        found.append(_numbers(preset, network))
        found.append(
            normalised_words(preset, network)
            if preset.normalize.which != "none"
            else _kept_words(network, measured)
        )
        return found
    hidden = network.depth - 1
    names = " or ".join(activations(preset)).replace(" or …", " …")
    last = network.drawn[-1].activation
    units = f"{network.outputs} units" if network.outputs > 1 else "one unit"
    if hidden:
        widths = {len(layer.bias) for layer in network.drawn[:-1]}
        wide = f"{min(widths)}" if len(widths) == 1 else f"{min(widths)} to {max(widths)}"
        found.append(
            f"Its inputs, {inputs}, go through {counted(hidden, 'hidden layer')} of "
            f"{wide} units and an output layer of {units}. A unit adds up all values of the layer "
            f"before, each times a weight, plus a bias, and passes the sum through {names}; the "
            f"output layer uses {last}, and gives {outputs}."
        )
    else:
        found.append(
            f"Its inputs, {inputs}, go into one layer of {units}: each adds them up, "
            f"times a weight, plus a bias, and passes the sum through {last}. That gives {outputs}."
        )
    if repeats(network.inputs):
        found.append(
            "No input knows where it is but for the period: the picture repeats, and a square of "
            "one period is a tile without a seam."
        )
    found.append(_numbers(preset, network))
    if preset.normalize.which != "none":
        which = "hidden layer" if preset.normalize.which == "hidden" else "layer"
        found.append(
            f"Normalised: every unit of each {which} is shifted and scaled so that its sum has "
            f"mean {preset.normalize.shift:g} and standard deviation {preset.normalize.gain:g}. "
            "That undoes any fading or growing of the signal."
        )
    elif spec.depth > 1:
        found.append(
            "Its layers are not normalised: nothing keeps the signal from fading or growing."
        )
        if spec.redrawable and not preset.learns:
            found.append(_gain_words(preset, network, measured))
    return found


def _kept_words(network: Network, measured: Findings | None) -> str:
    """What is left of the signal in a structure that is not normalised."""
    words = "Its layers are not normalised: nothing keeps the signal from fading or growing."
    if measured is None or measured.signal.overflow is not None:
        return words
    rest = left(measured.signal)
    if rest is None:
        return words
    return f"{words} In the last hidden layer its spread is {100 * rest:.0f} % of the first one's."


def _numbers(preset: Preset, network: Network) -> str:
    """How many weights there are, and where they come from."""
    spec, count = preset.spec, f"{network.parameters:,} weights and biases"
    if isinstance(spec, File):
        words = f"Its {count} are those of the file {spec.label}."
        return f"{words} {spec.assumed}." if spec.assumed else words
    if not spec.redrawable:
        return f"Its {count} are given by the preset."
    name, scale = getattr(spec, "init", ""), getattr(spec, "weight_scale", 1.0)
    distribution, variance = INITS[name]
    if variance is not None:
        how = f"by {name}, times {scale:.4g}"
    elif distribution == "uniform":
        how = f"evenly from −{scale:.4g} to {scale:.4g}"
    else:
        how = f"from the normal distribution of standard deviation {scale:.4g}"
    omega = getattr(spec, "omega", None)
    if omega not in (None, 1):
        how += f"; those of layer 1 times {omega:.4g}"
    trained = origin_words(preset.train.steps) if preset.learns else "Nothing has been trained."
    are = "were" if preset.learns and preset.train.steps else "are"
    return f"Its {count} {are} random, drawn {how} (seed {spec.seed}). {trained}"


def _gain_words(preset: Preset, network: Network, measured: Findings | None) -> str:
    """√n·σ of the layers after the first, what is measured, and what it means."""
    middle = network.effective(min(1, network.depth - 1))
    fan_in, drawn = middle.weight.shape[1], float(middle.weight.std())
    expected = sigma(preset, getattr(preset.spec, "init", "uniform"))
    gain = math.sqrt(fan_in) * expected
    name = network.drawn[0].activation
    words = (
        f"With n = {fan_in} inputs to a unit and weights of standard deviation σ = "
        f"{significant(expected)} ({significant(drawn)} as drawn), each layer's sums spread "
        f"√n·σ = {significant(gain)} times as much as its inputs"
    )
    if network.depth < 3:
        return f"{words}."
    if measured is not None and measured.signal.overflow is not None:
        return f"{words}. The numbers overflow at layer {measured.signal.overflow}."
    growth = None if measured is None else measured.signal.growth
    rest = None if measured is None else left(measured.signal)
    if measured is not None and (growth is None or rest is None):
        return f"{words}."
    verb = "changes" if growth is not None and growth > gain else "shrinks"
    times, share = "…", "…"  # of about the same length, so that no page turns
    if growth is not None and rest is not None:
        times = f"{growth:.2f}"
        share = f"{100 * rest:.0f} %" if rest >= 0.01 else "less than 1 %"
    words += (
        f", and {name} {verb} that: measured over the picture, a unit's values spread "
        f"×{times} from layer to layer. After {counted(network.depth - 1, 'hidden layer')} the "
        f"spread is {share} of the first layer's"
    )
    if rest is None:
        return f"{words}: the signal is being measured."
    if rest < FADED:
        return f"{words}: the signal fades."
    if rest < WEAK:
        return f"{words}: the signal fades slowly."
    if gain * max_slope(name) > STRONG:
        return f"{words}, and small differences grow: detail, and with larger weights noise."
    return f"{words}: the signal is about kept."


def input_words(network: Network) -> list[str]:
    """The inputs in words; waves together, since positional encodings have dozens of them."""
    waves = [of for of in map(wave, network.inputs) if of is not None]
    words = [FEATURES.get(name, name) for name in network.inputs if wave(name) is None]
    if not waves:
        return words
    kinds = {of.quarter: ("sines", "cosines")[of.quarter] for of in waves}
    axes = " and ".join(sorted({"xy"[of.axis] for of in waves}))
    period = "2π" if network.period == TURN else significant(network.period, 4)
    told = f"{' and '.join(kinds[k] for k in sorted(kinds))} of {axes} with a period of {period}"
    harmonics = sorted({of.harmonic for of in waves})
    if harmonics != [1]:
        listed = list(map(str, harmonics))
        if len(listed) > 4:
            listed = [*listed[:2], "…", listed[-1]]
        told += f" (times {' '.join(listed)} of its frequency)"
    return [*words, told]


def _listed(words: list[str]) -> list[str]:
    """Two parts to be joined by "and": all but the last, with commas, and the last."""
    return [", ".join(words[:-1]), words[-1]] if len(words) > 1 else words

"""The page "What am I seeing?": the preset, the network, how to read the view, what to try.

Explorer, network -> explanation() -> paragraphs, for typeset.spreads()
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cppn_gl.nn.activations import derivative
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.network import Network
from cppn_gl.preset.animate import period
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import Lines, activations
from cppn_gl.viewer.typeset import ACCENT, DIM, WARM, Paragraph, Run, says
from cppn_gl.views.text import counted, significant

FEATURES = {"r": "the distance from the centre", "one": "the constant 1", "t": "time"}
_ACTION = re.compile(r"\{(\w+)\}")


def explanation(
    explorer: Explorer,
    network: Network,
    *,
    facts: Lines = (),
    names: Mapping[str, str] | None = None,
    saved: Sequence[Path] = (),
    advice: str = "",
    engine: str = "",
) -> list[Paragraph]:
    """The paragraphs of the page.

    `facts`: what the HUD tells, as lines of parts. `names`: the user's labels of keys that are
    bound by position. `saved`: files of this session. `engine`: what draws, in words.
    """
    preset, row = explorer.moment, explorer.view.row
    page = [says(explorer.title, "bold", size=1.15, keep=True)]
    if preset.description.strip():
        page.append(says(preset.description.strip(), "italic"))
    if advice:
        page.append(says(advice, ink=WARM, above=0.4))
    page += [_heading("The network"), *map(says, network_words(preset, network))]
    if explorer.layer < preset.spec.depth:
        words = f"Layer {explorer.layer} is shown: the network cut off after it."
        page.append(says(words, above=0.2))
    page += [_heading(f"The view: {row.name}"), says(f"It shows {row.help}. {row.reading}")]
    if row.tries:
        page.append(_heading("Try"))
        page += [_bullet(one, names) for one in row.tries]
    page += [_bullet(one, names) for one in _general(row.name)]
    if explorer.preset.animated:
        page += [_heading("Time"), says(loop_words(explorer.preset))]
    if facts:
        page.append(_heading("In numbers"))
        page += [says(" · ".join(parts)) for parts in facts]
    if saved:
        page.append(_heading("Saved"))
        for path in saved:
            page.append(says(str(path.resolve()), keep=True))
            page.append(says(f"open it again: {open_command(path)}", ink=DIM))
    if engine:
        page += [_heading("Drawn by"), says(engine, ink=DIM)]
    return page


def open_command(path: Path) -> str:
    """The command that shows a saved file or folder again."""
    name = str(path)
    return f'python -m cppn_gl "{name}"' if " " in name else f"python -m cppn_gl {name}"


def with_keys(words: str, names: Mapping[str, str] | None = None) -> tuple[Run, ...]:
    """A sentence in which {action} is replaced by the action's key, in bold."""
    runs, end = [], 0
    for match in _ACTION.finditer(words):
        runs += [Run(words[end : match.start()]), Run(keys_of(match[1], names), "bold", ACCENT)]
        end = match.end()
    runs.append(Run(words[end:]))
    return tuple(run for run in runs if run.words)


def loop_words(preset: Preset) -> str:
    """After how long a film of an animated preset is a seamless loop, or why it is none."""
    animation, seconds = preset.animation, period(preset)
    if seconds is not None:
        return f"All that moves is back after {seconds:.6g} s: a film that long is a seamless loop."
    if "t" in preset.spec.inputs and animation.speed:
        return "The input t never returns: no seamless loop. In its place cos_t and sin_t do."
    if animation.ending in ("repeat", "stop"):
        does = "jumps back" if animation.ending == "repeat" else "stays at the end"
        return (
            f"After {animation.seconds:.6g} s it {does} (ending {animation.ending}): no seamless "
            "loop. With ending bounce or loop it would be one."
        )
    return "Its inputs and its animated keys do not return at one time: no seamless loop."


def _heading(words: str) -> Paragraph:
    return says(words, "bold", above=0.55, keep=True)


def _bullet(words: str, names: Mapping[str, str] | None) -> Paragraph:
    return Paragraph(with_keys(words, names), label="·", indent=0.8)


def _general(view: str) -> list[str]:
    listed = list(VIEWS)
    after = listed[(listed.index(view) + 1) % len(listed)] if view in listed else listed[0]
    return [
        f"{{next_view}} shows the same network in another view, such as {after}.",
        "{random_seed} draws other weights; {history_back} goes back, as often as you like.",
        "{screenshot} saves the picture; the file opens again in this window.",
    ]


def network_words(preset: Preset, network: Network) -> list[str]:
    """The network in a few sentences with its own numbers."""
    spec, found = preset.spec, []
    inputs = " and ".join(_listed([FEATURES.get(name, name) for name in network.inputs]))
    outputs = "red, green and blue" if network.outputs == 3 else "a grey"
    hidden = network.depth - 1
    names = " or ".join(activations(preset)) or _activation_names(network)
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
    found.append(_numbers(preset, network))
    if preset.normalize.which != "none":
        which = "hidden layer" if preset.normalize.which == "hidden" else "layer"
        found.append(
            f"Normalised: every unit of each {which} is shifted and scaled so that its sum has "
            f"mean {preset.normalize.shift:g} and standard deviation {preset.normalize.gain:g}. "
            "That undoes any fading or growing of the signal."
        )
    if spec.depth > 1 and spec.redrawable and preset.normalize.which == "none":
        found.append(_gain_words(network))
    return found


def _numbers(preset: Preset, network: Network) -> str:
    """How many weights there are, and where they come from."""
    spec, count = preset.spec, f"{network.parameters:,} weights and biases"
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
    return f"Its {count} are random, drawn {how} (seed {spec.seed}). Nothing has been trained."


def _gain_words(network: Network) -> str:
    """√n·σ of the layers after the first, and what it means."""
    middle = network.effective(min(1, network.depth - 1))
    fan_in, sigma = middle.weight.shape[1], float(middle.weight.std())
    gain = math.sqrt(fan_in) * sigma
    words = (
        f"With n = {fan_in} inputs to a unit and weights of standard deviation σ = "
        f"{significant(sigma)}, each layer's sums spread √n·σ = {significant(gain)} times as much "
        "as its inputs"
    )
    name = network.drawn[0].activation
    slope = float(np.abs(derivative(name, np.linspace(-4, 4, 801))).max())
    passed = f"{name} passes on at most {significant(slope, 2)} of that" if slope < 0.99 else ""
    if gain * slope < 0.9:
        why = passed or "that is less than 1"
        return f"{words}; {why}, so differences fade from layer to layer."
    if gain * slope > 1.6:
        return f"{words}: small differences grow from layer to layer, and detail with them."
    return f"{words}: near 1, where the signal is about kept."


def _listed(words: list[str]) -> list[str]:
    """Two parts to be joined by "and": all but the last, with commas, and the last."""
    return [", ".join(words[:-1]), words[-1]] if len(words) > 1 else words


def _activation_names(network: Network) -> str:
    return " or ".join(dict.fromkeys(layer.activation for layer in network.drawn[:-1]))

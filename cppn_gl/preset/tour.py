"""The tour: the presets that show the essay's figures, in its order, each with a caption.

presets/*.toml with `shows = "Figure N"` -> steps() -> Step(figure, preset) -> caption()
"""

import re
from dataclasses import dataclass

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset

KEYS = "P: on   Shift+P: back   Tab: without words   H: all keys"
_FIGURE = re.compile(r"Figure (\d+)")


@dataclass(frozen=True)
class Step:
    """A figure by its number, and the preset that shows it."""

    figure: int
    preset: Preset


def shown(preset: Preset) -> list[str]:
    """What a preset shows: "Figure 11", "Figure 17"."""
    return [part.strip() for part in preset.shows.split(";") if part.strip()]


def figures(preset: Preset) -> list[int]:
    """The numbers of the figures that a preset shows."""
    found = (_FIGURE.fullmatch(part) for part in shown(preset))
    return [int(match[1]) for match in found if match]


def steps() -> list[Step]:
    """The figures in their order; one that several presets show has several steps."""
    presets = [load_preset(name) for name in shipped()]
    found = [Step(number, preset) for preset in presets for number in figures(preset)]
    return sorted(found, key=lambda step: (step.figure, step.preset.name))


def caption(step: Step, number: int, count: int) -> list[str]:
    """What is said at step `number` of `count`, from 1: a heading, what to see, how to go on."""
    preset = step.preset
    heading = f"{number} of {count}   Figure {step.figure}: {preset.title or preset.name}"
    return [heading, *filter(None, [preset.description.strip()]), KEYS]

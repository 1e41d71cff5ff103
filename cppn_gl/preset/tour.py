"""The tour: the presets that show the figures of the essay, in order, each with a caption.

presets/*.toml with `shows = "Figure N"` -> steps() -> Step(figure, preset) -> caption()
"""

import re
from dataclasses import dataclass

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset

KEYS = "P: next   Shift+P: back   Tab: hide text   H: all keys"
_FIGURE = re.compile(r"Figure (\d+)")


@dataclass(frozen=True)
class Step:
    """A figure number, and a preset that shows it."""

    figure: int
    preset: Preset


def shown(preset: Preset) -> list[str]:
    """The entries of `shows`: "Figure 11", "Figure 17"."""
    return [part.strip() for part in preset.shows.split(";") if part.strip()]


def figures(preset: Preset) -> list[int]:
    """The numbers of the figures that a preset shows."""
    matches = (_FIGURE.fullmatch(part) for part in shown(preset))
    return [int(match[1]) for match in matches if match]


def steps() -> list[Step]:
    """The steps in the order of figures; a figure of several presets has several steps."""
    presets = [load_preset(name) for name in shipped()]
    unsorted = [Step(number, preset) for preset in presets for number in figures(preset)]
    return sorted(unsorted, key=lambda step: (step.figure, step.preset.name))


def caption(step: Step, number: int, count: int) -> list[str]:
    """The lines of step `number`, from 1, of `count`: heading, description, keys."""
    preset = step.preset
    heading = f"{number} of {count}   Figure {step.figure}: {preset.title or preset.name}"
    return [heading, *filter(None, [preset.description.strip()]), KEYS]

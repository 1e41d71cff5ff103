"""The film of a training, or of a picture that grows: a preset whose step grows with time."""

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.utils.checks import PresetError


def trains(preset: Preset) -> bool:
    """Whether there is a training, or a growth, to film."""
    if _grows(preset):
        return preset.options(SynthesisOptions).steps > 0
    return preset.learns and preset.train.steps > 0 and not preset.dataset.problem


def training_film(preset: Preset, seconds: float) -> Preset:
    """The preset animated from step 0 to its own step, evenly, which it reaches after `seconds`.

    Raises PresetError if it has no steps, or cannot be trained.
    """
    if _grows(preset):
        name, steps = "synthesis.steps", preset.options(SynthesisOptions).steps
    else:
        name, steps = "train.steps", preset.train.steps
        if not preset.learns:
            raise PresetError("nothing is trained: no film of a training", key="train.data")
    if not steps:
        raise PresetError("0: a film of a training ends at this step", key=name)
    if preset.learns and (problem := preset.dataset.problem):
        raise PresetError(problem, key="train.data")
    changes = {
        f"animate.{name}": [0, steps],
        "animation.duration": seconds,
        "animation.easing": "linear",
        "animation.spacing": "steps",
        "animation.ending": "stop",
    }
    return preset.replace(**changes)


def _grows(preset: Preset) -> bool:
    return preset.classifies and preset.show.view == "synthesis"


def last_moment(frames: int, fps: float) -> float:
    """The time of a film's last frame in seconds; of a single frame, that of a second one."""
    return max(1, frames - 1) / fps

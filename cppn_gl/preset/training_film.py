"""The film of a training: a preset whose step grows with time."""

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError


def trains(preset: Preset) -> bool:
    """Whether there is a training to film."""
    return preset.learns and preset.train.steps > 0 and not preset.dataset.problem


def training_film(preset: Preset, seconds: float) -> Preset:
    """The preset animated from step 0 to `train.steps`, evenly, which it reaches after `seconds`.

    Raises PresetError if it trains no steps, or cannot be trained.
    """
    if not preset.learns:
        raise PresetError("nothing is trained: no film of a training", key="train.data")
    if not preset.train.steps:
        raise PresetError("0: a film of a training ends at this step", key="train.steps")
    if problem := preset.dataset.problem:
        raise PresetError(problem, key="train.data")
    changes = {
        "animate.train.steps": [0, preset.train.steps],
        "animation.duration": seconds,
        "animation.easing": "linear",
        "animation.spacing": "steps",
        "animation.ending": "stop",
    }
    return preset.replace(**changes)


def last_moment(frames: int, fps: float) -> float:
    """The time of a film's last frame in seconds; of a single frame, that of a second one."""
    return max(1, frames - 1) / fps

"""What the page "what am I seeing?" tells of a network that learns.

preset, what was measured at its step -> learning_words() -> data, steps and loss, in sentences
"""

from pathlib import Path

from cppn_gl.nn.training.data import OWN, Dataset
from cppn_gl.nn.training.data_sets import DATA_SETS
from cppn_gl.nn.training.losses import default_loss
from cppn_gl.nn.training.trainer import Measures
from cppn_gl.preset.learned import class_names
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.class_colors import NAMES
from cppn_gl.viewer.training import rate_words
from cppn_gl.views.text import counted, significant

TRIES = (
    "{deeper} adds a layer, {wider} units, {next_activation} takes another activation: training "
    "begins anew.",
    "{train} trains, or pauses; {train_step} does one step, {train_back} goes back.",
    "{rate_up} raises the learning rate, with Shift lowers it; {faster} trains faster.",
)
BOUNDARY = "{toggle_boundary} draws the boundary between classes."
# From which on it is told that the tests do worse: difference of accuracies; ratio of losses.
WRONG, HEART = 0.02, 2.0
DEAD = 0.01  # fraction of dead units from which on it is told


def output_words(preset: Preset) -> str:
    """What the outputs of a network that learns are, to complete "it gives …"."""
    data = _data(preset)
    if data is None or data.kind == "picture":
        grey = data is not None and data.outputs == 1
        return "a grey" if grey else "red, green and blue"
    if data.kind == "distance":
        return "the distance to the shape's outline, below 0 inside"
    if data.kind == "values":
        return "one value"
    if data.classes == 2:
        low, high = _named(data)[:2]
        return f"one number, how much it holds the point for {high} rather than {low}"
    return f"a number for each of {data.classes} classes, of which the largest decides"


def color_words(preset: Preset) -> str:
    """What the colours of a network's picture mean, where the view shows classes or values."""
    data = _data(preset)
    if data is None or preset.show.row.learned != "colors" or not _own_colors(preset):
        return ""
    if data.kind == "values":
        words = "Blue stands for high values, orange for low ones, paper white for the middle."
    elif data.kind == "classes":
        words = (
            "The colour of a place is the class that the network answers there: "
            f"{_joined(_named(data))}. The paler it is, the less sure is the network."
        )
    else:
        return ""
    marks = {
        "all": "The dots are the data, in the colours of what they are; hollow ones are tests.",
        "training": "The dots are the data it is trained on, in the colours of what they are.",
    }
    return f"{words} {marks.get(preset.train.marks, '')}".strip()


def learning_words(preset: Preset, measured: Measures | None = None) -> list[str]:
    """What is learned, how, and how well; `measured`: at the preset's step, if it is known."""
    train = preset.train
    try:
        data = preset.dataset
    except PresetError as error:
        return [f"It cannot learn: {error}."]
    loss = "cross-entropy" if preset.classifies else train.loss or default_loss(data.kind)
    things = "pictures" if preset.classifies else "points"
    tests = len(data) - data.training
    beside = f" and {tests:,} for tests, which it is never shown" if tests else ""
    found = [f"{_data_words(preset, data)}: {data.training:,} {things} to learn from{beside}."]
    if data.problem:
        found = [f"{_data_words(preset, data)}. {data.problem}"]
    found.append(
        f"A step takes {train.batch:,} of these {things} at random, computes the loss, here "
        f"{loss}, which says how wrong the network is on them, and how it changes with "
        f"each weight. Then {train.optimizer} moves all weights a little to where it falls; how "
        f"far, the learning rate says, now {rate_words(preset)}."
    )
    if measured is not None:
        found.append(_result(train.steps, measured, things))
    return found


def training_tries(preset: Preset) -> tuple[str, ...]:
    """What to do next with a network that learns; {train} stands for the key of that action."""
    data, plane = _data(preset), not preset.classifies
    return (*TRIES, *([BOUNDARY] if data is not None and data.classes and plane else []))


def origin_words(step: int) -> str:
    """What became of the weights that were drawn at random."""
    if not step:
        return "It has not been trained yet: this is step 0."
    return f"Since then they have been trained for {counted(step, 'step')}."


def _result(step: int, measured: Measures, things: str) -> str:
    """How well it does, and what stands in its way."""
    words = f"At step {step:,} the loss is {significant(measured.loss, 3)}"
    tests = measured.test_loss == measured.test_loss  # there are tests
    words += f", that of the tests {significant(measured.test_loss, 3)}" if tests else ""
    if measured.accuracy is not None:
        words += f"; {100 * measured.accuracy:.1f} % of the {things} are right"
        if tests and measured.test_accuracy is not None:
            words += f", {100 * measured.test_accuracy:.1f} % of the tests"
    words += "."
    if tests and step and _by_heart(measured):
        words += " It does worse on the tests: part of what it knows is learned by heart."
    dead = float(measured.dead[:-1].mean()) if len(measured.dead) > 1 else 0.0
    if dead >= DEAD:
        words += (
            f" {100 * dead:.0f} % of the hidden units are dead: their slope is 0 for all "
            f"{things} of the training, and no step moves them."
        )
    return words


def _by_heart(measured: Measures) -> bool:
    """Whether it does clearly worse on the tests."""
    if measured.accuracy is None or measured.test_accuracy is None:
        return measured.test_loss > HEART * measured.loss
    return measured.accuracy - measured.test_accuracy > WRONG


def _data(preset: Preset) -> Dataset | None:
    try:
        return preset.dataset
    except PresetError:
        return None


def _data_words(preset: Preset, data: Dataset) -> str:
    name = preset.train.data
    if name in DATA_SETS:
        return f"It learns the data set {name} ({DATA_SETS[name].help})"
    if name == OWN:
        return "It learns points of your own"
    if preset.classifies:
        return f"It learns to tell apart the {data.classes} classes of {Path(name).name}"
    what = {"picture": "the picture", "distance": "the distance to the outline in"}
    return f"It learns {what.get(data.kind, 'the points of')} {Path(name).name}"


def _named(data: Dataset) -> list[str]:
    """The classes, each with its colour."""
    pairs = zip(class_names(data), NAMES, strict=False)
    return [f"{name} ({color})" for name, color in pairs]


def _own_colors(preset: Preset) -> bool:
    """Whether classes and values are shown in their own colours, without a colour map."""
    return (preset.color.mapping, preset.color.stretch) == ("rgb", "none")


def _joined(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

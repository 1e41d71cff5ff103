"""What the window asks about a trained image network whose file does not say how to read a picture.

a file that was dropped or named -> Asking: the keys of [preprocess] as texts -> keys() -> opened

Nothing is guessed: a recipe is taken when the user chooses it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppn_gl.nn.vision.preprocess import IMAGENET, NEEDED, ORDERS
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.toml import toml_value

KEYS = (*NEEDED, "labels")
# What each key asks for, and how an answer is written.
ASKED = {
    "size": ("width and height of its pictures, in pixels", "224, 224"),
    "order": ("its channels: rgb, bgr, grey, or a list such as red, green, zero", "rgb"),
    "range": ("the value of white, before the mean: 1 or 255", "1"),
    "mean": ("subtracted from each channel; 0 if nothing is", "0.485, 0.456, 0.406"),
    "std": ("divided by after that; 1 if nothing is", "0.229, 0.224, 0.225"),
    "labels": ("names of the classes: imagenet, or a text file; may be empty", ""),
}


@dataclass(frozen=True)
class Recipe:
    """A common way of reading pictures: its name, where it is usual, and the answers."""

    name: str
    help: str
    answers: dict[str, str]


RECIPES = (
    Recipe(
        "torchvision",
        "as the ImageNet networks of torchvision, timm and most PyTorch code",
        {
            "size": "224, 224",
            "order": "rgb",
            "range": "1",
            "mean": "0.485, 0.456, 0.406",
            "std": "0.229, 0.224, 0.225",
            "labels": IMAGENET,
        },
    ),
    Recipe(
        "Caffe",
        "as Caffe's ImageNet networks and Keras's VGG and ResNet",
        {
            "size": "224, 224",
            "order": "bgr",
            "range": "255",
            "mean": "103.939, 116.779, 123.68",
            "std": "1, 1, 1",
            "labels": IMAGENET,
        },
    ),
    Recipe(
        "0 to 1", "colours from 0 to 1, nothing subtracted", {"range": "1", "mean": "0", "std": "1"}
    ),
    Recipe("−1 to 1", "colours from −1 to 1", {"range": "1", "mean": "0.5", "std": "0.5"}),
)


@dataclass
class Asking:
    """A network's file, and what has been answered so far, as it is written in a field."""

    path: Path
    problem: str
    answers: dict[str, str] = field(default_factory=lambda: dict.fromkeys(KEYS, ""))

    @property
    def name(self) -> str:
        return self.path.name

    def take(self, recipe: Recipe) -> None:
        """Answer as a recipe does; what it does not say stays."""
        self.answers.update(recipe.answers)

    def keys(self) -> dict[str, Any]:
        """The keys of [preprocess] that are answered, by dotted name.

        A lone number stands for all channels. Raises PresetError if one cannot be read.
        """
        answered = [name for name in KEYS if self.answers[name].strip()]
        found = {f"preprocess.{name}": self._value(name) for name in answered}
        order = found.get("preprocess.order", "")
        count = len(ORDERS.get(order, order) if isinstance(order, str) else order)
        for name in ("preprocess.mean", "preprocess.std"):
            if len(found.get(name, ())) == 1:
                found[name] *= max(1, count)
        return found

    def _value(self, name: str) -> Any:
        text = self.answers[name].strip()
        if name == "order" and "," in text:
            return [part.strip() for part in text.split(",")]
        if name in ("order", "labels"):
            return text
        parts = [toml_value(part.strip()) for part in text.strip("[]()").split(",")]
        if not all(isinstance(part, int | float) for part in parts):
            raise PresetError(f"{text!r} is not written in numbers", key=f"preprocess.{name}")
        return parts[0] if name == "range" else parts

"""The table `[preprocess]`: how a picture becomes the input of an image network, and back.

    pixels (rows, columns, 3), sRGB, 8 bits -> seen(): resized -> tensor(): (channels, H, W) float32
    tensor -> pixels()

Nothing is guessed: a network learned with one order, range, mean and spread of values, and answers
nonsense with others. What a known network needs comes with it; of another one `complete` asks.
"""

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_file import FITS, StoredImage
from cppn_gl.nn.vision.shapes import MAX_SIDE, Shape
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import (
    OneOf,
    PresetError,
    choice,
    integer,
    key,
    number,
    several,
    validate,
)
from cppn_gl.utils.origin import NOWHERE, USER, Origin

Pixels = NDArray[np.uint8]

PLANES = ("red", "green", "blue", "grey", "zero")
ORDERS: Mapping[str, tuple[str, ...]] = {
    "rgb": ("red", "green", "blue"),
    "bgr": ("blue", "green", "red"),
    "grey": ("grey",),
}
RESAMPLES = ("bicubic", "bilinear", "nearest")
MOST_CHANNELS = 64  # of a network's pictures, whose channels are listed
IMAGENET = "imagenet"
_EXAMPLES = {  # of many networks that learned ImageNet
    "size": "[224, 224]",
    "order": '"rgb"',
    "range": "1",
    "mean": "[0.485, 0.456, 0.406]",
    "std": "[0.229, 0.224, 0.225]",
}
NEEDED = tuple(_EXAMPLES)  # keys without a default


class _Order(OneOf):
    """Checks for a name in ORDERS, or a list of PLANES."""

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return several(choice(PLANES), 1, MOST_CHANNELS)(value)
        return super().__call__(value)


class _Labels(OneOf):
    """Checks for "imagenet", "" (none), or a list of names; `Preprocess.of` reads files before."""

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            from cppn_gl.nn.vision.labels import names  # most presets need not load it

            return names(value)
        return super().__call__(value)


@dataclass(frozen=True)
class Preprocess:
    """The `[preprocess]` table. Keys that are None are not given: see `complete`."""

    size: tuple[int, int] | None = key(
        None,
        several(integer(1, MAX_SIDE), 2, 2),
        "width and height of the pictures that the network sees, in pixels",
    )
    order: str | tuple[str, ...] | None = key(
        None,
        _Order(tuple(ORDERS)),
        f"its channels: {' '.join(ORDERS)}, or a list of {' '.join(PLANES)}",
        widget="order",
    )
    range: float | None = key(
        None,
        number(1e-6, 65535),
        "value of the largest colour, before mean and std: 1 or 255",
        slider=(1, 255),
    )
    mean: tuple[float, ...] | None = key(
        None,
        several(number(-1e6, 1e6), 1, MOST_CHANNELS),
        "subtracted, one number for each channel, in the order of the channels",
    )
    std: tuple[float, ...] | None = key(
        None,
        several(number(1e-6, 1e6), 1, MOST_CHANNELS),
        "divided by after that, one number for each channel; 1 if nothing is",
    )
    fit: str | None = key(
        None,
        choice(FITS),
        "how a picture of other proportions is taken: stretch (when absent), cover (its middle), "
        "contain (all of it, with a border)",
    )
    resample: str | None = key(
        None, choice(RESAMPLES), "how it is resized: bicubic (when absent), bilinear, nearest"
    )
    labels: str | tuple[str, ...] | None = key(
        None,
        _Labels(("", IMAGENET)),
        "names of the classes: imagenet, a list, or a text file with one a line",
        widget="labels",
    )

    def __post_init__(self) -> None:
        validate(self, "preprocess.")
        count = None if self.order is None else len(self.planes)
        for name in ("mean", "std"):
            given = getattr(self, name)
            if given is not None and count is not None and len(given) != count:
                problem = f"{len(given)} numbers; expected {count}, one for each channel"
                raise PresetError(problem, key=f"preprocess.{name}")

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> "Preprocess":
        """From values by name; `origin` of the text says which files of labels it may name."""
        return cls(**{**values, **_read_labels(values, origin)})

    def replace(self, values: dict[str, Any]) -> "Preprocess":
        """With some keys changed; a file of labels is relative to the current folder."""
        return dataclasses.replace(self, **{**values, **_read_labels(values, USER)})

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values: what is given."""
        table = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        given = {name: value for name, value in table.items() if value is not None}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}

    def over(self, known: "Preprocess | None") -> "Preprocess":
        """This table, with what it does not give from a known network's."""
        if known is None or known is self:
            return self
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        given = {n: v for n, v in own.items() if v is not None}
        return dataclasses.replace(known, **given)

    def complete(self, name: str = "the network") -> "Preprocess":
        """With the defaults of `fit`, `resample`, `labels`. Raises PresetError if others miss."""
        missing = [one for one in NEEDED if getattr(self, one) is None]
        if missing:
            example = ", ".join(f"{one} = {_EXAMPLES[one]}" for one in missing)
            problem = f"{name} needs {', '.join(missing)}, as it was trained"
            raise PresetError(f"{problem}; for example {example}", key="preprocess")
        defaults: dict[str, Any] = {"fit": FITS[-1], "resample": RESAMPLES[0], "labels": ""}
        unset = {name: v for name, v in defaults.items() if getattr(self, name) is None}
        return dataclasses.replace(self, **unset) if unset else self

    @property
    def planes(self) -> tuple[str, ...]:
        """The colour that each channel of the network's input is, of PLANES."""
        order = self.order or ()
        return ORDERS[order] if isinstance(order, str) else order

    @property
    def shape(self) -> Shape:
        """Of the network's input."""
        width, height = self.complete().size or (0, 0)
        return Shape(len(self.planes), height, width)

    @property
    def grey(self) -> bool:
        """Whether it sees no colours."""
        return not {"red", "green", "blue"} & set(self.planes)

    def seen(self, pixels: Pixels) -> Pixels:
        """A picture (rows, columns, 3) as the network sees it: (H, W, 3), resized, maybe grey."""
        from PIL import Image

        width, height = self.complete().size or (1, 1)
        image = Image.fromarray(np.ascontiguousarray(pixels))
        image = image.convert("L") if self.grey else image
        method = Image.Resampling[(self.resample or RESAMPLES[0]).upper()]
        rows, columns = pixels.shape[:2]
        across, down = width / columns, height / rows
        if self.fit == "cover":  # the middle of the picture, of the network's proportions
            scale = max(across, down)
            wide, high = min(width / scale, columns), min(height / scale, rows)
            left, top = (columns - wide) / 2, (rows - high) / 2
            box = (left, top, min(left + wide, columns), min(top + high, rows))
            found = image.resize((width, height), method, box=box)
        elif self.fit == "contain":
            scale = min(across, down)
            inner = max(1, round(columns * scale)), max(1, round(rows * scale))
            found = Image.new(image.mode, (width, height), self._border(image.mode))
            place = (width - inner[0]) // 2, (height - inner[1]) // 2
            found.paste(image.resize(inner, method), place)
        else:
            found = image.resize((width, height), method)
        return np.asarray(found.convert("RGB"))

    def _border(self, mode: str) -> Any:
        """The colour of the border: that of the mean, which is 0 for the network."""
        mean = np.zeros(len(self.planes)) if self.mean is None else np.asarray(self.mean)
        levels = np.clip(np.rint(mean * 255 / (self.range or 1)), 0, 255).astype(int)
        by_name = dict(zip(self.planes, levels.tolist(), strict=True))
        if mode == "L":
            return by_name.get("grey", 0)
        return tuple(by_name.get(name, 0) for name in ORDERS["rgb"])

    def tensor(self, pixels: Pixels) -> Float32:
        """A picture (rows, columns, 3) as the network's input (channels, H, W), contiguous."""
        seen = self.seen(pixels)
        found = np.zeros(self.shape, np.float32)
        factor = np.float32((self.range or 1) / 255)
        for channel, plane in zip(found, self.planes, strict=True):
            if plane != "zero":
                channel[:] = _plane(seen, plane)
                if self.range == 1:
                    channel /= np.float32(255)
                elif factor != 1:
                    channel *= factor
        found -= self._terms(self.mean)
        found /= self._terms(self.std)
        return found

    def _terms(self, values: tuple[float, ...] | None) -> Float32:
        return np.asarray(values, np.float32)[:, None, None]

    def pixels(self, tensor: Any) -> Pixels:
        """An input (channels, H, W) as a picture (H, W, 3) to look at: clipped, rounded."""
        values = np.asarray(tensor, np.float64) * self._terms(self.std) + self._terms(self.mean)
        levels = np.nan_to_num(values * (255 / (self.range or 1)))
        by_name = dict(zip(self.planes, levels, strict=True))
        rest = by_name.get("grey", np.zeros(levels.shape[1:]))
        whole = np.stack([by_name.get(name, rest) for name in ORDERS["rgb"]], axis=-1)
        levels = np.clip(whole, 0, 255)
        return np.asarray(np.rint(levels), np.uint8)

    def bounds(self) -> tuple[Float32, Float32]:
        """The values of black and of white in each channel, (channels, 1, 1): of any picture."""
        mean, std = self._terms(self.mean), self._terms(self.std)
        return -mean / std, (np.float32(self.range or 1) - mean) / std


def _plane(seen: Pixels, name: str) -> Pixels:
    """A colour of a picture (H, W, 3): (H, W)."""
    if name == "grey":
        from PIL import Image

        grey: Pixels = np.asarray(Image.fromarray(seen).convert("L"))
        return grey
    found: Pixels = seen[..., ORDERS["rgb"].index(name)]
    return found


def _read_labels(values: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """The names in a file that `labels` names; {} if it names none. Raises PresetError."""
    given = values.get("labels")
    if not isinstance(given, str) or given in ("", IMAGENET):
        return {}
    from cppn_gl.nn.vision.labels import read_labels

    try:
        path = origin.resolve(given)
    except ValueError as error:
        raise PresetError(f"{given!r}: {error}", key="preprocess.labels") from None
    try:
        return {"labels": read_labels(path)}
    except PresetError as error:
        raise PresetError(f"{Path(given).name}: {error.problem}", key="preprocess.labels") from None


def picture_of(image: StoredImage) -> Pixels:
    """An image's pixels (rows, columns, 3) in 8 bits, contiguous."""
    return _picture(image)


@functools.lru_cache(maxsize=4)
def _picture(image: StoredImage) -> Pixels:
    pixels = image.pixels
    eight = pixels if pixels.dtype == np.uint8 else np.rint(pixels / np.float32(257))
    whole = np.broadcast_to(eight.astype(np.uint8), (*pixels.shape[:2], 3))
    found = np.ascontiguousarray(whole)
    found.flags.writeable = False
    return found

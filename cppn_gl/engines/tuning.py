"""The tuning cache: which engine was measured to be fastest for networks of a structure.

    renderer, driver version, structure -> TuningCache -> {"engine": …, "rates": …}

It is a JSON file in the user's cache folder that can be deleted at any time. A file that cannot be
read or has another format is treated as empty.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppn_gl._version import __version__
from cppn_gl.engines.gl.shader import Structure
from cppn_gl.engines.names import ENGINES
from cppn_gl.utils.files import CaptureError, open_plain, stamp_of, write_atomic
from cppn_gl.utils.resources import NO_HOME, user_folder

FORMAT = 1
MAX_BYTES = 2**22
LARGEST = 1e30
FASTEST = "the fastest where OpenGL is software"  # so far that nothing is measured
GUESSED = "first guess, not measured yet"


@dataclass(frozen=True)
class Choice:
    """The exact name of an engine, and the reason for choosing it in a few words."""

    engine: str
    why: str

    @property
    def guessed(self) -> bool:
        """Whether it was neither requested nor measured."""
        return self.why == GUESSED


@dataclass(frozen=True)
class Measured:
    """A measurement: the fastest engine, and the rates of all in multiplications per second.

    `bake_seconds`: compile time per weight of a baked program of `bake_weights` weights; 0 if it
    was not measured.
    """

    engine: str
    rates: dict[str, float]
    bake_seconds: float = 0.0
    bake_weights: int = 0


def default_path() -> Path | None:
    """The file in the user's cache folder; None for a user without a home directory."""
    folder = user_folder("cache")
    return folder and folder / "tuning.json"


def structure_key(structure: Structure | str) -> str:
    """A structure as text: the cache key, within a machine."""
    if isinstance(structure, str):
        return structure
    where = structure.layout
    storage = f"{where.blocks} blocks" if where.blocks else "texture"
    names = "+".join(structure.hidden) or "none"
    curved = "".join(f", {kind}" for kind in structure.curved)
    step = f"{where.rows}×{4 * where.chunks}"
    return f"{where.units} units, {step}, {storage}, {names}, {structure.output}{curved}"


class TuningCache:
    """The cache file, read again when it changes; in memory only if there is no such file."""

    def __init__(self, machine: str, path: Path | None = None):
        self.machine = f"{machine} | cppn_gl {__version__}"
        self.path = path or default_path()
        self.problem = ""  # why the last measurement could not be saved
        self._stamp: object = None
        self._found: dict[str, Any] = {}

    def get(self, key: str) -> Measured | None:
        """The measurement of a structure on this machine, if any."""
        self._read()
        found = self._found.get(self.machine, {})
        return _measured(found.get(key)) if isinstance(found, dict) else None

    def put(self, key: str, measured: Measured) -> None:
        """Store a measurement; only in memory if the file cannot be written (see `problem`)."""
        self._stamp = None
        self._read()
        machine = self._found.setdefault(self.machine, {})
        if not isinstance(machine, dict):
            machine = self._found[self.machine] = {}
        machine[key] = {
            "engine": measured.engine,
            "rates": {name: float(f"{rate:.4g}") for name, rate in measured.rates.items()},
            "bake_seconds": float(f"{measured.bake_seconds:.4g}"),
            "bake_weights": measured.bake_weights,
        }
        if self.path is None:
            self.problem = NO_HOME
            return
        text = json.dumps({"format": FORMAT, "machines": self._found}, indent=1)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, text.encode(), overwrite=True)
        except (CaptureError, OSError) as error:
            self.problem = str(error)
        else:
            self.problem, self._stamp = "", self._look()

    def _look(self) -> object:
        return stamp_of(self.path) if self.path is not None else None

    def _read(self) -> None:
        stamp = self._look()
        if self.path is None or stamp is None or stamp == self._stamp:
            return
        self._stamp = stamp
        found: Any = None
        with (
            contextlib.suppress(OSError, ValueError, RecursionError),
            open_plain(self.path) as stream,
        ):
            found = json.loads(stream.read(MAX_BYTES))
        machines = found.get("machines") if isinstance(found, dict) else None
        if isinstance(machines, dict) and found.get("format") == FORMAT:
            self._found = machines


def _measured(found: Any) -> Measured | None:
    """An entry of the file; None if it is not valid."""
    if not isinstance(found, dict) or found.get("engine") not in list(ENGINES):
        return None
    rates, bake = found.get("rates", {}), found.get("bake_seconds", 0.0)
    count = found.get("bake_weights", 0)
    if not isinstance(rates, dict) or not _is_rate(bake) or not _is_rate(count):
        return None
    valid = {n: float(r) for n, r in rates.items() if n in ENGINES and _is_rate(r)}
    return Measured(found["engine"], valid, float(bake), int(count))


def _is_rate(found: Any) -> bool:
    return type(found) in (int, float) and 0 <= found < LARGEST

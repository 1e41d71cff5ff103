"""What a folder's files belong to, in one JSON file: work goes on only where it agrees."""

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import Check, show
from cppn_gl.utils.files import CaptureError, Remedy, open_plain, write_atomic
from cppn_gl.utils.toml import load_toml

MANIFEST = "manifest.json"


def preset_keys(preset: Preset) -> dict[str, Any]:
    """What a manifest says of a preset: a hash to compare, and the TOML to read."""
    toml = preset.to_toml()
    return {
        "preset_sha256": hashlib.sha256(toml.encode()).hexdigest(),
        "preset": toml.splitlines(),
    }


def read_manifest(folder: Path, checks: dict[str, Check], remedy: Remedy) -> dict[str, Any] | None:
    """What a folder's manifest says; None where there is none. Raises CaptureError.

    `checks` are those of the keys that are read before the manifest is compared with another.
    """
    path = folder / MANIFEST
    try:
        with open_plain(path) as stream:
            found = json.loads(stream.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CaptureError(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CaptureError(path, "no manifest of cppn_gl", remedy) from None
    if not isinstance(found, dict):
        raise CaptureError(path, "no manifest of cppn_gl", remedy)
    for key, check in checks.items():
        try:
            check(found.get(key))
        except ValueError as error:
            raise CaptureError(path, f"no manifest of cppn_gl: {key}: {error}", remedy) from None
    return found


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a folder's manifest, over one that is there. Raises CaptureError."""
    content = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    write_atomic(folder / MANIFEST, content.encode(), overwrite=True)


def difference(found: dict[str, Any], wanted: dict[str, Any], keys: Iterable[str]) -> str:
    """The first of `keys` in which two manifests differ, as "fps is 24, not 25"; or nothing."""
    for key in keys:
        if found.get(key) != wanted[key]:
            there, here = found.get(key), wanted[key]
            if key == "preset_sha256":
                key, there, here = _preset_difference(found, wanted)
            return f"{key} is {_told(there)}, not {_told(here)}"
    return ""


def _told(value: Any) -> str:
    return "what it is by default" if value is None else show(value)


def _preset_difference(found: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, Any, Any]:
    """The first key in which two presets differ, and its two values; or else the hashes."""
    with contextlib.suppress(ValueError, TypeError, RecursionError, KeyError):
        there, here = (_flat(load_toml("\n".join(m["preset"]))) for m in (found, wanted))
        for key in [*here, *there]:
            if there.get(key) != here.get(key):
                return key, there.get(key), here.get(key)
    return "preset_sha256", found.get("preset_sha256"), wanted["preset_sha256"]


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    tables = {name: value for name, value in document.items() if isinstance(value, dict)}
    flat = {
        f"{name}.{key}": value for name, table in tables.items() for key, value in table.items()
    }
    return flat | {key: value for key, value in document.items() if key not in tables}

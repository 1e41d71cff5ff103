"""manifest.json: what a folder's files belong to. Work is resumed only if the manifest matches."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cppn_gl.preset.network_file import named
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import Check, show
from cppn_gl.utils.files import CaptureError, Remedy, open_plain, write_atomic
from cppn_gl.utils.toml import load_toml

MANIFEST = "manifest.json"
LARGEST = 2**27  # bytes: twice as many as a preset can have


def preset_keys(preset: Preset) -> dict[str, Any]:
    """A preset's keys in a manifest: a hash for the comparison, and its TOML for people."""
    toml = named(preset)
    image = preset.input.content
    content = toml.encode() + (b"" if image is None else image.digest)
    return {
        "preset_sha256": hashlib.sha256(content).hexdigest(),
        "preset": toml.splitlines(),
    }


def read_manifest(folder: Path, checks: dict[str, Check], remedy: Remedy) -> dict[str, Any] | None:
    """The content of a folder's manifest; None if there is none. Raises CaptureError.

    `checks` validate the keys that are read before the manifest is compared with another one.
    """
    path = folder / MANIFEST
    try:
        with open_plain(path) as stream:
            if os.fstat(stream.fileno()).st_size > LARGEST:
                raise ValueError
            manifest = json.loads(stream.read(LARGEST))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CaptureError(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CaptureError(path, "not a cppn_gl manifest", remedy) from None
    if not isinstance(manifest, dict):
        raise CaptureError(path, "not a cppn_gl manifest", remedy)
    for key, check in checks.items():
        try:
            check(manifest.get(key))
        except ValueError as error:
            raise CaptureError(path, f"not a cppn_gl manifest: {key}: {error}", remedy) from None
    return manifest


def keep_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a folder's manifest, unless it is there already. Raises CaptureError."""
    existing = None
    with contextlib.suppress(CaptureError):  # one that is none is replaced
        existing = read_manifest(folder, {}, Remedy(""))
    if existing != manifest:
        write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a folder's manifest, replacing an existing one. Raises CaptureError."""
    content = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    write_atomic(folder / MANIFEST, content.encode(), overwrite=True)


def difference(existing: dict[str, Any], wanted: dict[str, Any], keys: Iterable[str]) -> str:
    """The first of `keys` in which two manifests differ, as "fps is 24, not 25"; "" if none."""
    for key in keys:
        if existing.get(key) != wanted[key]:
            old, new = existing.get(key), wanted[key]
            if key == "preset_sha256":
                key, old, new = _preset_difference(existing, wanted)
            return f"{key} is {_words(old)}, not {_words(new)}"
    return ""


def _words(value: Any) -> str:
    return "the default" if value is None else show(value)


def _preset_difference(existing: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, Any, Any]:
    """The first key in which two presets differ and its two values, or the two hashes."""
    with contextlib.suppress(ValueError, TypeError, RecursionError, KeyError):
        old, new = (_flat(load_toml("\n".join(m["preset"]))) for m in (existing, wanted))
        for key in [*new, *old]:
            if old.get(key) != new.get(key):
                return key, old.get(key), new.get(key)
    return "preset_sha256", existing.get("preset_sha256"), wanted["preset_sha256"]


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    tables = {name: value for name, value in document.items() if isinstance(value, dict)}
    flat = {
        f"{name}.{key}": value for name, table in tables.items() for key, value in table.items()
    }
    return flat | {key: value for key, value in document.items() if key not in tables}

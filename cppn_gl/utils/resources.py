"""Paths: shaders and shipped presets, the package itself, the user's own folders."""

import contextlib
import os
from pathlib import Path
from typing import Literal

NO_HOME = "no home directory: HOME is not set, and the system has none for this user"

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The folder `name` ("shaders" or "presets"): in the wheel, or at the top of a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def child_environment() -> dict[str, str]:
    """Environment variables for a Python process that imports this copy of the package.

    Puts the package's parent folder first on PYTHONPATH. Start Python with `-P`, so that no file in
    the current folder shadows a module.
    """
    path = [str(_PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def user_folder(kind: Literal["cache", "config", "state"]) -> Path | None:
    """The user's folder for this program, by the system's conventions; None without a home.

    "cache" is for data that can be computed again, "state" for data that cannot, "config" for what
    the user has set.
    """
    import platformdirs  # slow to import; help does not need it

    find = {
        "cache": platformdirs.user_cache_dir,
        "config": platformdirs.user_config_dir,
        "state": platformdirs.user_state_dir,
    }[kind]
    with contextlib.suppress(RuntimeError):
        path = Path(find("cppn_gl", appauthor=False))
        if path.is_absolute():  # older releases return an unexpanded `~`
            return path
    return None

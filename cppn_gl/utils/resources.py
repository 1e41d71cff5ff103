"""Where things are: the shaders and the shipped presets, the package itself, a user's folders."""

import contextlib
import os
from pathlib import Path
from typing import Literal

NO_HOME = "no home directory: HOME is not set, and the system knows none for this user"

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The folder `name` ("shaders" or "presets"): in the wheel, or at the top of a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def child_environment() -> dict[str, str]:
    """The environment of a Python process that imports this very package.

    The folder that holds the package comes first on its path. Start it with `-P`, so that nothing
    in the current folder can stand in for a module.
    """
    path = [str(_PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def user_folder(kind: Literal["cache", "state"]) -> Path | None:
    """Where this system keeps a program's files of a user; None for a user without a home.

    "cache" holds what can be measured again, "state" what cannot.
    """
    import platformdirs  # here, so that help is quick

    found = {"cache": platformdirs.user_cache_dir, "state": platformdirs.user_state_dir}[kind]
    with contextlib.suppress(RuntimeError):
        path = Path(found("cppn_gl", appauthor=False))
        if path.is_absolute():  # older releases leave a `~` that stands for nothing
            return path
    return None

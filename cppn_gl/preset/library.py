"""The shipped presets and `random`, and loading by name, TOML file or saved picture."""

from functools import cache
from pathlib import Path
from typing import Any

from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import suffixes
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.surprise import RANDOM, fresh_seed, surprise
from cppn_gl.utils.checks import PresetError, nearest, show
from cppn_gl.utils.resources import resource

DEFAULT = "default"


@cache
def shipped() -> dict[str, Path]:
    """Names and files of the shipped presets: the default first, then alphabetically."""
    files = {path.stem: path for path in sorted(resource("presets").glob("*.toml"))}
    return dict(sorted(files.items(), key=lambda item: item[0] != DEFAULT))


def names() -> list[str]:
    """The names of all presets: those of files, then `random`."""
    return [*shipped(), RANDOM]


def is_picture(source: str) -> bool:
    """Whether `source` names a picture rather than a preset."""
    return source.lower().endswith(suffixes())


def load_preset(source: str | Path = DEFAULT, *, seed: Any = None) -> Preset:
    """A preset by the name of a shipped one, the path of a .toml file, or of a saved picture.

    `seed`: a number or words, instead of the preset's own. The preset `random` follows from its
    seed as a whole, and is another one each time without. Raises PresetError, in one line.
    """
    if source == RANDOM:
        return surprise(fresh_seed() if seed is None else seed)
    preset = _load(source)
    return preset if seed is None else preset.replace(seed=seed)


def _load(source: str | Path) -> Preset:
    name = str(source)
    if is_picture(name):
        return read_shot(Path(name)).preset
    if name in shipped():
        return read_preset(shipped()[name])
    path = Path(name)
    if path.suffix.lower() == ".toml" or path.parent != Path() or isinstance(source, Path):
        return read_preset(path)
    hint = nearest(name, names())
    if path.exists():
        known = ", ".join((".toml", *suffixes()))
        hint = f"; expected a shipped name, or a file ending in one of {known}"
    raise PresetError(f"no preset {show(name)}{hint or '; the command presets lists them'}")

"""The shipped presets and `random`, and loading by name, TOML file or saved picture."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from cppn_gl.nn.files import OTHERS, PICKLES, READERS
from cppn_gl.nn.image_models import SUFFIXES
from cppn_gl.preset.network_file import with_network
from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import suffixes
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.surprise import RANDOM, fresh_seed, surprise
from cppn_gl.utils.checks import PresetError, nearest, show
from cppn_gl.utils.resources import resource

DEFAULT = "default"
NETWORKS = (*READERS, *SUFFIXES)  # what the names of files of networks end in


@cache
def shipped() -> dict[str, Path]:
    """Names and files of the shipped presets: the default first, then alphabetically."""
    files = {path.stem: path for path in sorted(resource("presets").glob("*.toml"))}
    return dict(sorted(files.items(), key=lambda item: item[0] != DEFAULT))


def names() -> list[str]:
    """The names of all presets: those of files, then `random`."""
    return [*shipped(), RANDOM]


def title_of(path: Path) -> str:
    """The title of a shipped preset; the rest of its file is not checked, which takes long."""
    title: str = tomllib.loads(path.read_text("utf-8")).get("title", "")
    return title


def is_picture(source: str) -> bool:
    """Whether `source` names a picture rather than a preset."""
    return source.lower().endswith(suffixes())


def is_network(source: str) -> bool:
    """Whether `source` names a file of weights rather than a preset; some are refused."""
    return source.lower().endswith((*NETWORKS, *PICKLES))


def load_preset(
    source: str | Path = DEFAULT,
    *,
    seed: Any = None,
    trusted: bool = True,
    network: Path | None = None,
) -> Preset:
    """A preset by the name of a shipped one, or the path of a .toml file, picture or network.

    `seed`: a number or words, instead of the preset's own. The preset `random` follows from its
    seed as a whole, and is another one each time without. `trusted`: whether a TOML file is the
    user's own, and may name any file. `network` is read instead of a network file that the preset
    names. Raises PresetError, in one line.
    """
    if source == RANDOM:
        return surprise(fresh_seed() if seed is None else seed)
    preset = _load(source, trusted, network)
    return preset if seed is None else preset.replace(seed=seed)


def usable(preset: Preset) -> Preset:
    """Itself, if its network can be had: the package of a known one may be missing.

    Presets that are only listed are not asked. Raises PresetError.
    """
    if preset.classifies and not preset.learns:
        preset.network()
    return preset


def _load(source: str | Path, trusted: bool, network: Path | None) -> Preset:
    name = str(source)
    if is_picture(name):
        return read_shot(Path(name), network=network).preset
    if is_network(name):
        return with_network(Preset(), name)
    if name in shipped():
        return read_preset(shipped()[name], network=network)
    path = Path(name)
    if path.suffix.lower() in OTHERS:
        problem = (
            f"a network of a kind that is not read; as .onnx it is: {OTHERS[path.suffix.lower()]}"
        )
        raise PresetError(problem, source=name)
    if path.is_dir():
        raise PresetError(_inside(path), source=name)
    if path.suffix.lower() == ".toml" or path.parent != Path() or isinstance(source, Path):
        return read_preset(path, trusted=trusted, network=network)
    if path.exists():
        problem = f"not a picture saved by cppn_gl; expected a file ending in {_known()}"
        raise PresetError(problem, source=name)
    hint = nearest(name, names())
    raise PresetError(f"no preset {show(name)}{hint or '; the command presets lists them'}")


def _known() -> str:
    return ", ".join((".toml", *suffixes(), *NETWORKS))


def _inside(folder: Path) -> str:
    """What to open instead of a folder: its first picture, such as a sequence's first frame."""
    try:
        files = (path.name for path in folder.iterdir() if not path.name.startswith("."))
        first = min((name for name in files if is_picture(name)), default="")
    except OSError:
        first = ""
    expected = f"a file in it, such as {folder / first}" if first else f"one ending in {_known()}"
    return f"a folder; expected {expected}"

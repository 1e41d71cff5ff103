"""What leaves the program with a preset whose weights are in a file.

    preset -> packed()       its text, and its weights or their file's name; unpacked() reads these
           -> save_preset()  a TOML file that finds the weights again
    preset, file -> with_network() -> the same view and colours of another network

Weights of the user's travel with a picture. Foreign ones (`redistribute = false`) never do.
"""

import base64
import binascii
import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

from cppn_gl.nn.features import latent_count
from cppn_gl.nn.file_source import File
from cppn_gl.nn.normalize import Normalize
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError, text
from cppn_gl.utils.files import check_target, write_atomic
from cppn_gl.utils.origin import NOWHERE, Origin

CARRIED = 16 * 2**20  # bytes of a network file that a picture carries at most
_KEPT = ("weight_scale", "bias_scale")  # animated keys that another network has, too
_encoded: LRUCache[Any, bytes] = LRUCache(2 * CARRIED, lambda key, found: len(found))


def packed(
    preset: Preset, *, local: bool = False, whole: bool = False, beside: str = ""
) -> dict[str, str]:
    """A preset's text under "preset"; under "weights" its network file in base64, if it carries it.

    It carries up to CARRIED bytes of the user's own weights; of others it names file and sha256.
    `local`: for this machine and user only, where the file's path and its sha256 will do. `whole`:
    for the user's own processes elsewhere, which get all weights, and under "sha256" that of the
    file they come from. `beside`: the name of a file with what is `carried`, instead of that.
    """
    spec = preset.spec
    if not isinstance(spec, File):
        return {"preset": preset.to_toml()}
    if local and spec.path is not None:
        return {"preset": named(preset, str(spec.path))}
    own = local or whole
    data = _encode(spec) if own else carried(preset)
    if data is None:
        return {"preset": named(preset)}
    alone = {n: v for n, v in spec.to_toml().items() if n not in ("transposed", "sha256")}
    if beside and not own:
        there = {"file": beside, "sha256": hashlib.sha256(data).hexdigest()}
        return {"preset": preset.to_toml(network=alone | there)}
    known = {"sha256": spec.weights.sha256} if own else {}
    toml = preset.to_toml(network=alone | {"file": spec.label})
    return {"preset": toml, "weights": base64.b64encode(data).decode(), **known}


def carried(preset: Preset) -> bytes | None:
    """The network file (.safetensors) that a picture of the preset carries; None for no such."""
    spec = preset.spec
    if not isinstance(spec, File) or not spec.redistribute:
        return None
    data = _encode(spec)
    return data if len(data) <= CARRIED else None


def unpacked(
    document: Any, *, source: str = "", name: str = "preset", origin: Origin = NOWHERE
) -> Preset:
    """The preset of `packed`. Raises PresetError; KeyError or TypeError for another document.

    `origin` says which files the text may name; weights that it carries need none.
    """
    content = text(2**26)(document["preset"])
    weights = document.get("weights")
    if weights is not None:
        try:
            if not isinstance(weights, str):
                raise ValueError
            data = base64.b64decode(weights.encode("ascii"), validate=True)
        except (ValueError, binascii.Error):
            problem = "the weights in this file are damaged: not base64"
            raise PresetError(problem, source=source) from None
        sha256 = str(document.get("sha256", ""))
        origin = dataclasses.replace(origin, weights=data, sha256=sha256)
    return parse_preset(content, source=source, name=name, origin=origin)


def named(preset: Preset, file: str = "") -> str:
    """The preset as TOML that identifies its network file by its sha256, and `file` or its name."""
    spec = preset.spec
    if not isinstance(spec, File):
        return preset.to_toml()
    identity = {"file": file or spec.label, "sha256": spec.weights.sha256}
    return preset.to_toml(network=spec.to_toml() | identity)


def left_out(preset: Preset) -> str:
    """Why a picture of the preset does not carry its weights, in words; "" if it does."""
    spec = preset.spec
    if not isinstance(spec, File) or carried(preset) is not None:
        return ""
    size = f"{len(_encode(spec)) / 1e6:.1f} MB"
    why = f"{size}, more than {CARRIED >> 20} MiB" if spec.redistribute else "redistribute = false"
    return f"{spec.label} is named in the picture, not carried ({why}): keep the file beside it"


def _encode(spec: File) -> bytes:
    """The network file as it is carried, whatever the format of the file it came from."""
    key = spec.chain.digest, tuple(sorted(spec.texts.items()))
    return _encoded.get(key, lambda: spec.chain.to_bytes(spec.texts))


def save_preset(path: Path, preset: Preset) -> None:
    """Write a new TOML file from which the preset can be opened. Raises CaptureError.

    It names its network file relative to its own folder, if that file is there or below. Weights
    that came inside a picture get a file of their own beside it.
    """
    spec = preset.spec
    if not isinstance(spec, File):
        write_atomic(path, preset.to_toml().encode(), overwrite=False)
        return
    table = spec.to_toml()
    if spec.path is None:
        beside = path.with_suffix(".safetensors")
        check_target(path, overwrite=False)  # before anything is written
        write_atomic(beside, spec.chain.to_bytes(spec.texts), overwrite=False)
        table = {n: v for n, v in table.items() if n not in ("transposed", "sha256")}
        table["file"] = beside.name
    else:
        folder = Path(os.path.realpath(path.parent))
        real = Path(os.path.realpath(spec.path))
        inside = real.is_relative_to(folder)
        table["file"] = real.relative_to(folder).as_posix() if inside else str(spec.path)
    write_atomic(path, preset.to_toml(network=table).encode(), overwrite=False)


def with_network(preset: Preset, file: str | Path, changes: dict[str, Any] | None = None) -> Preset:
    """The preset's view and colours of the network in a file, relative to the current folder.

    `changes` are other keys, by dotted name. A preset whose network is in a file already keeps the
    keys of that table; of others nothing of the network is kept. Raises PresetError.
    """
    others = dict(changes or {})
    table = {n.partition(".")[2]: others.pop(n) for n in list(others) if n.startswith("network.")}
    try:
        spec = preset.spec.replace({**table, "file": os.fspath(file)})
    except PresetError as error:
        key = "" if error.key == "network.file" else error.key
        raise PresetError(error.problem, key=key) from None
    assert isinstance(spec, File)
    stem = Path(spec.label).stem
    if isinstance(preset.spec, File):
        shown = dataclasses.replace(preset, spec=spec)
        if preset.title == Path(preset.spec.label).stem[:200]:  # it has none of its own
            shown = dataclasses.replace(shown, title=stem[:200], name=stem[:100])
        return shown.replace(**others)
    moving = (name for name, _ in preset.animate.moving if name.startswith("network."))
    lost = dict.fromkeys(name for name in moving if name.partition(".")[2] not in _KEPT)
    animation = preset.animation
    if animation.walk and (animation.walker == "network" or not latent_count(spec.inputs)):
        animation = dataclasses.replace(animation, walk=(), walker="network")
    shown = dataclasses.replace(
        preset,
        spec=spec,
        animation=animation,
        animate=preset.animate.replace(lost),
        normalize=Normalize(),
        title=stem[:200],
        description="",
        shows="",
        theme="",
        name=stem[:100],
    )
    return shown.replace(**others)

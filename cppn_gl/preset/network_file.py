"""What leaves the program with a preset whose weights are in a file, or trained, or with an image.

    preset -> packed()       its text, and its weights or their file's name; unpacked() reads these
           -> save_preset()  a TOML file that finds the weights again
    preset, file -> with_network() -> the same view and colours of another network
                 -> with_image()   -> the same network, which sees another image

Weights of the user's travel with a picture. Foreign ones (`redistribute = false`) never do. Of a
training the checkpoint of `train.steps` travels, and the name of the data's file: what is shown
opens at once, and goes on from there where the data are. An image that is an input travels as a
PNG of its pixels as they are seen, without anything else that its file holds.
"""

import base64
import binascii
import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

from cppn_gl.nn.features import latent_count, of_image
from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_file import is_image_file
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.training.data import data_label, is_folder, is_shipped, label
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import Show, plain
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError, text
from cppn_gl.utils.files import check_target, read_plain, write_atomic
from cppn_gl.utils.origin import NOWHERE, Origin
from cppn_gl.utils.toml import load_toml

CARRIED = 16 * 2**20  # bytes of a network file that a picture carries at most
SENT = 64 * 2**20  # bytes of a file of data that workers are sent at most
_KEPT = ("weight_scale", "bias_scale")  # animated keys that another network has, too
_SEEN = {f"preprocess.{field.name}": field.name for field in dataclasses.fields(Preprocess)}
_encoded: LRUCache[Any, bytes] = LRUCache(2 * CARRIED, lambda key, found: len(found))


def packed(
    preset: Preset,
    *,
    local: bool = False,
    whole: bool = False,
    beside: str = "",
    image_beside: str = "",
) -> dict[str, str]:
    """A preset's text under "preset"; under "weights" its network file in base64, if it carries it.

    It carries up to CARRIED bytes of the user's own weights; of others it names file and sha256.
    `local`: for this machine and user only, where the file's path and its sha256 will do. `whole`:
    for the user's own processes elsewhere, which get all weights, and under "sha256" that of the
    file they come from. `beside`: the name of a file with what is `carried`, instead of that.
    Under "checkpoint" are the trained weights; `whole`: under "data" the file that is learned.
    Under "image" is the input image, unless a file has it: that of the user, `local`, or
    `image_beside`.
    """
    train, sent = _training(preset, local, whole, beside)
    image, seen = _image(preset, local, "" if whole else image_beside)
    sent |= seen
    spec = preset.spec
    if not isinstance(spec, File):
        return {"preset": preset.to_toml(train=train, input=image), **sent}
    if spec.known or (local and spec.path is not None):
        file = "" if spec.known else str(spec.path)
        return {"preset": _named(preset, file, train, image), **sent}
    own = local or whole
    data = _encode(spec) if own else carried(preset)
    if data is None:
        return {"preset": _named(preset, "", train, image), **sent}
    alone = {n: v for n, v in spec.to_toml().items() if n not in ("transposed", "sha256")}
    if beside and not own:
        there = {"file": beside, "sha256": hashlib.sha256(data).hexdigest()}
        toml = preset.to_toml(network=alone | there, train=train, input=image)
        return {"preset": toml, **sent}
    known = {"sha256": spec.weights_sha256} if own else {}
    toml = preset.to_toml(network=alone | {"file": spec.label}, train=train, input=image)
    return {"preset": toml, "weights": _base64(data), **known, **sent}


def _image(
    preset: Preset, local: bool, beside: str
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The table [input] that leaves the program, and what travels with it."""
    named = preset.input.path is not None or preset.input.live
    data = None if local and named else carried_image(preset)
    if data is None:
        return None, {}
    table = preset.input.to_toml() | {"image": beside or preset.input.label}
    return table, {} if beside else {"image": _base64(data)}


def carried_image(preset: Preset) -> bytes | None:
    """The input image as a picture carries it, a PNG file; None for one that is shipped."""
    of = preset.input
    return of.stored.png if is_image_file(of.image) else None


def _training(
    preset: Preset, local: bool, whole: bool, beside: str
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The table [train] that leaves the program, and what travels with it; None for no training."""
    if not preset.learns:
        return None, {}
    if local:
        kept = preset.kept
        return None, {} if kept is None else {"checkpoint": _base64(kept.to_bytes())}
    table = _train_table(preset)
    data = None if isinstance(preset.spec, File) and beside else trained_weights(preset)
    if data is None or (len(data) > CARRIED and not whole):
        return table, {}
    if beside and not whole:
        return table | {"checkpoint": beside}, {}
    sent = {"checkpoint": _base64(data)}
    if whole and preset.train.path is not None and not is_folder(preset.train.data):
        sent["data"] = _base64(_learned(preset.train.path))
    return table, sent


def _train_table(preset: Preset) -> dict[str, Any]:
    """The table [train] with the mere name of the data's file, and no checkpoint."""
    table = {n: v for n, v in preset.train.to_toml().items() if n != "checkpoint"}
    return table | {"data": data_label(table["data"])}


def trained_weights(preset: Preset) -> bytes | None:
    """The checkpoint of `train.steps` as a file's bytes; None without training, or at step 0."""
    if not preset.learns or not preset.train.steps:
        return None
    run, step = preset.run, preset.train.steps
    return _encoded.get((run.digest, step), lambda: run.checkpoint(step).to_bytes())


def _learned(path: Path) -> bytes:
    """The file of data that workers get. Raises PresetError."""
    data = read_plain(path, SENT)
    if data is None:
        problem = f"{path.name}: more than {SENT >> 20} MiB, which workers are not sent"
        raise PresetError(problem, key="train.data")
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def carried(preset: Preset) -> bytes | None:
    """The network file (.safetensors) that a picture of the preset carries; None for no such.

    It is that of `[network] file`, or else the checkpoint of a training.
    """
    spec = preset.spec
    if isinstance(spec, File):
        data = _encode(spec) if spec.redistribute else None
    else:
        data = trained_weights(preset)
    return data if data is None or len(data) <= CARRIED else None


def unpacked(
    document: Any, *, source: str = "", name: str = "preset", origin: Origin = NOWHERE
) -> Preset:
    """The preset of `packed`. Raises PresetError; KeyError or TypeError for another document.

    `origin` says which files the text may name; weights that it carries need none.
    """
    content = text(2**26)(document["preset"])
    if (data := _bytes(document, "weights", source)) is not None:
        sha256 = str(document.get("sha256", ""))
        origin = dataclasses.replace(origin, weights=data, sha256=sha256)
    if (data := _bytes(document, "checkpoint", source)) is not None:
        origin = dataclasses.replace(origin, checkpoint=data)
    if (data := _bytes(document, "image", source)) is not None:
        origin = dataclasses.replace(origin, image=data)
    return parse_preset(content, source=source, name=name, origin=origin)


def _bytes(document: Any, name: str, source: str) -> bytes | None:
    """What a document carries in base64. Raises PresetError."""
    found = document.get(name)
    if found is None:
        return None
    try:
        if not isinstance(found, str):
            raise ValueError
        return base64.b64decode(found.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        verb = "are" if name == "weights" else "is"
        problem = f"the {name} in this file {verb} damaged: not base64"
        raise PresetError(problem, source=source) from None


def received(document: Any, folder: Path) -> Origin:
    """Where the text of a document from the user's own process elsewhere comes from.

    The file that is learned, if the document holds it, is written into `folder`.
    """
    data = _bytes(document, "data", "")
    if data is None:
        return NOWHERE
    train = load_toml(document["preset"])["train"]
    place = folder / hashlib.sha256(data).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    path = place / label(train["data"])
    if not path.exists():
        write_atomic(path, data, overwrite=True)
    return Origin(data=path)


def named(preset: Preset) -> str:
    """The preset as TOML that identifies its files by their names, and weights by their sha256."""
    train = _train_table(preset) if preset.learns else None
    of = preset.input
    image = of.to_toml() | {"image": of.label} if is_image_file(of.image) else None
    return _named(preset, "", train, image)


def _named(
    preset: Preset, file: str, train: dict[str, Any] | None, image: dict[str, Any] | None
) -> str:
    """As `named`, with `file` or the mere name of the network's, and these tables."""
    spec = preset.spec
    if not isinstance(spec, File):
        return preset.to_toml(train=train, input=image)
    identity = {"file": file or spec.label, "sha256": spec.weights_sha256}
    return preset.to_toml(network=spec.to_toml() | identity, train=train, input=image)


def left_out(preset: Preset) -> str:
    """What a picture of the preset does not carry, and why, in words; "" if nothing is missing."""
    spec = preset.spec
    if preset.learns and not isinstance(spec, File):
        return _untaught(preset)
    if not isinstance(spec, File) or spec.known or carried(preset) is not None:
        return ""
    if spec.classifies:
        why = "weights of networks that see pictures never are"
        return f"{spec.label} is named in the picture, not carried ({why}): keep the file beside it"
    size = f"{len(_encode(spec)) / 1e6:.1f} MB"
    why = f"{size}, more than {CARRIED >> 20} MiB" if spec.redistribute else "redistribute = false"
    return f"{spec.label} is named in the picture, not carried ({why}): keep the file beside it"


def _untaught(preset: Preset) -> str:
    problem, step = preset.dataset.problem, preset.train.steps
    if problem and preset.run.within(step) != step:
        return ""  # so that it is not shown either, which is told by an error
    if problem:
        return f"training cannot go on from step {step}: {problem}"
    data = trained_weights(preset)
    if data is not None and len(data) > CARRIED:
        size = f"{len(data) / 1e6:.1f} MB, more than {CARRIED >> 20} MiB"
        return f"the trained weights are not in the picture ({size}): it is trained again"
    if preset.train.path is None or is_shipped(preset.train.path):
        return ""
    name = preset.train.path.name
    return (
        f"{name} is named in the picture, not carried: training goes on only where it lies beside"
    )


def unused(preset: Preset) -> str:
    """Why trained weights that a preset names are not used, in words; "" if they are."""
    name = preset.train.checkpoint
    if not preset.learns or not name or preset.checkpoint is not None:
        return ""
    problem = "is of another network, other data or other settings"
    if preset.train.steps and Path(name).is_absolute():
        return f"{label(name)} {problem}: trained from step 0 instead"
    return ""


def _encode(spec: File) -> bytes:
    """The network file as it is carried, whatever the format of the file it came from."""
    return _encoded.get((spec.digest, tuple(sorted(spec.texts.items()))), spec.to_bytes)


def save_preset(path: Path, preset: Preset) -> None:
    """Write a new TOML file from which the preset can be opened. Raises CaptureError.

    It names its network file, a file of data, and an image relative to its own folder, if they are
    there or below. Weights and an image that came inside a picture, and trained weights, get files
    of their own beside it.
    """
    train, image = _saved_training(path, preset), _saved_image(path, preset)
    spec = preset.spec
    if not isinstance(spec, File):
        toml = preset.to_toml(train=train, input=image)
        write_atomic(path, toml.encode(), overwrite=False)
        return
    table = spec.to_toml()
    if spec.classifies:  # named, never carried
        table["sha256"] = spec.weights_sha256
        if spec.path is not None:
            table["file"] = _beside(spec.path, path.parent)
    elif spec.path is None:
        beside = path.with_suffix(".safetensors")
        check_target(path, overwrite=False)  # before anything is written
        write_atomic(beside, spec.to_bytes(), overwrite=False)
        table = {n: v for n, v in table.items() if n not in ("transposed", "sha256")}
        table["file"] = beside.name
    else:
        table["file"] = _beside(spec.path, path.parent)
    toml = preset.to_toml(network=table, train=train, input=image)
    write_atomic(path, toml.encode(), overwrite=False)


def _saved_image(path: Path, preset: Preset) -> dict[str, Any] | None:
    """The table [input] of a preset saved as `path`; writes an image that has no file beside it."""
    of = preset.input
    if not is_image_file(of.image):
        return None
    if of.live:
        return of.to_toml()
    if of.path is not None:
        return of.to_toml() | {"image": _beside(of.path, path.parent)}
    check_target(path, overwrite=False)  # before anything is written
    beside = path.with_name(f"{path.stem}-image.png")
    write_atomic(beside, of.stored.png, overwrite=False)
    return of.to_toml() | {"image": beside.name}


def _beside(file: Path, folder: Path) -> str:
    """A file's name relative to a folder, if it is there or below; else its path."""
    real, above = Path(os.path.realpath(file)), Path(os.path.realpath(folder))
    return real.relative_to(above).as_posix() if real.is_relative_to(above) else str(file)


def _saved_training(path: Path, preset: Preset) -> dict[str, Any] | None:
    """The table [train] of a preset saved as `path`; writes its trained weights beside it."""
    if not preset.learns:
        return None
    table = _train_table(preset)
    if preset.train.path is not None and not is_shipped(preset.train.path):
        slash = "/" if is_folder(preset.train.data) else ""
        table["data"] = _beside(preset.train.path, path.parent) + slash
    data = trained_weights(preset)
    if data is not None:
        check_target(path, overwrite=False)  # before anything is written
        trained = path.with_name(f"{path.stem}-trained.safetensors")
        write_atomic(trained, data, overwrite=False)
        table["checkpoint"] = trained.name
    return table


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
    given = {n: others.pop(n) for n in list(others) if spec.classifies and n in _SEEN}
    was = preset.spec  # the same network at another place reads pictures in the same way
    same = isinstance(was, File) and was.sha256 and was.sha256 == spec.weights_sha256
    known = preset.preparation if same and spec.classifies else Preprocess()
    sees = known.replace({_SEEN[n]: value for n, value in given.items()})
    alike = preset.classifies == spec.classifies
    if isinstance(preset.spec, File) and alike:
        shown = dataclasses.replace(preset, spec=spec, preparation=sees)
        if preset.title == Path(preset.spec.label).stem[:200]:  # it has none of its own
            shown = dataclasses.replace(shown, title=stem[:200], name=stem[:100])
        return shown.replace(**others)
    gone, kept = ("network.", *("normalize.", "train.") * (not alike)), _KEPT if alike else ()
    moving = (name for name, _ in preset.animate.moving if name.startswith(gone))
    lost = dict.fromkeys(name for name in moving if name.partition(".")[2] not in kept)
    animation = preset.animation
    if animation.walk and (animation.walker == "network" or not latent_count(spec.inputs)):
        animation = dataclasses.replace(animation, walk=(), walker="network")
    shown = dataclasses.replace(
        preset,
        spec=spec,
        animation=animation,
        animate=preset.animate.replace(lost),
        normalize=Normalize(),
        preparation=sees,
        train=preset.train if alike and not spec.classifies else Train(),
        show=preset.show if alike else Show(plain(spec.classifies)),
        sweep=preset.sweep if alike else Sweep(),
        title=stem[:200],
        description="",
        shows="",
        theme="",
        name=stem[:100],
    )
    return shown.replace(**others)


def with_image(preset: Preset, file: str | Path) -> Preset:
    """The preset with the image in a file as its input, relative to the current folder.

    If none of its inputs is taken from an image, they become red, green and blue. Raises
    PresetError, also for a network whose inputs cannot change.
    """
    changes: dict[str, Any] = {"input.image": os.fspath(file)}
    if not of_image(preset.spec.inputs):
        changes["network.inputs"] = ("red", "green", "blue")
    try:
        return preset.replace(**changes)
    except PresetError as error:
        if error.key.startswith("input."):
            raise
        problem = "none of this network's inputs is taken from an image"
        raise PresetError(f"{problem}: {error.problem}", key="network.inputs") from None

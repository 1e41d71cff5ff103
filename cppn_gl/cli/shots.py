"""The shot that a command line describes, and drawing it.

options -> shot_of(arguments) -> Shot -> draw() with the requested engine, or the fastest one
"""

import argparse
import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__
from cppn_gl.cli.options import (
    Parser,
    UsageError,
    add_overrides,
    overrides,
    path_value,
    size_value,
)
from cppn_gl.cli.pipes import STDIN, stdin_preset
from cppn_gl.cli.terminal import Progress, note, progress_of
from cppn_gl.engines.names import AUTO, ENGINES, engine_name, engine_names
from cppn_gl.preset import library
from cppn_gl.preset.color import MAPPINGS, MAX_COLORS, Color
from cppn_gl.preset.surprise import RANDOM
from cppn_gl.utils.checks import PresetError, checked, integer, show
from cppn_gl.utils.toml import toml_value

if TYPE_CHECKING:
    from cppn_gl.output.formats import Format
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import Shot
    from cppn_gl.utils.arrays import Samples


COLORS = 5  # of an image
DELAY = 1.0  # seconds before the progress bar appears


def picture_options(
    parser: Parser,
    size: str = "picture size in pixels (default 640x360, or that of a picture given as PRESET)",
    *,
    timed: bool = True,
    several: bool = False,
) -> None:
    """Add the options of every command that draws: preset, overrides, size, time, samples.

    `timed`: whether --help lists --time; a command that draws many times refuses it in clear words.
    `several`: whether any number of presets can be given; the argument is then a list.
    """
    about = "a shipped name, a .toml file, a network, a picture or video saved by cppn_gl, or - "
    about += f"for TOML on standard input (default: the preset {library.DEFAULT!r})"
    how: dict[str, Any] = {"nargs": "*"} if several else {"nargs": "?", "default": library.DEFAULT}
    parser.add_argument("preset", **how, metavar="PRESET", help=about)
    about = "a network of your own, in a .safetensors, .npz or .onnx file: docs/presets.md "
    about += "says how. It is shown with the preset's view and colours"
    parser.option("--network", metavar="FILE", type=path_value, help=about)
    add_overrides(parser)
    about = "color.palette from the main colours of an image file, dark to light"
    parser.option("--palette-from", metavar="FILE", type=path_value, help=about)
    about = f"number of colours from the image, 2 to {MAX_COLORS} (default {COLORS})"
    parser.option("--palette-colors", metavar="N", help=about)
    parser.option("--size", metavar="WxH", help=size)
    about = "time to show (default 0, or that of a picture given as PRESET)"
    parser.option("--time", metavar="SECONDS", help=about if timed else argparse.SUPPRESS)
    about = "N×N samples per pixel, 1 to 16, or auto: as many as each part of the picture needs, "
    about += "up to 8×8 (default 1, or those of a picture given as PRESET)"
    parser.option("--samples", metavar="N|auto", help=about)
    parser.option("--quiet", action="store_true", help="no progress and no notes on stderr")


def bits_option(
    parser: Parser,
    bits: str = "8, 16, or 32 for floats in TIFF and EXR",
    usual: str = ", or 16 in EXR",
) -> None:
    about = f"bits per channel: {bits} (default: those of a picture given as PRESET, else 8{usual})"
    parser.option("--bits", metavar="N", help=about)


def engine_option(parser: Parser) -> None:
    about = f"one of {', '.join(engine_names())} (default {AUTO}: the fastest)"
    parser.option("--engine", default=AUTO, metavar="NAME", help=about)


def shot_of(
    args: argparse.Namespace, more: dict[str, Any] | None = None, *, poster: bool = False
) -> "Shot":
    """The shot that the arguments describe. Raises PresetError, UsageError.

    `more` are dotted keys set by a command's own options. A `poster` may be larger than what can
    be drawn in memory.
    """
    changes = overrides(args) | (more or {})
    changes |= _image_palette(args, changes)
    _check_palette(args, changes)
    size = None if args.size is None else size_value(args.size)
    from cppn_gl.nn.file_source import File
    from cppn_gl.preset.animation import TIME
    from cppn_gl.preset.network_file import with_network
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import BITS, SAMPLES, SIDES, SIZE, Shot, read_shot

    network = _network(args, changes)
    if network is not None and (args.preset == library.DEFAULT or library.is_network(args.preset)):
        shot = Shot(Preset())  # the default's view suits only its own network
    elif library.is_picture(args.preset):
        shot = read_shot(Path(args.preset), network=network)
        if shot.version != __version__:
            versions = f"version {shot.version}; this is version {__version__}"
            note(args, f"{args.preset} was saved by {versions}")
        shot = dataclasses.replace(shot, version=__version__)
    else:
        seed = changes.pop("network.seed", None) if network is None else None
        shot = Shot(_preset(args, seed, network))
        if args.preset == RANDOM and seed is None:
            note(args, f"{RANDOM}: --seed {shot.preset.spec.seed} draws this one again")
    if network is None:
        preset = shot.preset.replace(**changes)
    else:
        preset = with_network(shot.preset, network, changes)
    library.usable(preset)
    if isinstance(preset.spec, File) and preset.spec.assumed:
        note(args, preset.spec.assumed)
    values: dict[str, Any] = {"preset": preset}
    if size:
        values["size"] = checked(SIDES if poster else SIZE, size, "--size")
    for name, check in (("time", TIME), ("samples", SAMPLES), ("bits", BITS)):
        if getattr(args, name, None) is not None:
            values[name] = checked(check, toml_value(getattr(args, name)), f"--{name}")
    return dataclasses.replace(shot, **values)


def _preset(args: argparse.Namespace, seed: Any, network: Path | None) -> "Preset":
    """The preset that the arguments name; `seed`, `network`: instead of its own."""
    if args.preset != STDIN:
        return library.load_preset(args.preset, seed=seed, network=network)
    preset = stdin_preset(args, network)
    return preset if seed is None else preset.replace(seed=seed)


def _network(args: argparse.Namespace, changes: dict[str, Any]) -> Path | None:
    """The file of a network of the user's own, if one is given. Raises UsageError for two."""
    given: dict[str, Any] = {
        "PRESET": args.preset if library.is_network(args.preset) else None,
        "--network": args.network,
        "--set network.file": changes.pop("network.file", None),
    }
    named = {option: name for option, name in given.items() if name is not None}
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} both give the network")
    if "" in named.values():
        raise UsageError(f"{next(iter(named))}: empty name; expected a network's file")
    return next((Path(str(name)) for name in named.values()), None)


def asked_shot(args: argparse.Namespace) -> "tuple[Shot, Path | None]":
    """The shot that a window shows first, and a network's file about which it has to ask.

    That is one which does not say how it reads pictures. Raises PresetError, UsageError.
    """
    try:
        return shot_of(args), None
    except PresetError as error:
        unread = _network(args, overrides(args))
        if unread is None or not error.key.startswith("preprocess"):
            raise
        from cppn_gl.preset.shot import Shot

        shot = Shot(library.load_preset())
        size = shot.size if args.size is None else size_value(args.size)
        return dataclasses.replace(shot, size=size), unread


def note_weights(args: argparse.Namespace, preset: "Preset") -> None:
    """Say what a picture of the preset does not carry, and which trained weights it has not used.

    A network that learns is trained for it.
    """
    from cppn_gl.preset.network_file import left_out, unused

    if preset.classifies:
        from cppn_gl.views import view_of

        if view_of(preset).unfit(preset):
            return  # which is told by an error
    if words := unused(preset):
        note(args, words)
    with progress_of(args, delay=DELAY) if preset.learns else contextlib.nullcontext():
        words = left_out(preset)
    if words:
        note(args, words)


def fitting_shot(args: argparse.Namespace, format_: "Format", shot: "Shot") -> "Shot":
    """The shot as a format can hold it, with notes on what its files lack. Raises PresetError."""
    from cppn_gl.output.formats import fitting

    note_weights(args, shot.preset)
    fitted = fitting(format_, shot, given=getattr(args, "bits", None) is not None)
    if fitted.bits < shot.bits:
        note(args, f"{format_.name} holds {fitted.bits} bits per channel, not {shot.bits}")
    return fitted


def _image_palette(args: argparse.Namespace, changes: dict[str, Any]) -> dict[str, Any]:
    """The palette from an image, if requested. Raises PresetError, UsageError."""
    if args.palette_from is None:
        if args.palette_colors is not None:
            raise UsageError("--palette-colors needs --palette-from")
        return {}
    if "color.palette" in changes:
        raise UsageError("--palette and --palette-from both give color.palette")
    count = COLORS if args.palette_colors is None else toml_value(args.palette_colors)
    count = checked(integer(2, MAX_COLORS), count, "--palette-colors")
    from cppn_gl.utils.image_colors import image_colors

    return {"color.palette": list(image_colors(args.palette_from, count))}


def _check_palette(args: argparse.Namespace, changes: dict[str, Any]) -> None:
    """Raise UsageError for colours of one's own with a mapping that is given and has its own."""
    if not changes.get("color.palette") or "color.mapping" not in changes:
        return
    if Color(changes["color.mapping"]).row.own:
        return
    option = "--palette" if args.palette_from is None else "--palette-from"
    own = " or ".join(name for name, row in MAPPINGS.items() if row.own)
    wrong = show(changes["color.mapping"])
    raise UsageError(f"{option}: --mapping {wrong} does not use it; leave that out, or give {own}")


def opened(engine: str) -> "Renderer":
    """A renderer, without the warning if it has no OpenGL: a note says it instead."""
    from cppn_gl.output.renderer import Renderer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return Renderer(engine)


@contextlib.contextmanager
def renderer_for(
    args: argparse.Namespace,
    remembered: str,
    preset: "Preset",
    points: float,
    *,
    samples: "Samples" = 1,
    progress: Progress | None = None,
    bakes: bool = True,
) -> Iterator["Renderer"]:
    """A renderer with the requested engine, else the one a file remembers, else the fastest.

    `points` (the samples in all frames) is the size of the job, and `bakes` whether all of it is
    one network; see `Renderer.plan`.
    """
    from cppn_gl.engines.gl.context import ContextError

    asked = checked(engine_name, args.engine, "--engine")
    again = asked == AUTO and remembered in ENGINES
    try:
        renderer = opened(remembered if again else asked)
    except ContextError:
        if not again:
            raise
        renderer = opened(AUTO)
    with renderer:
        if progress is not None:
            renderer.report = progress.report
        renderer.check(preset)
        if renderer.fallback:
            drawer = ENGINES[renderer.engine_for(preset).engine].display_name
            note(args, f"no OpenGL, drawing with {drawer}: {renderer.fallback}")
        renderer.plan(preset, points, samples=samples, bakes=bakes)  # fixes the engine from here on
        engine = renderer.engine_for(preset).engine
        if asked != AUTO and not engine.startswith(asked):
            note(args, f"{renderer.engine_for(preset).why}: drawing with {engine}")
        if asked == AUTO and remembered not in (AUTO, engine) and not renderer.fallback:
            note(args, f"the engine {remembered!r} is not available: drawing with {engine}")
        yield renderer
    if preset.learns and not preset.dataset.problem and preset.run.problem:
        note(args, f"{preset.run.problem}: its picture is of the last step before; lower the rate")


def draw(args: argparse.Namespace, shot: "Shot", dtype: str = "") -> tuple[Any, "Shot"]:
    """Draw a shot. Return its pixels, and the shot with the engine that drew them.

    `dtype`: the type of the pixels, if it is not the shot's.
    """
    with (
        progress_of(args, delay=DELAY) as progress,
        renderer_for(
            args,
            shot.engine,
            shot.preset,
            shot.points,
            samples=shot.samples,
            progress=progress,
        ) as renderer,
    ):
        how: dict[str, Any] = {"samples": shot.samples, "dtype": dtype or shot.dtype}
        pixels = renderer.render(shot.preset, shot.size, shot.time, **how)
        return pixels, dataclasses.replace(shot, engine=renderer.engine_for(shot.preset).engine)

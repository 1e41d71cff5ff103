"""Options and run of `export` for a static site of presets: --gallery DIR, of all or of some."""

import argparse
import contextlib
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.options import Parser, UsageError, overrides, path_value
from cppn_gl.cli.shots import opened, shot_of
from cppn_gl.cli.terminal import note, progress_of, put_path
from cppn_gl.engines.names import AUTO
from cppn_gl.preset import library
from cppn_gl.utils.checks import PresetError

if TYPE_CHECKING:
    from cppn_gl.output.web.site import Scene
    from cppn_gl.preset.shot import Shot


def gallery_options(parser: Parser) -> None:
    about = "write a site for browsers into this folder instead: pictures of all shipped presets "
    about += "and of the tour, each leading to a page; or of the presets that are given"
    parser.option("--gallery", metavar="DIR", type=path_value, help=about)
    about = "replace files in DIR that are not of a site"
    parser.option("--overwrite", action="store_true", help=about)


def only_preset(args: argparse.Namespace) -> str:
    """The one preset of an export that is not a site. Raises UsageError for several."""
    if len(args.preset) > 1:
        raise UsageError(f"unexpected argument {args.preset[1]!r}: --gallery DIR takes several")
    return next(iter(args.preset), library.DEFAULT)


def export_gallery(args: argparse.Namespace) -> int:
    """Write the site that the arguments describe."""
    for option in ("output", "format", "size", "samples"):
        if getattr(args, option) is not None:
            raise UsageError(f"--gallery DIR and --{option} exclude each other")
    from cppn_gl.output.web.site import write_site

    shots = _shots(args)
    tour = [] if args.preset or _changed(args) else _tour(args)
    steps = len(shots) + len(tour)
    with progress_of(args, steps, "page") as progress, opened(AUTO) as renderer:
        if progress is not None:
            renderer.report = progress.report
        if renderer.fallback:
            note(args, f"no OpenGL: some pictures are missing: {renderer.fallback}")
        try:
            written = write_site(
                renderer,
                shots,
                args.gallery,
                tour=tour,
                overwrite=args.overwrite,
                progress=progress,
            )
        except KeyboardInterrupt:
            note(args, "interrupted: the same command goes on from here")
            raise
    for name, problem in written.missing:
        note(args, f"{name}: no picture: {problem}")
    note(args, str(written))
    put_path(args.gallery)
    return 0


def _shots(args: argparse.Namespace) -> list["Shot"]:
    """The presets given, or all shipped ones, each with the changes. Raises PresetError."""
    from cppn_gl.preset.shot import Shot

    found = []
    for name in args.preset or library.shipped():
        try:
            found.append(_shot(args, name))
        except PresetError as error:
            if args.preset or _changed(args):
                raise _of(error, name) from None
            found.append(Shot(library.load_preset(name)))  # a library is missing
    return found


def _shot(args: argparse.Namespace, name: str) -> "Shot":
    return shot_of(argparse.Namespace(**vars(args) | {"preset": name}))


def _of(error: PresetError, name: str) -> PresetError:
    """The error with the preset that it is about, among several."""
    return PresetError(error.problem, key=error.key, source=error.source or name)


def _changed(args: argparse.Namespace) -> dict[str, Any]:
    """Changes of all presets, and other networks and colours for them."""
    others = {name: getattr(args, name) for name in ("network", "palette_from")}
    return overrides(args) | {name: value for name, value in others.items() if value is not None}


def _tour(args: argparse.Namespace) -> list["Scene"]:
    """The tour as it reads, which takes a while."""
    from cppn_gl.preset.tour import absent, pages
    from cppn_gl.viewer.reading import read_tour

    for problem in absent():
        note(args, problem)
    steps = pages()
    with contextlib.ExitStack() as owned:
        progress = owned.enter_context(progress_of(args, len(steps), "step"))
        return read_tour(steps, progress=progress)

"""The command `export`: a preset as a web page, its network as a program, or its weights."""

import argparse
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cppn_gl.cli.gallery import export_gallery, gallery_options, only_preset
from cppn_gl.cli.options import Parser, UsageError
from cppn_gl.cli.pipes import STDOUT, check_stdout, output_value
from cppn_gl.cli.shots import picture_options, shot_of
from cppn_gl.cli.terminal import note, put, put_path
from cppn_gl.utils.files import CaptureError, check_target, write_atomic

if TYPE_CHECKING:
    from cppn_gl.output.exports import Files
    from cppn_gl.preset.shot import Shot


def export_options(parser: Parser) -> None:
    from cppn_gl.output.exports import EXPORTS

    suffixes = dict.fromkeys(suffix for row in EXPORTS.values() for suffix in row.suffixes)
    files = ", ".join(f"FILE{suffix}" for suffix in suffixes)
    about = f"output file: {files}; - is standard output"
    parser.option("-o", "--output", type=output_value, metavar="FILE", help=about)
    about = "; ".join(f"{name}: {row.help}" for name, row in EXPORTS.items())
    about = f"what to write, where the suffix does not tell: {about}"
    parser.option("--format", metavar="NAME", help=about)
    gallery_options(parser)
    size = "size of the picture that a program makes (default 640x360)"
    picture_options(parser, size, several=True)


def _check_others(shot: "Shot", path: Path, files: "Files") -> None:
    """Raise CaptureError if files would replace the network itself, or what no export has written.

    A program's weights are replaced with the program, which names them.
    """
    source = getattr(shot.preset.spec, "path", None)
    for name in files:
        target = path.with_name(name)
        with contextlib.suppress(OSError):
            if source is not None and os.path.samefile(source, target):
                problem = "is the network that is exported; choose another name"
                raise CaptureError(target, problem)
        check_target(target, overwrite=os.path.lexists(path) or target == path)


def export(args: argparse.Namespace) -> int:
    from cppn_gl.output.exports import export_of

    if args.gallery is not None:
        return export_gallery(args)
    if args.overwrite:
        raise UsageError("--overwrite is for --gallery DIR: a single file is always replaced")
    args = argparse.Namespace(**vars(args) | {"preset": only_preset(args)})
    if args.output is None:
        raise UsageError("export needs -o FILE, and --format NAME where FILE does not tell it")
    path: Path | None = None if args.output is STDOUT else args.output
    row = export_of(path, args.format)
    if path is None:
        if not row.text:
            check_stdout()
    else:
        check_target(path, overwrite=True)
    shot = shot_of(args)
    files = row.files(shot, "" if path is None else path.name)
    said = row.notes(shot)
    if row.size is not None:
        said.append(row.size(next(iter(files.values()))))
    written = []
    if path is None:
        put(files[""])
    else:
        _check_others(shot, path, files)
        written = [path.with_name(name) for name in files]
        for target, data in reversed([*zip(written, files.values(), strict=True)]):
            write_atomic(target, data, overwrite=True)  # the program last: it needs the others
    for words in said:
        note(args, words)
    for target in written:
        put_path(target)
    return 0

"""Options and run of `render` for many pictures: --seeds 0:9999, --each KEY=VALUES, -o DIR."""

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.cluster import shared
from cppn_gl.cli.options import Parser, UsageError
from cppn_gl.cli.pipes import STDOUT
from cppn_gl.cli.shots import fitting_shot, renderer_for, shot_of
from cppn_gl.cli.terminal import progress_of, put_path
from cppn_gl.engines.names import AUTO
from cppn_gl.preset.surprise import RANDOM
from cppn_gl.utils.checks import PresetError, checked

if TYPE_CHECKING:
    from cppn_gl.output.many import Many
    from cppn_gl.preset.preset import Preset


def many_options(parser: Parser) -> None:
    group = parser.add_argument_group("many pictures, a file each: -o DIR")
    about = "draw a picture of each seed: 0:9999, or 3,5,8"
    about_each = (
        "draw a picture of each value of a key, as a sheet does: depth=1:10, "
        "weight_scale=0.5:1:9:log, activation=relu,tanh; repeatable, for all combinations"
    )
    about_overwrite = "replace other pictures of this kind in DIR"
    options: dict[str, dict[str, Any]] = {
        "--seeds": {"metavar": "A:B", "help": about},
        "--each": {"action": "append", "default": [], "metavar": "KEY=…", "help": about_each},
        "--overwrite": {"action": "store_true", "help": about_overwrite},
    }
    for name, keys in options.items():
        parser.names += group.add_argument(name, **keys).option_strings


def is_many(args: argparse.Namespace) -> bool:
    """Whether the arguments of `render` ask for many pictures. Raises UsageError."""
    if args.seeds is not None or args.each:
        return True
    if args.overwrite:
        raise UsageError("--overwrite is for --seeds and --each: one picture replaces its file")
    return False


def render_many(args: argparse.Namespace) -> int:
    """Draw the pictures that the arguments describe into a folder."""
    try:
        return _render(args, _many(args))
    except PresetError as error:
        if error.key != "axes":
            raise
        raise PresetError(error.problem, key="--each" if args.each else "--seeds") from None


def _render(args: argparse.Namespace, many: "Many") -> int:
    from cppn_gl.output.many import read_many, write_many

    preset = many.shot.preset
    manifest = None if args.overwrite else read_many(args.output)
    engine = manifest["engine"] if manifest else many.shot.engine
    points = float(many.shot.points) * many.count
    with (
        progress_of(args, many.count, "picture") as progress,
        renderer_for(
            args,
            engine,
            preset,
            points,
            samples=many.shot.samples,
            progress=progress,
            bakes=False,
        ) as renderer,
    ):
        write_many(
            renderer,
            many,
            args.output,
            overwrite=args.overwrite,
            any_engine=args.engine == AUTO,
            progress=progress,
        )
    put_path(args.output)
    return 0


def _many(args: argparse.Namespace) -> "Many":
    from cppn_gl.output.formats import FORMATS, format_named
    from cppn_gl.output.many import SEED, Many, axes_of
    from cppn_gl.preset.shot import SIZE

    if args.output is None or args.output is STDOUT:
        raise UsageError("many pictures need a folder: expected -o DIR")
    if shared(args):
        raise UsageError("--workers and --scheduler draw one picture, not those of --seeds, --each")
    suffixes = [suffix for format_ in FORMATS for suffix in format_.suffixes]
    if args.output.suffix.lower() in suffixes and not args.output.is_dir():
        raise UsageError(f"many pictures need a folder, and {args.output} is the name of one file")
    format_ = FORMATS[0] if args.format is None else format_named(args.format)
    axes = [] if args.seeds is None else [f"seed={args.seeds}"]
    axes += args.each
    first = next((one.step(0)[SEED] for one in axes_of(axes) if SEED in one.keys), None)
    shot = shot_of(args, {} if first is None else {SEED: first})
    checked(SIZE, shot.size, "--size")
    shot = fitting_shot(args, format_, shot)
    drawn = partial(_of_seed, args) if args.preset == RANDOM else None
    return Many(shot, tuple(axes), format_, drawn)


def _of_seed(args: argparse.Namespace, seed: Any) -> "Preset":
    return shot_of(args, {"network.seed": seed}).preset

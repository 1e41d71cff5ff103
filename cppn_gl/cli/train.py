"""The command `train`: trains a preset's network into a file, without a window."""

import argparse
from typing import TYPE_CHECKING

from cppn_gl.cli.options import Parser, UsageError, add_overrides, path_value
from cppn_gl.cli.shots import DELAY, shot_of
from cppn_gl.cli.terminal import note, progress_of, put_path, say
from cppn_gl.preset import library
from cppn_gl.utils.checks import PresetError, checked, integer, number
from cppn_gl.utils.toml import toml_value

if TYPE_CHECKING:
    from cppn_gl.nn.training.run import Run

EVERY = number(0.1, 1e6)
# What other commands' options say of pictures, which `shot_of` reads.
_NO_PICTURE = dict.fromkeys(("palette_from", "palette_colors", "size", "time", "samples"))


def train_options(parser: Parser) -> None:
    about = "a shipped name, a .toml file, or a picture or video saved by cppn_gl, with a table "
    about += "[train]; or - for TOML on standard input"
    parser.add_argument("preset", nargs="?", default=library.DEFAULT, metavar="PRESET", help=about)
    parser.option("--steps", metavar="N", help="train up to this step (default: train.steps)")
    about = "output file: FILE.safetensors. If it holds an earlier step of the same training, it "
    about += "goes on from there"
    parser.option("-o", "--output", type=path_value, metavar="FILE", help=about)
    about = "replace a file that holds something else, and begin at step 0"
    parser.option("--overwrite", action="store_true", help=about)
    about = "seconds between two checkpoints (default 5)"
    parser.option("--every", metavar="SECONDS", help=about)
    about = "start from the weights of this .safetensors or .npz file"
    parser.option("--network", metavar="FILE", type=path_value, help=about)
    add_overrides(parser)
    parser.option("--quiet", action="store_true", help="no progress and no notes on stderr")
    parser.set_defaults(**_NO_PICTURE)


def train(args: argparse.Namespace) -> int:
    from cppn_gl.nn.training.options import MAX_STEPS
    from cppn_gl.nn.training.writing import EVERY as USUAL
    from cppn_gl.nn.training.writing import check_file, train_into

    if args.output is None:
        raise UsageError("train writes weights: expected -o FILE.safetensors")
    check_file(args.output)
    preset = shot_of(args).preset
    if not preset.learns:
        problem = "nothing to learn: name data, as --set train.data=spiral"
        raise PresetError(problem, key="train.data")
    steps = preset.train.steps
    if args.steps is not None:
        steps = checked(integer(1, MAX_STEPS), toml_value(args.steps), "--steps")
    if not steps:
        raise UsageError("train needs --steps N: train.steps of this preset is 0")
    every = USUAL if args.every is None else checked(EVERY, toml_value(args.every), "--every")
    try:
        with progress_of(args, steps, "step", delay=DELAY) as progress:
            run = train_into(
                preset,
                args.output,
                steps,
                overwrite=args.overwrite,
                every=every,
                progress=progress,
            )
    except KeyboardInterrupt:
        say(f"stopped; the same command goes on from what {args.output} holds")
        raise
    if skipped := getattr(run.trainer.dataset, "skipped", ""):
        note(args, skipped)
    note(args, report(run, steps))
    put_path(args.output)
    return 0


def report(run: "Run", steps: int) -> str:
    """What a run has reached after so many steps, in one line."""
    found = run.trainer.measures(run.state(steps))
    parts = [_both("loss", f"{found.loss:.4g}", f"{found.test_loss:.4g}")]
    if found.accuracy is not None and found.test_accuracy is not None:
        known = (f"{100 * value:.1f} %" for value in (found.accuracy, found.test_accuracy))
        parts.append(_both("accuracy", *known))
    return f"step {found.step}: {'; '.join(parts)}"


def _both(name: str, training: str, tests: str) -> str:
    return f"{name} {training}" + ("" if "nan" in tests else f", of the tests {tests}")

"""The command `video`, and `sequence -o -`: raw frames for another program.

preset, seconds, frames per second -> Sequence -> a video, or bytes on standard output
"""

import argparse
import contextlib
import dataclasses
from typing import TYPE_CHECKING

from cppn_gl.cli.cluster import cluster_options, drawer_for
from cppn_gl.cli.options import Parser, UsageError, path_value
from cppn_gl.cli.pipes import STDOUT, check_stdout, output_value
from cppn_gl.cli.shots import engine_option, note_weights, picture_options, shot_of
from cppn_gl.cli.terminal import note, progress_of, put, put_path
from cppn_gl.preset.looping import SECONDS, film_seconds
from cppn_gl.utils.checks import checked, number
from cppn_gl.utils.toml import toml_value

if TYPE_CHECKING:
    from cppn_gl.output.films import Quality, VideoFormat
    from cppn_gl.output.sequence import Sequence
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import Shot


def video_options(parser: Parser) -> None:
    from cppn_gl.output.video_formats import FORMATS

    files = ", ".join(f"FILE{suffix}" for format_ in FORMATS for suffix in format_.suffixes)
    about = f"output file: {files}"
    parser.option("-o", "--output", type=output_value, metavar="FILE", help=about)
    about = "length (default: the time after which the preset's picture returns, for a seamless "
    about += f"loop; {SECONDS:g} if it never does)"
    parser.option("--seconds", metavar="S", help=about)
    usual = ", ".join(f"{format_.fps} for {format_.name}" for format_ in FORMATS)
    about = f"frames per second: frame k shows time k / F (default {usual})"
    parser.option("--fps", metavar="F", help=about)
    for name, (quality, ranges) in _measures().items():
        about = f"{quality.words}; {ranges} (default {quality.usual})"
        parser.option(f"--{name}", metavar="N", help=about)
    about = "keep the frames in this folder, as sequence does: after an interruption the same "
    about += "command goes on where it was"
    parser.option("--keep-frames", metavar="DIR", type=path_value, help=about)
    training_option(parser)
    picture_options(parser, timed=False)
    engine_option(parser)
    cluster_options(parser)


def training_option(parser: Parser) -> None:
    about = "film the training, or a picture's growth: from step 0 to train.steps, or to "
    about += "synthesis.steps, over the length of the film"
    parser.option("--training", action="store_true", help=about)


def filmed(args: argparse.Namespace, shot: "Shot", frames: int, fps: float) -> "Shot":
    """The shot, with its training animated over so many frames if that is asked for."""
    if not args.training:
        return shot
    from cppn_gl.preset.training_film import last_moment, training_film

    preset = training_film(shot.preset, last_moment(frames, fps))
    return dataclasses.replace(shot, preset=preset)


def _measures() -> dict[str, tuple["Quality", str]]:
    """The measures of quality by name, with the range of each format in words."""
    from cppn_gl.output.video_formats import FORMATS

    measures: dict[str, tuple[Quality, str]] = {}
    for row in FORMATS:
        if (own := row.quality) is not None:
            before = f"{measures[own.name][1]}, " if own.name in measures else ""
            words = f"{before}{own.check.low} to {own.check.high} for {row.name}"
            measures[own.name] = own, words
    return measures


def run_video(args: argparse.Namespace) -> int:
    if args.time is not None:
        raise UsageError("video has no --time: frame k shows time k / fps")
    from cppn_gl.output.video import write_video
    from cppn_gl.output.video_formats import check_video, video_format, video_names

    if args.output is None or args.output is STDOUT:
        raise UsageError(f"video writes a file: expected -o {video_names()}")
    format_ = video_format(args.output)
    quality = _quality(args, format_)
    shot = shot_of(args)
    note_weights(args, shot.preset)
    sequence = _film(args, shot, format_.fps)
    shot = dataclasses.replace(shot, preset=sequence.preset)
    check_video(args.output, sequence.size, sequence.fps, overwrite=True)
    _note_loop(args, sequence)
    with (
        progress_of(args, sequence.frames, "frame") as progress,
        drawer_for(args, shot, float(shot.points) * sequence.frames, progress=progress) as renderer,
    ):
        write_video(
            renderer,
            sequence,
            args.output,
            quality=quality,
            overwrite=True,
            keep=args.keep_frames,
            progress=progress,
        )
    put_path(args.output)
    return 0


def _quality(args: argparse.Namespace, format_: "VideoFormat") -> int | None:
    """The value of the option that the format has for it. Raises UsageError for another's."""
    own = format_.quality
    for name in _measures():
        if getattr(args, name) is not None and (own is None or own.name != name):
            has = f"has --{own.name} instead" if own else "has no such choice"
            raise UsageError(f"--{name}: {format_.name} {has}")
    if own is None or getattr(args, own.name) is None:
        return None
    return int(checked(own.check, toml_value(getattr(args, own.name)), f"--{own.name}"))


def _film(args: argparse.Namespace, shot: "Shot", usual: int) -> "Sequence":
    """The frames that the arguments describe; `usual`: frames per second."""
    from cppn_gl.output.sequence import FPS, FRAMES, Sequence

    fps = usual if args.fps is None else checked(FPS, toml_value(args.fps), "--fps")
    seconds = _seconds(args, shot.preset)
    frames = max(1, round(seconds * fps))
    if frames > FRAMES.high:
        raise UsageError(
            f"{seconds:g} seconds at {fps:g} frames per second are {frames} frames; the limit is "
            f"{FRAMES.high}: choose a smaller --seconds or --fps"
        )
    shot = filmed(args, shot, frames, fps)
    return Sequence(shot.preset, frames, fps, shot.size, shot.samples)


def _seconds(args: argparse.Namespace, preset: "Preset") -> float:
    """The length of the video."""
    if args.seconds is not None:
        return float(checked(number(1e-3, 1e6), toml_value(args.seconds), "--seconds"))
    return film_seconds(preset)


def _note_loop(args: argparse.Namespace, sequence: "Sequence") -> None:
    """Say so if nothing moves, or if the loop is not a whole number of frames."""
    from cppn_gl.preset.looping import jumps, loop_of

    seconds, period = _seconds(args, sequence.preset), loop_of(sequence.preset).period
    missed = abs(sequence.frames - seconds * sequence.fps)
    if not sequence.preset.animated:
        note(args, "nothing in this preset depends on time: all frames are equal")
    elif args.seconds is None and missed > 1e-6 * sequence.frames:
        note(args, f"the picture returns after {seconds:g} s, not a whole number of frames")
    elif args.seconds is not None and period is not None and jumps(seconds, period):
        returns = f"the picture returns after {period:g} s"
        note(args, f"{returns}: a film of {seconds:g} s jumps where it begins again")


def pour(args: argparse.Namespace, shot: "Shot", sequence: "Sequence") -> int:
    """Write the frames of a sequence to standard output: raw rgb24, or rgb48le for 16 bits."""
    from cppn_gl.output.sequence import check_frames, drawn
    from cppn_gl.utils.alpha import over

    check_stdout()
    if shot.channels == 4:
        note(args, "these frames hold no alpha: they are shown over black")
    with (
        progress_of(args, sequence.frames, "frame") as progress,
        drawer_for(args, shot, float(shot.points) * sequence.frames, progress=progress) as renderer,
    ):
        check_frames(renderer, sequence)
        with contextlib.closing(drawn(renderer, sequence)) as frames:
            for done, pixels in enumerate(frames, 1):
                frame = over(pixels)
                put(frame.astype(frame.dtype.newbyteorder("<")).tobytes())
                if progress:
                    progress(done, sequence.frames)
    return 0

"""Many machines: the options --workers and --scheduler, and the engine that workers draw with.

options -> drawer_for() -> a Cluster, or without them the Renderer of this process

The result has the bytes of one machine. So by `auto` workers draw with `native`; what may differ
between machines in last bits is drawn by workers of this machine alone, or if --engine asks for it.
"""

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.options import Parser, UsageError
from cppn_gl.cli.shots import DELAY, opened, renderer_for
from cppn_gl.cli.terminal import Progress, note, progress_of
from cppn_gl.engines.names import AUTO, ENGINES, engine_name, requested_engine
from cppn_gl.utils.checks import checked, integer
from cppn_gl.utils.toml import toml_value

if TYPE_CHECKING:
    from cppn_gl.output.cluster import Cluster
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.shot import Shot

WORKERS = integer(1, 256)


def cluster_options(parser: Parser) -> None:
    """Add --workers and --scheduler."""
    about = "draw with N processes of this machine (extra cluster)"
    parser.option("--workers", metavar="N", help=about)
    about = "draw with the workers of a Dask scheduler that you trust: tcp://host:8786, or the "
    about += ".json file that it writes"
    parser.option("--scheduler", metavar="ADDRESS", help=about)


def shared(args: argparse.Namespace) -> bool:
    """Whether workers draw."""
    return args.workers is not None or args.scheduler is not None


@contextlib.contextmanager
def drawer_for(
    args: argparse.Namespace, shot: "Shot", points: float, *, progress: Progress | None = None
) -> "Iterator[Renderer | Cluster]":
    """What draws a shot, or frames of it: workers, or a renderer as of `renderer_for`.

    `shot.engine`: the one that a file remembers. `points`: the samples in all frames.
    """
    if not shared(args):
        how: dict[str, Any] = {"samples": shot.samples, "progress": progress}
        with renderer_for(args, shot.engine, shot.preset, points, **how) as renderer:
            yield renderer
    else:
        with cluster_for(args, shot, progress=progress) as cluster:
            yield cluster


@contextlib.contextmanager
def cluster_for(
    args: argparse.Namespace, shot: "Shot", *, whole: bool = True, progress: Progress | None = None
) -> "Iterator[Cluster]":
    """The workers that the arguments name. `whole`: they draw the view's overlay, too."""
    from cppn_gl.output.schedulers import joined, started

    if args.workers is not None and args.scheduler is not None:
        raise UsageError("--workers and --scheduler are alternatives; give one of them")
    count = (
        None if args.workers is None else checked(WORKERS, toml_value(args.workers), "--workers")
    )
    engine = _engine(args, shot, whole=whole)
    if progress is not None:
        progress.report("starting workers" if count else "joining the workers")
    with started(count, engine) if count else joined(args.scheduler, engine) as cluster:
        cluster.check(shot.preset)
        if progress is not None:
            progress.report(f"drawing with {engine}, workers: {cluster.workers}")
        yield cluster


def draw_in_parts(args: argparse.Namespace, shot: "Shot", dtype: str = "") -> "tuple[Any, Shot]":
    """As shots.draw, by workers: the pixels, and the shot with the engine that drew them."""
    from cppn_gl.output.cluster import check_parts

    check_parts(shot.preset)
    with (
        progress_of(args, delay=DELAY) as progress,
        cluster_for(args, shot, whole=False, progress=progress) as cluster,
    ):
        engine = cluster.engine_for(shot.preset).engine
        shot = dataclasses.replace(shot, engine=engine)

        def report(done: int, parts: int) -> None:
            if progress is not None:
                words = f"drawing with {engine}, workers: {cluster.workers}"
                progress.report(words, done / parts)

        return cluster.picture(shot, report, dtype=dtype), shot


def _engine(args: argparse.Namespace, shot: "Shot", *, whole: bool) -> str:
    """The exact engine: as asked for, else one whose bytes are the same wherever workers are."""
    from cppn_gl.output.cluster import differs

    asked: str = checked(engine_name, args.engine, "--engine")
    if asked == AUTO:
        asked = requested_engine()
    if asked in ENGINES:
        return asked
    if asked != AUTO:
        names = ", ".join(name for name, engine in ENGINES.items() if engine.family == asked)
        raise UsageError(f"--engine {asked}: workers need an exact name, one of {names}")
    engine = shot.engine if shot.engine in ENGINES else "native"
    why = differs(shot.preset, engine, shot.samples, whole=whole)
    if not why:
        return engine
    if args.scheduler is not None:
        able = differs(shot.preset.replace(view="picture"), "native", shot.samples) == ""
        name = engine if engine != "native" or able else "numpy"
        problem = f"{why}, so other machines may draw other bytes"
        raise UsageError(f"{problem}; --engine {name} draws it with them all the same")
    with opened(engine if shot.engine in ENGINES else AUTO) as renderer:
        engine = renderer.engine_for(shot.preset).engine
    note(args, f"drawing with {engine}; on other machines the bytes may differ: {why}")
    return engine

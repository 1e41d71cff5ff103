"""The commands: one table. Each imports what it needs when it runs: help is quick and needs no GL.

    arguments -> Shot (preset, size, time, samples) -> window, picture, or sequence of pictures

Paths written go to stdout, notes to stderr, one line each. Errors are raised, and told by main.py.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.options import (
    PROGRAM,
    Parser,
    UsageError,
    checked,
    overrides,
    path_value,
    size_value,
)
from cppn_gl.cli.shots import (
    DELAY,
    draw,
    engine_option,
    opened,
    picture_options,
    renderer_for,
    shot_of,
)
from cppn_gl.cli.terminal import note, progress_of, put_path, put_text
from cppn_gl.engines.names import AUTO, engine_name
from cppn_gl.preset import library
from cppn_gl.preset.parsing import read_preset
from cppn_gl.utils.checks import show
from cppn_gl.utils.files import check_target, free_name
from cppn_gl.utils.toml import toml_value
from cppn_gl.viewer import DEFAULT_SIZE

if TYPE_CHECKING:
    from cppn_gl.preset.shot import Shot


@dataclass(frozen=True)
class Command:
    """A command: its line of help, what adds its options, and what runs it."""

    summary: str
    options: Callable[[Parser], None]
    run: Callable[[argparse.Namespace], int]

    def parser(self, name: str) -> Parser:
        """The parser of its arguments."""
        parser = Parser(name, description=self.summary)
        self.options(parser)
        return parser


def _view_options(parser: Parser) -> None:
    width, height = DEFAULT_SIZE
    picture_options(parser, f"of the window ({width}x{height})")
    engine_option(parser)
    _window_options(parser)


def _window_options(parser: Parser) -> None:
    parser.option("--no-hud", action="store_true", help="nothing but the picture")
    parser.option("--fullscreen", action="store_true", help="over the whole screen")
    parser.option(
        "--output-dir",
        type=path_value,
        default=Path(),
        metavar="DIR",
        help="where pictures go (here)",
    )


def _render_options(parser: Parser) -> None:
    picture_options(parser)
    engine_option(parser)
    _file_option(parser)


def _file_option(parser: Parser) -> None:
    from cppn_gl.output.formats import FORMATS

    files = ", ".join(f"FILE{suffix}" for one in FORMATS for suffix in one.suffixes)
    about = f"the file to write: {files}"
    parser.option("-o", "--output", type=path_value, metavar="FILE", help=about)


def _sheet_options(parser: Parser) -> None:
    picture_options(parser, "of the whole sheet (as large as its cells need)")
    engine_option(parser)
    group = parser.add_argument_group("the sheet")
    about = (
        "what differs from row to row: depth=1:10, weight_scale=0.5:1:9:log, activation=relu,tanh"
    )
    options: list[tuple[list[str], dict[str, Any]]] = [
        (["--rows"], {"metavar": "KEY=…", "help": about}),
        (["--cols"], {"metavar": "KEY=…", "help": "what differs from column to column"}),
        (["--wrap"], {"metavar": "N", "help": "columns that the only axis is folded into"}),
        (["--seeds"], {"metavar": "NAME", "help": "shared, or varying: one for each cell"}),
        (["--cell"], {"metavar": "WxH", "help": "a cell's size in pixels (160x160)"}),
        (["--gap"], {"metavar": "N", "help": "pixels between cells (4)"}),
        (["--no-labels"], {"action": "store_true", "help": "no words"}),
    ]
    for names, keys in options:
        parser.names += group.add_argument(*names, **keys).option_strings
    _file_option(parser)


def _sequence_options(parser: Parser) -> None:
    picture_options(parser)
    engine_option(parser)
    about = "the folder to write into"
    parser.option("-o", "--output", type=path_value, metavar="DIR", help=about)
    parser.option("--frames", metavar="N", help="how many; more than before extends a sequence")
    parser.option("--fps", metavar="F", help="frames a second: frame k shows k / F seconds")
    parser.option("--overwrite", action="store_true", help="replace another sequence in DIR")


def _tune_options(parser: Parser) -> None:
    picture_options(parser)
    engine_option(parser)


def _bench_options(parser: Parser) -> None:
    parser.option("--against", metavar="A,B", help="measure these beside it: numpy, torch")
    about = "depth x width of each, as 3x10,10x30 (seven, from 3x10 to 14x400)"
    parser.option("--networks", metavar="A,B", help=about)
    about = "of the pictures in pixels (640x360,1920x1080,3840x2160)"
    parser.option("--sizes", metavar="A,B", help=about)
    parser.option("--budget", metavar="SECONDS", help="how long it may take in all (120)")
    engine_option(parser)
    parser.option("--json", type=path_value, metavar="FILE", help="write the figures there too")
    parser.option("--quiet", action="store_true", help="no progress on stderr")


def _presets_options(parser: Parser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="print this one as TOML")


def _render(args: argparse.Namespace) -> int:
    shot = shot_of(args, poster=True)
    _check_output(args, "render", shot)
    from cppn_gl.output.poster import is_poster
    from cppn_gl.preset.shot import SIZE
    from cppn_gl.views import view_of

    if is_poster(args.output, shot) and view_of(shot.preset).by_pixel:
        return _poster(args, shot)
    checked(SIZE, shot.size, "--size")
    return _save(args, shot)


def _sheet(args: argparse.Namespace) -> int:
    sweep: dict[str, Any] = {"show.view": "sheet"}
    sweep |= {f"sweep.{name}": getattr(args, name) for name in ("rows", "cols", "seeds")}
    sweep |= {f"sweep.{n}": toml_value(v) for n in ("wrap", "gap") if (v := getattr(args, n))}
    sweep["sweep.cell"] = None if args.cell is None else size_value(args.cell, "--cell")
    sweep["sweep.labels"] = False if args.no_labels else None
    if overrides(args).get("show.view", "sheet") != "sheet":
        raise UsageError(
            "sheet shows a sheet; --cols 'view=picture,units' varies what a cell shows"
        )
    shot = shot_of(args, {key: value for key, value in sweep.items() if value is not None})
    from cppn_gl.preset.sheet import cells
    from cppn_gl.preset.shot import SIZE
    from cppn_gl.views.sheet_layout import natural_size

    if args.size is None:
        size = natural_size(shot.preset, cells(shot.preset))
        shot = dataclasses.replace(shot, size=checked(SIZE, size, "--cell"))
    _check_output(args, "sheet", shot)
    return _save(args, shot)


def _check_output(args: argparse.Namespace, command: str, shot: "Shot") -> None:
    """Raise what the file would be refused for, before anything is drawn."""
    from cppn_gl.output.formats import SUFFIX, check_size, format_names, format_of

    if args.output is None:
        raise UsageError(f"{command} writes {format_names()}: expected -o FILE{SUFFIX}")
    check_size(format_of(args.output), shot.size)
    check_target(args.output, overwrite=True)


def _save(args: argparse.Namespace, shot: "Shot") -> int:
    """Draw a shot into the file that is asked for."""
    from cppn_gl.output.capture import save_picture

    pixels, shot = draw(args, shot)
    save_picture(args.output, pixels, shot, overwrite=True)
    put_path(args.output)
    return 0


def _poster(args: argparse.Namespace, shot: "Shot") -> int:
    from cppn_gl.output.poster import Poster, write_poster

    poster = Poster(shot, args.output)
    engine = (poster.begun() or {"engine": shot.engine})["engine"]
    with (
        progress_of(args, poster.count, "band") as progress,
        renderer_for(
            args,
            engine,
            shot.preset,
            shot.points,
            samples=shot.samples,
            progress=progress,
        ) as renderer,
    ):
        write_poster(renderer, poster, progress=progress)
    put_path(args.output)
    return 0


def _sequence(args: argparse.Namespace) -> int:
    if args.time is not None:
        raise UsageError("sequence takes no --time: frame k shows the time k / fps")
    for name, value in (
        ("-o DIR", args.output),
        ("--frames N", args.frames),
        ("--fps F", args.fps),
    ):
        if value is None:
            raise UsageError(f"sequence needs {name}; see `{PROGRAM} sequence --help`")
    shot = shot_of(args)
    from cppn_gl.output.sequence import FPS, FRAMES, Sequence, read_manifest, write_sequence

    frames = checked(FRAMES, toml_value(args.frames), "--frames")
    fps = checked(FPS, toml_value(args.fps), "--fps")
    sequence = Sequence(shot.preset, frames, fps, shot.size, shot.samples)
    found = None if args.overwrite else read_manifest(args.output)
    engine = found["engine"] if found else shot.engine
    points = float(shot.points) * frames
    with (
        progress_of(args, frames, "frame") as progress,
        renderer_for(
            args, engine, shot.preset, points, samples=shot.samples, progress=progress
        ) as renderer,
    ):
        write_sequence(
            renderer,
            sequence,
            args.output,
            overwrite=args.overwrite,
            any_engine=args.engine == AUTO,
            progress=progress,
        )
    put_path(args.output)
    return 0


def _view(args: argparse.Namespace) -> int:
    engine = checked(engine_name, args.engine, "--engine")
    shot = shot_of(args)
    from cppn_gl.engines.gl.context import display_problem

    problem = display_problem()
    if problem is None:
        return _window()(  # type: ignore[no-any-return]
            shot,
            size=shot.size if args.size else None,
            hud=not args.no_hud,
            fullscreen=args.fullscreen,
            output_dir=args.output_dir,
            source=_file(args.preset),
            engine=engine,
        )
    note(args, f"no display ({problem}): drawing one picture instead of opening a window")
    from cppn_gl.output.capture import save_new_picture
    from cppn_gl.output.formats import SUFFIX
    from cppn_gl.preset.shot import SIZE

    checked(SIZE, shot.size, "--size")  # a poster's shot remembers a larger one
    check_target(free_name(args.output_dir, shot.preset.name, SUFFIX), overwrite=False)
    pixels, shot = draw(args, shot)
    put_path(save_new_picture(args.output_dir, pixels, shot))
    return 0


def _tour_options(parser: Parser) -> None:
    parser.add_argument(
        "figure", nargs="?", metavar="FIGURE", help="the number of the figure to begin with (1)"
    )
    width, height = DEFAULT_SIZE
    parser.option("--size", metavar="WxH", help=f"of the window ({width}x{height})")
    engine_option(parser)
    _window_options(parser)
    parser.option("--quiet", action="store_true", help="no notes on stderr")


def _tour(args: argparse.Namespace) -> int:
    from cppn_gl.preset.tour import steps

    engine = checked(engine_name, args.engine, "--engine")
    size = None if args.size is None else size_value(args.size)
    tour = steps()
    first = toml_value(args.figure) if args.figure else tour[0].figure
    begun = [step for step in tour if step.figure == first]
    if not begun:
        known = f"{tour[0].figure} to {tour[-1].figure}"
        raise UsageError(f"no figure {show(args.figure)}; they go from {known}")
    from cppn_gl.engines.gl.context import display_problem
    from cppn_gl.preset.shot import SIZE, Shot

    if size is not None:
        checked(SIZE, size, "--size")
    problem = display_problem()
    if problem is not None:
        note(args, f"no display ({problem}): listing the steps instead of opening a window")
        for step in tour:
            print(f"Figure {step.figure:<3} {step.preset.name}")
        return 0
    return _window()(  # type: ignore[no-any-return]
        Shot(begun[0].preset),
        size=size,
        hud=not args.no_hud,
        fullscreen=args.fullscreen,
        output_dir=args.output_dir,
        engine=engine,
        tour=tour,
        step=tour.index(begun[0]) + 1,
    )


def _window() -> Any:
    """What opens the window. Raises ContextError where a library is missing."""
    from cppn_gl.engines.gl.context import explain, import_glfw

    try:
        import_glfw()
        from cppn_gl.viewer.run import run
    except ImportError as error:
        raise explain(error, tried="opening a window") from None
    return run


def _file(preset: str) -> Path | None:
    """The TOML file behind a name, which the window watches; None for a picture."""
    return None if library.is_picture(preset) else library.shipped().get(preset, Path(preset))


def _tune(args: argparse.Namespace) -> int:
    asked = checked(engine_name, args.engine, "--engine")
    shot = shot_of(args)
    with progress_of(args, 1, "step", delay=DELAY) as progress, opened(asked) as renderer:
        if progress is not None:
            renderer.report = progress.report
        choice = renderer.tune(shot.preset, shot.size)
        print(f"{choice.engine}: {choice.why}")
        if renderer.ctx is not None and (problem := renderer.chooser.cache.problem):
            note(args, f"not kept: {problem}")
        elif renderer.tuning_path is not None:
            note(args, f"kept in {renderer.tuning_path}, which can be deleted")
    return 0


def _presets(args: argparse.Namespace) -> int:
    if args.name is None:
        loaded = {name: read_preset(path) for name, path in library.shipped().items()}
        width = max(map(len, loaded), default=0)
        for name, preset in loaded.items():
            print(f"{name:{width}}  {preset.title}".rstrip())
    elif args.name in library.shipped():
        put_text(library.shipped()[args.name].read_text("utf-8"))
    else:
        put_text(library.load_preset(args.name).to_toml())
    return 0


def _bench(args: argparse.Namespace) -> int:
    from cppn_gl.cli.bench.options import bench_plan, check_json, write_json
    from cppn_gl.cli.bench.run import Bench
    from cppn_gl.cli.bench.table import table

    plan = bench_plan(args)
    if args.json:
        check_json(args.json)
    bench = Bench(plan)
    with progress_of(args, bench.count, "step") as progress:
        report = bench.run(progress)
    if args.json:
        write_json(args.json, report)
    sys.stdout.write(table(report))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from cppn_gl.cli.doctor import doctor, exit_status, report

    checks = doctor()
    print(report(checks))
    return exit_status(checks)


COMMANDS = {
    "view": Command("the live window", _view_options, _view),
    "render": Command("one picture, of any size: -o FILE.png", _render_options, _render),
    "sheet": Command(
        "a grid of networks: --rows depth=1:10 --cols seed=1:4 -o FILE.png",
        _sheet_options,
        _sheet,
    ),
    "sequence": Command(
        "numbered pictures, resumable: -o DIR --frames N --fps F", _sequence_options, _sequence
    ),
    "tour": Command(
        "the essay's figures in the window, step by step, a caption at each", _tour_options, _tour
    ),
    "tune": Command("time the engines on a preset, and remember the fastest", _tune_options, _tune),
    "presets": Command("list the shipped presets, or print one", _presets_options, _presets),
    "bench": Command(
        "how fast it draws: --against numpy,torch --json FILE", _bench_options, _bench
    ),
    "doctor": Command(
        "what was found, what is missing, and how to mend it", lambda parser: None, _doctor
    ),
}

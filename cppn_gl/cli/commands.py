"""The table of commands. Each imports what it needs when it runs: --help is fast and needs no GL.

    arguments -> Shot (preset, size, time, samples) -> window, picture, or sequence of pictures

Paths of written files go to stdout, notes to stderr, one per line. main.py reports errors.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.cluster import cluster_options, draw_in_parts, drawer_for, shared
from cppn_gl.cli.export import export, export_options
from cppn_gl.cli.many import is_many, many_options, render_many
from cppn_gl.cli.options import (
    PROGRAM,
    Parser,
    UsageError,
    overrides,
    path_value,
    size_value,
)
from cppn_gl.cli.pipes import STDIN, STDOUT, check_stdout, output_value, stdin_preset
from cppn_gl.cli.shots import (
    DELAY,
    asked_shot,
    bits_option,
    draw,
    engine_option,
    fitting_shot,
    opened,
    picture_options,
    shot_of,
)
from cppn_gl.cli.terminal import note, progress_of, put, put_path, put_text, say
from cppn_gl.cli.train import train, train_options
from cppn_gl.cli.video import filmed, pour, run_video, training_option, video_options
from cppn_gl.engines.names import AUTO, engine_name
from cppn_gl.nn.file_source import File
from cppn_gl.preset import library
from cppn_gl.preset.surprise import RANDOM, TITLE
from cppn_gl.utils.checks import checked, show
from cppn_gl.utils.files import check_target, free_name
from cppn_gl.utils.toml import toml_value
from cppn_gl.viewer import DEFAULT_SIZE

if TYPE_CHECKING:
    from cppn_gl.output.formats import Format
    from cppn_gl.preset.shot import Shot


@dataclass(frozen=True)
class Command:
    """A command: `summary` is one line of help, `options` adds its options, `run` runs it."""

    summary: str
    options: Callable[[Parser], None]
    run: Callable[[argparse.Namespace], int]

    def parser(self, name: str) -> Parser:
        parser = Parser(name, description=self.summary)
        self.options(parser)
        return parser


# What the window tells of a saved picture.
LARGER = "python -m cppn_gl render {file} --size {size} -o BIG.png"
FILM = "python -m cppn_gl video {file} -o FILM.mp4"


def _view_options(parser: Parser) -> None:
    width, height = DEFAULT_SIZE
    picture_options(parser, f"window size in pixels (default {width}x{height})")
    engine_option(parser)
    _window_options(parser)


def _window_options(parser: Parser) -> None:
    parser.option("--no-hud", action="store_true", help="show only the picture, without text")
    parser.option("--fullscreen", action="store_true", help="start in fullscreen")
    parser.option(
        "--output-dir",
        type=path_value,
        default=Path(),
        metavar="DIR",
        help="folder for saved pictures (default: the current folder)",
    )


# Options, and groups of options, stand in --help in the order in which they are added here.


def _render_options(parser: Parser) -> None:
    many_options(parser)
    _file_option(parser, "-o - or -o DIR")
    picture_options(parser)
    engine_option(parser)
    cluster_options(parser)


def _file_option(parser: Parser, unnamed: str) -> None:
    """Add the options of an output file; `unnamed`: the outputs without a suffix."""
    from cppn_gl.output.formats import FORMATS

    files = ", ".join(f"FILE{suffix}" for format_ in FORMATS for suffix in format_.suffixes)
    about = f"output file: {files}; - is standard output"
    parser.option("-o", "--output", type=output_value, metavar="FILE", help=about)
    names = ", ".join(format_.name.lower() for format_ in FORMATS)
    about = f"format of {unnamed}: {names} (default png)"
    parser.option("--format", metavar="NAME", help=about)
    bits_option(parser)


def _sheet_options(parser: Parser) -> None:
    group = parser.add_argument_group("the sheet")
    _file_option(parser, "-o -")
    picture_options(parser, "size of the whole sheet in pixels (default: follows from the cells)")
    engine_option(parser)
    about = (
        "key that varies from row to row, with its values: depth=1:10, "
        "weight_scale=0.5:1:9:log, activation=relu,tanh"
    )
    about_wrap = "wrap a single axis into N columns"
    about_seeds = "shared: one seed for all cells; varying: a different seed in each cell"
    options: list[tuple[list[str], dict[str, Any]]] = [
        (["--rows"], {"metavar": "KEY=…", "help": about}),
        (["--cols"], {"metavar": "KEY=…", "help": "key that varies from column to column"}),
        (["--wrap"], {"metavar": "N", "help": about_wrap}),
        (["--seeds"], {"metavar": "NAME", "help": about_seeds}),
        (["--cell"], {"metavar": "WxH", "help": "cell size in pixels (default 160x160)"}),
        (["--gap"], {"metavar": "N", "help": "pixels between cells (default 4)"}),
        (["--no-labels"], {"action": "store_true", "help": "omit the labels"}),
    ]
    for names, keys in options:
        parser.names += group.add_argument(*names, **keys).option_strings
    cluster_options(parser)


def _sequence_options(parser: Parser) -> None:
    about = "output folder; made if it does not exist. - writes raw frames to standard output: "
    about += "rgb24, with --bits 16 rgb48le"
    parser.option("-o", "--output", type=output_value, metavar="DIR", help=about)
    about = "number of frames; a larger number extends an existing sequence"
    parser.option("--frames", metavar="N", help=about)
    parser.option("--fps", metavar="F", help="frames per second: frame k shows time k / F")
    parser.option("--overwrite", action="store_true", help="replace another sequence in DIR")
    training_option(parser)
    bits_option(parser, "8 or 16", "")
    picture_options(parser, timed=False)
    engine_option(parser)
    cluster_options(parser)


def _tune_options(parser: Parser) -> None:
    picture_options(parser)
    engine_option(parser)


def _bench_options(parser: Parser) -> None:
    parser.option(
        "--against", metavar="A,B", help="compare with these libraries: numpy, torch, jax"
    )
    about = "networks as depth x width: 3x10,vgg-11x32 (default: seven, from 3x10 to 14x400)"
    parser.option("--networks", metavar="A,B", help=about)
    about = "picture sizes in pixels (default 640x360,1920x1080,3840x2160)"
    parser.option("--sizes", metavar="A,B", help=about)
    about = "fit how the time grows with depth, width and pixels, on networks for that"
    parser.option("--growth", action="store_true", help=about)
    about = "numbers of threads to measure with, in turn: 1,2 (default: that of the cores)"
    parser.option("--threads", metavar="A,B", help=about)
    about = "draw so often for a median, where the budget allows it (default 5)"
    parser.option("--rounds", metavar="N", help=about)
    parser.option("--budget", metavar="SECONDS", help="time limit of the whole run (default 120)")
    engine_option(parser)
    parser.option("--json", type=path_value, metavar="FILE", help="also write the results to FILE")
    parser.option("--quiet", action="store_true", help="no progress on stderr")


def _presets_options(parser: Parser) -> None:
    about = "print this preset as TOML (a shipped name, a .toml file, a saved picture, or -)"
    parser.add_argument("name", nargs="?", metavar="NAME", help=about)


def _render(args: argparse.Namespace) -> int:
    if is_many(args):
        return render_many(args)
    shot = _fitting(args, "render", shot_of(args, poster=True))
    from cppn_gl.output.poster import is_poster
    from cppn_gl.preset.shot import SIZE
    from cppn_gl.views import view_of

    unbounded = view_of(shot.preset).unbounded
    if args.output is not STDOUT and is_poster(args.output, shot) and unbounded:
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
            "sheet always shows the view sheet; --cols 'view=picture,units' sets the cells' views"
        )
    shot = shot_of(args, {key: value for key, value in sweep.items() if value is not None})
    from cppn_gl.preset.sheet import cells
    from cppn_gl.preset.shot import SIZE
    from cppn_gl.views.sheet_layout import natural_size

    if args.size is None:
        size = natural_size(shot.preset, cells(shot.preset))
        shot = dataclasses.replace(shot, size=checked(SIZE, size, "--cell"))
    return _save(args, _fitting(args, "sheet", shot))


def _fitting(args: argparse.Namespace, command: str, shot: "Shot") -> "Shot":
    """The shot as its file can hold it. Raises an error if that cannot be written."""
    from cppn_gl.output.formats import file_names, format_names

    if args.output is None:
        raise UsageError(f"{command} writes {format_names()}: expected -o {file_names()}")
    if args.output is STDOUT:
        check_stdout()
    else:
        check_target(args.output, overwrite=True)
    return fitting_shot(args, _format(args), shot)


def _format(args: argparse.Namespace) -> "Format":
    """The format of the output: by its suffix, else by --format. Raises CaptureError."""
    from cppn_gl.output.formats import FORMATS, format_named, format_of

    named = None if args.format is None else format_named(args.format)
    if args.output is STDOUT:
        return named or FORMATS[0]
    found = format_of(args.output)
    if named not in (None, found):
        raise UsageError(f"--format {args.format}: {args.output} has the suffix of {found.name}")
    return found


def _save(args: argparse.Namespace, shot: "Shot") -> int:
    """Draw a shot and write it to the output file."""
    from cppn_gl.output.capture import save_picture
    from cppn_gl.output.formats import encode, pixel_type

    format_ = _format(args)
    drawing = draw_in_parts if shared(args) else draw
    pixels, shot = drawing(args, shot, pixel_type(format_, shot))
    if args.output is STDOUT:
        put(encode(format_, pixels, shot))
        return 0
    save_picture(args.output, pixels, shot, overwrite=True)
    put_path(args.output)
    return 0


def _poster(args: argparse.Namespace, shot: "Shot") -> int:
    from cppn_gl.output.poster import Poster, write_poster

    poster = Poster(shot, args.output)
    engine = (poster.begun() or {"engine": shot.engine})["engine"]
    remembered = dataclasses.replace(shot, engine=engine)
    poster.check_space()  # before engines are measured for a job that cannot be done
    with (
        progress_of(args, poster.count, "band") as progress,
        drawer_for(args, remembered, shot.points, progress=progress) as renderer,
    ):
        write_poster(renderer, poster, progress=progress)
    put_path(args.output)
    return 0


def _sequence(args: argparse.Namespace) -> int:
    if args.time is not None:
        raise UsageError("sequence has no --time: frame k shows time k / fps")
    for name, value in (
        ("-o DIR", args.output),
        ("--frames N", args.frames),
        ("--fps F", args.fps),
    ):
        if value is None:
            raise UsageError(f"sequence needs {name}; see `{PROGRAM} sequence --help`")
    from cppn_gl.output.png import PNG
    from cppn_gl.output.sequence import FPS, FRAMES, Sequence, read_manifest, write_sequence

    shot = fitting_shot(args, PNG, shot_of(args))
    frames = checked(FRAMES, toml_value(args.frames), "--frames")
    fps = checked(FPS, toml_value(args.fps), "--fps")
    shot = filmed(args, shot, frames, fps)
    sequence = Sequence(shot.preset, frames, fps, shot.size, shot.samples, shot.bits)
    if args.output is STDOUT:
        return pour(args, shot, sequence)
    manifest = None if args.overwrite else read_manifest(args.output)
    engine = manifest["engine"] if manifest else shot.engine
    remembered = dataclasses.replace(shot, engine=engine)
    with (
        progress_of(args, frames, "frame") as progress,
        drawer_for(args, remembered, float(shot.points) * frames, progress=progress) as renderer,
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
    from cppn_gl.engines.gl.context import display_problem

    problem = display_problem()
    shot, unread = asked_shot(args) if problem is None else (shot_of(args), None)
    if problem is None:
        return _window()(  # type: ignore[no-any-return]
            shot,
            size=shot.size if args.size else None,
            hud=not args.no_hud,
            fullscreen=args.fullscreen,
            output_dir=args.output_dir,
            source=None if args.network or unread else _file(args.preset),
            engine=engine,
            unread=unread,
        )
    note(args, f"no display ({problem}): drawing one picture instead of opening a window")
    from cppn_gl.output.capture import save_new_picture
    from cppn_gl.output.formats import SUFFIX
    from cppn_gl.output.png import PNG
    from cppn_gl.preset.shot import SIZE

    shot = fitting_shot(args, PNG, shot)
    checked(SIZE, shot.size, "--size")  # a poster's shot may be larger
    check_target(free_name(args.output_dir, shot.preset.name, SUFFIX), overwrite=False)
    pixels, shot = draw(args, shot)
    put_path(save_new_picture(args.output_dir, pixels, shot))
    return 0


def _tour_options(parser: Parser) -> None:
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the first page (default 1)")
    parser.option("--list", action="store_true", help="list the pages instead")
    width, height = DEFAULT_SIZE
    about = f"window size in pixels (default {width}x{height})"
    parser.option("--size", metavar="WxH", help=about)
    engine_option(parser)
    _window_options(parser)
    parser.option("--quiet", action="store_true", help="no notes on stderr")


def _tour(args: argparse.Namespace) -> int:
    from cppn_gl.preset.tour import absent, pages

    engine = checked(engine_name, args.engine, "--engine")
    size = None if args.size is None else size_value(args.size)
    steps = pages()
    for words in absent():
        note(args, words)
    number = toml_value(args.page) if args.page else 1
    if type(number) is not int or number not in range(1, len(steps) + 1):
        raise UsageError(f"no page {show(args.page)}; expected a number from 1 to {len(steps)}")
    from cppn_gl.engines.gl.context import display_problem
    from cppn_gl.preset.shot import SIZE, Shot

    if size is not None:
        checked(SIZE, size, "--size")
    problem = None if args.list else display_problem()
    if problem is not None:
        note(args, f"no display ({problem}): listing the pages instead of opening a window")
    if args.list or problem is not None:
        _list_pages()
        return 0
    return _window()(  # type: ignore[no-any-return]
        Shot(steps[number - 1].preset),
        size=size,
        hud=not args.no_hud,
        fullscreen=args.fullscreen,
        output_dir=args.output_dir,
        engine=engine,
        page=number,
    )


def _list_pages() -> None:
    """Print the tour's pages by chapter, each with its preset."""
    from cppn_gl.preset.tour import pages

    chapter = ""
    for number, page in enumerate(pages(), 1):
        if page.chapter != chapter:
            chapter = page.chapter
            print(chapter)
        print(f"{number:>4}  {page.heading} ({page.preset.name})")


def _window() -> Any:
    """The function that opens the window. Raises ContextError if a library is missing."""
    from cppn_gl.engines.gl.context import explain, import_glfw

    try:
        import_glfw()
        from cppn_gl.viewer.run import run
    except ImportError as error:
        raise explain(error, tried="opening a window") from None
    return partial(run, larger=LARGER, film=FILM)


def _file(preset: str) -> Path | None:
    """The TOML file of a preset argument, which the window watches; None if there is none."""
    if preset in (RANDOM, STDIN) or library.is_picture(preset) or library.is_network(preset):
        return None
    return library.shipped().get(preset, Path(preset))


def _tune(args: argparse.Namespace) -> int:
    asked = checked(engine_name, args.engine, "--engine")
    shot = shot_of(args)
    with progress_of(args, 1, "step", delay=DELAY) as progress, opened(asked) as renderer:
        if progress is not None:
            renderer.report = progress.report
        choice = renderer.tune(shot.preset, shot.size)
        print(f"{choice.engine}: {choice.why}")
        if renderer.ctx is not None and (problem := renderer.chooser.cache.problem):
            note(args, f"not saved: {problem}")
        elif renderer.tuning_path is not None:
            note(args, f"saved in {renderer.tuning_path}, which can be deleted")
    return 0


def _presets(args: argparse.Namespace) -> int:
    if args.name is None:
        shipped = library.shipped().items()
        titles = {name: library.title_of(path) for name, path in shipped} | {RANDOM: TITLE}
        width = max(map(len, titles))
        for name, title in titles.items():
            print(f"{name:{width}}  {title}".rstrip())
    elif args.name in library.shipped():
        put_text(library.shipped()[args.name].read_text("utf-8"))
    else:
        preset = stdin_preset(args) if args.name == STDIN else library.load_preset(args.name)
        put_text(preset.to_toml())
        if isinstance(preset.spec, File) and preset.spec.path is None and not preset.spec.known:
            say(f"{preset.spec.label} is in {args.name}: {PROGRAM} export takes it out")
    return 0


def _bench(args: argparse.Namespace) -> int:
    from cppn_gl.cli.bench.options import bench_plan, check_json, write_json
    from cppn_gl.cli.bench.run import measure, steps_of
    from cppn_gl.cli.bench.table import table

    plan = bench_plan(args)
    if args.json:
        check_json(args.json)
    with progress_of(args, steps_of(plan), "step") as progress:
        report = measure(plan, progress)
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
    "view": Command("open the live window", _view_options, _view),
    "render": Command(
        "draw a picture of any size: -o FILE.png, or many: -o DIR", _render_options, _render
    ),
    "sheet": Command(
        "draw a grid of networks: --rows depth=1:10 --cols seed=1:4 -o FILE.png",
        _sheet_options,
        _sheet,
    ),
    "sequence": Command(
        "draw numbered frames, resumable: -o DIR --frames N --fps F", _sequence_options, _sequence
    ),
    "video": Command(
        "draw an mp4, webm, gif or animated webp: -o FILE.mp4 --seconds S --fps F",
        video_options,
        run_video,
    ),
    "train": Command(
        "train a network without a window, resumable: --steps N -o FILE.safetensors",
        train_options,
        train,
    ),
    "export": Command(
        "write a web page, a shader, a program or the weights: -o page.html",
        export_options,
        export,
    ),
    "tour": Command(
        "a lesson in the window: the figures of Neylon's essay, one key at a time",
        _tour_options,
        _tour,
    ),
    "tune": Command("time the engines on a preset and save the fastest", _tune_options, _tune),
    "presets": Command("list the shipped presets, or print one", _presets_options, _presets),
    "bench": Command(
        "measure the drawing speed: --against numpy,torch --json FILE", _bench_options, _bench
    ),
    "doctor": Command(
        "report what was found, what is missing and how to fix it", lambda parser: None, _doctor
    ),
}

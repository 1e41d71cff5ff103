"""Generates docs/gallery.md and the pictures in docs/gallery/ from the shipped presets.

presets, HIGHLIGHTS, PAIRS -> Section of rows of Entry -> docs/gallery.md
                           -> gallery_pictures.py -> docs/gallery/NAME.jpg or .webp, and 4k/

python tools/make_gallery.py                  stills, films and the page
python tools/make_gallery.py --4k             the pictures 3840 pixels wide that stills link to
python tools/make_gallery.py --only NAME …    some pictures, and the page
python tools/make_gallery.py --page           only the page, which draws nothing
python tools/make_gallery.py --steps          the steps of all films; a large one is an error

What is there and current is kept, so that Ctrl-C loses the pictures being drawn, no more.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import films
from gallery_pictures import (
    FULL,
    FULLS,
    ROOT,
    STILLS,
    GalleryError,
    Job,
    Picture,
    draw_all,
    forget,
)

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.themes import THEMES
from cppn_gl.preset.tour import shown

PAGE = ROOT / "docs" / "gallery.md"

# The figures of the texts that the gallery reproduces, in order. Each needs a preset.
FIGURES = tuple(f"Figure {number}" for number in range(1, 21))
TIE_DYE = (
    "Tie-dye: few hidden units",
    "Tie-dye: more hidden units",
    "Tie-dye: many hidden units",
    "Tie-dye: one network",
    "Tie-dye: deeper networks",
    "Tie-dye: depth and width independently",
    "Tie-dye: one output, grey",
    "Tie-dye: one output, one network",
    "Tie-dye: three inputs as a volume, grey",
    "Tie-dye: three inputs as a volume, colour",
    "Tie-dye: a slice moving, grey",
    "Tie-dye: a slice moving, colour",
    "Tie-dye: shallow and deep convnets, 1 output channel",
    "Tie-dye: shallow and deep convnets, in color",
    "Tie-dye: a gallery",
)
FIGURED = {"essay": FIGURES, "tie-dye": TIE_DYE}  # by theme

# The presets that the page begins with.
HIGHLIGHTS = (
    "molten-glass",
    "liquid-chrome",
    "orchid",
    "weights-large",
    "paraschopra",
    "agate",
    "lab",
    "landscape",
)


class Pair(NamedTuple):
    """One change, before and after; each a name of a file and words of the command line."""

    heading: str
    words: str
    before: tuple[str, str]
    after: tuple[str, str]


PAIRS = (
    Pair(
        "Depth 1 and depth 27",
        "One layer bends nothing: each colour rises along one direction. The same seed with 26 "
        "more layers has folds within folds.",
        ("orchid-1", "orchid --depth 1"),
        ("orchid", "orchid"),
    ),
    Pair(
        "Zoom × 256",
        "Near enough, every smooth network is a slope. The right picture shows a spot a little to "
        "the left of the middle, 256 times as large.",
        ("molten-glass", "molten-glass"),
        ("molten-glass-256", "molten-glass --center -0.455,-0.065 --extent 0.01015625"),
    ),
    Pair(
        "A relu network and its regions",
        "Each line is where a unit switches on. Within a cell between the lines every colour is a "
        "linear ramp.",
        ("relu", "relu"),
        ("relu-cut", "relu --view regions"),
    ),
    Pair(
        "A picture and its gradient",
        "Bright where the picture changes fast. Depth makes creases, not an even roughness.",
        ("neylon-18", "neylon-18"),
        ("gradient", "gradient"),
    ),
)
# More pictures of a theme: heading, words, name of a file with words of the command line.
FURTHER = {
    "learning": (
        (
            "A lighthouse appears",
            "The same training from its first step: large shapes first, then edges, and stars.",
            ("lighthouse-training", ("lighthouse", "--set", "train.checkpoint=")),
        ),
    )
}
PAIR_TITLE = "Before and after"
PAIR_WORDS = "One change, side by side."
MORE = "Around the figures"
MORE_WORDS = "More of the essay's networks: closer, shallower, wider, in motion."


@dataclass(frozen=True)
class Entry:
    """A picture on the page with its heading, and words in Markdown."""

    heading: str
    picture: Picture
    words: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the page. wide: one picture a row; if not, two."""

    title: str
    words: str
    entries: tuple[Entry, ...]
    wide: bool = True


def presets() -> list[Preset]:
    return [load_preset(name) for name in shipped()]


def _entry(preset: Preset, heading: str = "") -> Entry:
    """The entry of a shipped preset."""
    alone = heading in ("", preset.title)
    said = preset.description if alone else f"**{preset.title}.** {preset.description}"
    said += f" {_settings(preset)}" * preset.learns
    return Entry(heading or preset.title, Picture(preset.name, (preset.name,)), said)


def _settings(preset: Preset) -> str:
    """What trains a preset, in words: its units, optimizer, rate, batch, seed and steps."""
    spec, train = preset.spec, preset.train
    units = [str(rows) for rows, *_ in preset.start.shapes]
    bends = dict.fromkeys(spec.hidden_activations)
    steps = f"{train.steps} steps of {train.optimizer}, rate {train.rate:g}, batch {train.batch}"
    falling = f", {train.schedule}" * (train.schedule != "constant")
    shape = " → ".join([" ".join(spec.inputs), *units])
    return f"*{', '.join([shape, *bends])}; {steps}{falling}, seed {spec.seed}.*"


def highlights() -> Section:
    """The first pictures of the page."""
    return Section("Highlights", "", tuple(_entry(load_preset(name)) for name in HIGHLIGHTS))


def pairs() -> Section:
    """The pictures before and after a change."""
    entries = []
    for pair in PAIRS:
        for name, words in (pair.before, pair.after):
            entries.append(Entry(pair.heading, Picture(name, tuple(words.split())), pair.words))
    return Section(PAIR_TITLE, PAIR_WORDS, tuple(entries), wide=False)


def sections(known: Sequence[Preset]) -> list[Section]:
    """The sections of the page. Raises GalleryError.

    First the highlights, then the essay's figures, then the pairs, then the rest by theme, in which
    what shows something of a text comes first, under its name.
    """
    showing: dict[str, Preset] = {}
    for preset in known:
        for figure in shown(preset):
            if figure in showing:
                raise GalleryError(f"{figure}: both {showing[figure].name} and {preset.name}")
            showing[figure] = preset
    if bare := [preset.name for preset in known if not preset.theme]:
        raise GalleryError(f"no theme: {', '.join(bare)}")
    found = [highlights()]
    for name, theme in THEMES.items():
        of_theme = [preset for preset in known if preset.theme == name]
        figures = FIGURED.get(name) or sorted(
            {f for p in of_theme for f in shown(p)}, key=str.lower
        )
        missing = [figure for figure in figures if figure not in showing]
        if missing:
            raise GalleryError(f"no preset shows {', '.join(missing)}")
        first = tuple(_entry(showing[figure], _heading(figure)) for figure in figures)
        rest = tuple(_entry(p) for p in of_theme if not shown(p) and p.name not in HIGHLIGHTS)
        if name == "essay":
            found += [Section(theme.title, theme.words, first), pairs()]
            found.append(Section(MORE, MORE_WORDS, rest, wide=False))
        else:
            more = tuple(
                Entry(heading, Picture(*picture), words)
                for heading, words, picture in FURTHER.get(name, ())
            )
            found.append(Section(theme.title, theme.words, first + rest + more, wide=False))
    return found


def _heading(figure: str) -> str:
    """The heading of a figure: without the name of the text, which the section has already."""
    name = figure.removeprefix("Tie-dye: ")
    return figure if name == figure else name[:1].upper() + name[1:]


def pictures(known: Sequence[Preset]) -> list[Picture]:
    """The pictures of the page, each once."""
    found = {e.picture.name: e.picture for section in sections(known) for e in section.entries}
    return list(found.values())


def jobs(known: Sequence[Preset], *, full: bool = False) -> list[Job]:
    """The files of the page, or the large ones, which films do not have."""
    moving = {True: "film", False: "still"}
    if full:
        return [Job("full", p) for p in pictures(known) if not p.preset.animated]
    return [Job(moving[p.preset.animated], p) for p in pictures(known)]


def page(known: Sequence[Preset]) -> str:
    """The text of docs/gallery.md."""
    found = sections(known)
    lines = [
        "# Gallery",
        "",
        "Every picture is a shipped preset, drawn by this version; the command below it opens it "
        "in the window, where every value can be changed. `python -m cppn_gl render` in the place "
        "of `python -m cppn_gl`, with `-o FILE`, saves it at any size.",
        "",
        f"A still leads to the same picture {FULL} pixels wide. `make gallery` draws this page's "
        "pictures again, `make gallery-4k` the large ones.",
        "",
        *(f"- [{section.title}](#{_anchor(section.title)})" for section in found),
    ]
    for section in found:
        lines += ["", f"## {section.title}"]
        lines += ["", section.words] * bool(section.words)
        if section.title == PAIR_TITLE:
            lines += _pairs(section)
        elif section.wide:
            for entry in section.entries:
                lines += _alone(entry)
        else:
            lines += _table(section.entries)
    return "\n".join(lines) + "\n"


def _alone(entry: Entry) -> list[str]:
    lines = ["", f"### {entry.heading}", "", _image(entry.picture), ""]
    lines += [f"`{entry.picture.command}`"]
    return [*lines, "", entry.words] if entry.words else lines


def _table(entries: Sequence[Entry]) -> list[str]:
    """Two pictures a row, each with its words below."""
    lines = ["", "| | |", "|:---|:---|"]
    for row in (entries[k : k + 2] for k in range(0, len(entries), 2)):
        blank = [""] * (2 - len(row))
        images = [_image(entry.picture) for entry in row]
        words = [f"**{e.heading}**<br>`{e.picture.command}`<br>{_cell(e.words)}" for e in row]
        lines += [f"| {' | '.join([*cells, *blank])} |" for cells in (images, words)]
    return lines


def _pairs(section: Section) -> list[str]:
    lines = []
    for k in range(0, len(section.entries), 2):
        row = section.entries[k : k + 2]
        lines += ["", f"### {row[0].heading}", "", row[0].words, ""]
        lines += [f"| {' | '.join(f'`{e.picture.command}`' for e in row)} |", "|:---|:---|"]
        lines += [f"| {' | '.join(_image(e.picture) for e in row)} |"]
    return lines


def _cell(words: str) -> str:
    """Words in a cell of a table."""
    return words.replace("|", "\\|").replace("\n", " ")


def _image(picture: Picture) -> str:
    """A picture in Markdown; a still leads to its large file."""
    image = f"![{picture.preset.title}]({STILLS}/{picture.file})"
    return image if picture.preset.animated else f"[{image}]({FULLS}/{picture.name}.webp)"


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


def steps(known: Sequence[Preset]) -> int:
    """Print the steps of the films that are there; the exit status."""
    paths = [str(job.path) for job in jobs(known) if job.kind == "film" and job.path.exists()]
    return films.main(paths) if paths else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures and write the page; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="draw only these")
    parser.add_argument("--page", action="store_true", help="write only the page")
    parser.add_argument("--4k", dest="full", action="store_true", help=f"{FULL} pixels wide")
    parser.add_argument("--again", action="store_true", help="draw also what is there")
    parser.add_argument("--steps", action="store_true", help="only measure the films")
    parser.add_argument("--processes", type=int, default=0, help="default: one for each core")
    options = parser.parse_args(arguments)
    known = presets()
    if options.steps:
        return steps(known)
    try:
        text = page(known)
        found = jobs(known, full=options.full)
    except GalleryError as error:
        print(f"make_gallery: {error}", file=sys.stderr)
        return 1
    names = {job.picture.name for job in found}
    if unknown := sorted(set(options.only) - names):
        parser.error(f"no picture {', '.join(unknown)}")
    PAGE.write_text(text, encoding="utf-8")
    if options.page:
        return 0
    if not options.only:
        forget(found)
    chosen = [job for job in found if not options.only or job.picture.name in options.only]
    try:
        problems = draw_all(chosen, again=options.again, processes=options.processes)
    except KeyboardInterrupt:
        print("make_gallery: interrupted; run it again to go on", file=sys.stderr)
        return 130
    for problem in problems:
        print(f"make_gallery: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())

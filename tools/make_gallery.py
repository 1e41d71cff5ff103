"""Generates docs/gallery.md and the pictures in docs/gallery/ from the shipped presets.

presets -> theme, shows: "Figure 9", "Tie-dye: …" -> sections of entries -> docs/gallery.md
        -> Renderer, 2 × 2 samples -> docs/gallery/NAME.jpg, or NAME.webp if animated

python tools/make_gallery.py                  all pictures and the page: about two minutes
python tools/make_gallery.py --only NAME …    some pictures, and the page
python tools/make_gallery.py --page           only the page, which needs no OpenGL
"""

import argparse
import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.preset.themes import THEMES
from cppn_gl.preset.tour import shown
from cppn_gl.views.sheet_layout import natural_size

if TYPE_CHECKING:
    from cppn_gl.output.renderer import Renderer

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "gallery"

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
    "Tie-dye: a gallery",
)
FIGURED = {"essay": FIGURES, "tie-dye": TIE_DYE}  # by theme

SAMPLES = 2  # 2 × 2 per pixel
WIDEST, QUALITY = 720, 85  # largest width of a still picture in pixels; its JPEG quality
SIZES = {
    "picture": (480, 300),
    "layers": (720, 366),
    "units": (720, 450),
    "signal": (720, 450),
    "curves": (480, 300),
    "surface": (560, 350),
}
OTHERS = (560, 350)
OWN = {  # presets with the proportions of their text, or that take long to draw
    "neylon-wide": (720, 270),
    "neylon-27": (480, 480),
    "neylon-40": (480, 480),
    "wide-400-zoom": (320, 320),
    "scale-animated": (280, 280),
}
PANELS = (720, 300)  # several curves or surfaces side by side
MOVING, MOVING_SHEET = (400, 250), 480  # size of an animation; width of an animated sheet
FRAMES = 24
FRAME_MS = 110
LIMIT = 400_000  # largest size of an animation in bytes
QUALITIES = (80, 70, 60, 50, 40, 30, 20)  # of an animation: the first that fits LIMIT
DRIFT = 8.0  # seconds shown of an animation without an end, forward and back


class GalleryError(Exception):
    """A one-line reason why the presets do not make a complete gallery."""


@dataclass(frozen=True)
class Entry:
    """A preset in the gallery. `heading`: the figure that it shows, or its title."""

    heading: str
    preset: Preset


def presets() -> list[Preset]:
    return [load_preset(name) for name in shipped()]


def sections(known: Sequence[Preset]) -> list[tuple[str, str, list[Entry]]]:
    """The gallery's sections, one for each theme: title, subtitle, entries. Raises GalleryError.

    The presets that show something of a text come first, under its name.
    """
    showing: dict[str, Preset] = {}
    for preset in known:
        for figure in shown(preset):
            if figure in showing:
                raise GalleryError(f"{figure}: both {showing[figure].name} and {preset.name}")
            showing[figure] = preset
    if bare := [preset.name for preset in known if not preset.theme]:
        raise GalleryError(f"no theme: {', '.join(bare)}")
    found = []
    for name, theme in THEMES.items():
        of_theme = [preset for preset in known if preset.theme == name]
        figures = FIGURED.get(name) or sorted(
            {f for p in of_theme for f in shown(p)}, key=str.lower
        )
        missing = [figure for figure in figures if figure not in showing]
        if missing:
            raise GalleryError(f"no preset shows {', '.join(missing)}")
        entries = [Entry(_heading(figure), showing[figure]) for figure in figures]
        entries += [Entry(preset.title, preset) for preset in of_theme if not shown(preset)]
        found.append((theme.title, theme.words, entries))
    return found


def _heading(figure: str) -> str:
    """The heading of a figure: without the name of the text, which the section has already."""
    name = figure.removeprefix("Tie-dye: ")
    return figure if name == figure else name[:1].upper() + name[1:]


def page(known: Sequence[Preset]) -> str:
    """The text of docs/gallery.md."""
    found = sections(known)
    lines = [
        "# Gallery",
        "",
        "Every picture is a shipped preset, drawn by this version. "
        "`python -m cppn_gl NAME` opens one in the window, where every value can be changed; "
        "`python -m cppn_gl render NAME -o FILE` draws it. `make gallery` makes this page.",
        "",
        *(f"- [{title}](#{_anchor(title)})" for title, _, _ in found),
    ]
    for title, words, entries in found:
        lines += ["", f"## {title}", "", words]
        for entry in entries:
            preset = entry.preset
            alone = entry.heading == preset.title
            said = preset.description if alone else f"**{preset.title}.** {preset.description}"
            lines += [
                "",
                f"### {entry.heading}",
                "",
                f"![{preset.title}](gallery/{picture_name(preset)})",
                "",
                f"`python -m cppn_gl {preset.name}`",
                "",
                said,
            ]
    return "\n".join(lines) + "\n"


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


def picture_name(preset: Preset) -> str:
    """The file of a preset's picture in docs/gallery/."""
    return f"{preset.name}.{'webp' if preset.animated else 'jpg'}"


def picture_size(preset: Preset) -> tuple[int, int]:
    """The size of a preset's picture in pixels."""
    view = preset.show.view
    if preset.name in OWN:
        return OWN[preset.name]
    if view == "sheet":
        size = natural_size(preset, cells(preset))
        widest = MOVING_SHEET if preset.animated else WIDEST
        scale = min(1.0, widest / size[0])
        return round(size[0] * scale), round(size[1] * scale)
    if preset.animated:
        return MOVING
    panels = preset.options(SurfaceOptions).panels
    several = preset.spec.depth > 1 if view == "curves" else panels != "one"
    return PANELS if several and view in ("curves", "surface") else SIZES.get(view, OTHERS)


def moments(preset: Preset) -> list[float]:
    """The times of an animation's frames: one period, or forward and back."""
    animation = preset.animation
    turns = preset.moves and animation.ending == "loop"
    if turns or (not preset.moves and "t" not in preset.spec.inputs):
        seconds = animation.seconds if turns else animation.loop
        return [seconds * k / FRAMES for k in range(FRAMES)]
    seconds = animation.seconds if preset.moves else DRIFT
    half = FRAMES // 2
    there = [seconds * k / half for k in range(half + 1)]
    return there + there[-2:0:-1]


def draw(renderer: "Renderer", preset: Preset) -> bytes:
    """A preset's picture, encoded as JPEG or WebP."""
    size, samples = picture_size(preset), SAMPLES
    if not preset.animated:
        picture = renderer.render(preset, size, samples=samples)
        return _encoded([picture], "JPEG", quality=QUALITY, optimize=True)
    drawn: dict[float, Any] = {}
    for moment in moments(preset):
        if moment not in drawn:
            drawn[moment] = renderer.render(preset, size, moment, samples=samples)
    frames = [drawn[moment] for moment in moments(preset)]
    for quality in QUALITIES:
        found = _encoded(frames, "WEBP", quality=quality, method=4, duration=FRAME_MS, loop=0)
        if len(found) <= LIMIT:
            return found
    raise GalleryError(f"{preset.name}: {len(found)} bytes, more than the limit of {LIMIT}")


def _encoded(frames: list[Any], form: str, **options: Any) -> bytes:
    from PIL import Image

    images = [Image.fromarray(frame) for frame in frames]
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    file = io.BytesIO()
    images[0].save(file, form, **options)
    return file.getvalue()


def draw_all(known: Sequence[Preset], only: Sequence[str]) -> None:
    """Draw the pictures of all presets, or only of some; with all, delete other pictures."""
    from cppn_gl.output.renderer import Renderer

    PICTURES.mkdir(exist_ok=True)
    with Renderer() as renderer:
        for preset in known:
            if only and preset.name not in only:
                continue
            start = time.perf_counter()
            found = draw(renderer, preset)
            (PICTURES / picture_name(preset)).write_bytes(found)
            took = time.perf_counter() - start
            width, height = picture_size(preset)
            words = f"{preset.name}: {width} × {height}, {len(found) // 1000} kB, {took:.1f} s"
            print(words, file=sys.stderr)
    if not only:
        names = {picture_name(preset) for preset in known}
        for path in PICTURES.iterdir():
            if path.name not in names:
                path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures and write the page; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="draw only these")
    parser.add_argument("--page", action="store_true", help="write only the page")
    options = parser.parse_args(arguments)
    known = presets()
    unknown = sorted(set(options.only) - {preset.name for preset in known})
    if unknown:
        parser.error(f"no preset {', '.join(unknown)}")
    try:
        text = page(known)
        if not options.page:
            draw_all(known, options.only)
    except GalleryError as error:
        print(f"make_gallery: {error}", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

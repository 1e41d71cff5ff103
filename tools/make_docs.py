"""Generates the tables and pictures of the documentation, except for the gallery.

python tools/make_docs.py            tables and pictures
python tools/make_docs.py --tables   tables only
python tools/make_docs.py --windows  the pictures of the window only
python tools/make_docs.py --learned  those of docs/learned.md only; they need the extra "trained"
python tools/make_docs.py --web      those of pages in a browser only

A table is written between `<!-- NAME -->` and `<!-- /NAME -->` in README.md or a page of docs/.
"""

import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.cli.commands import COMMANDS
from cppn_gl.cli.options import written
from cppn_gl.engines.names import AUTO, ENGINES
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.blocks import KEYS, STRUCTURES, TYPES
from cppn_gl.nn.features import FEATURES, described
from cppn_gl.nn.training.data_sets import DATA_SETS
from cppn_gl.preset.color import MAPPINGS, Color, strip
from cppn_gl.preset.preset import TABLES
from cppn_gl.preset.show import VIEWS, option_fields
from cppn_gl.preset.tables import fields_of
from cppn_gl.utils.checks import help_of
from cppn_gl.viewer.bindings import markdown_table
from cppn_gl.viewer.explaining import with_keys

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.preset import Preset

ROOT = Path(__file__).resolve().parent.parent


def preset_table() -> str:
    """All keys of a preset with defaults and help, from the dataclass fields."""
    rows = ["| key | default | |", "|---|---|---|"]
    for table in TABLES:
        for field in fields_of(table):
            text = help_of(field).replace("|", "\\|")
            rows.append(f"| `{table}.{written(field)}` | {_default(field.default)} | {text} |")
    return "\n".join(rows)


def views_table() -> str:
    """All views with their help and options."""
    rows = ["| view | shows | options |", "|---|---|---|"]
    for row in VIEWS.values():
        options = " ".join(f"`{field.name}`" for field in option_fields(row))
        rows.append(f"| `{row.name}` | {row.help} | {options} |")
    return "\n".join(rows)


def reading_list() -> str:
    """How to read each view, and what to try, from the table of views."""
    parts = []
    for row in VIEWS.values():
        tries = (
            "".join(
                f"`{run.words}`" if run.style == "bold" else run.words for run in with_keys(one)
            )
            for one in row.tries
        )
        lines = "\n".join(f"- {one}" for one in tries)
        parts.append(f"### {row.name}\n\n{row.reading}\n\n{lines}")
    return "\n\n".join(parts)


def _default(value: Any) -> str:
    """A value as TOML, which for the types of the keys is the same as JSON."""
    return "" if value is None or value == () else f"`{json.dumps(value, ensure_ascii=False)}`"


def pages() -> list[Path]:
    """The pages that may hold tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def rows_table(head: tuple[str, str], rows: dict[str, str]) -> str:
    """A table of names and their descriptions."""
    lines = [f"| `{name}` | {words} |" for name, words in rows.items()]
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *lines])


def engines_table() -> str:
    """Every family of engines, and "auto"."""
    auto = "the one that was measured to be fastest here, or a first guess"
    families = {engine.family: engine.help for engine in ENGINES.values()}
    return rows_table(("engine", "draws by"), {AUTO: auto, **families})


def commands_table() -> str:
    """Every command and its summary."""
    return rows_table(("command", "does"), {n: command.summary for n, command in COMMANDS.items()})


def data_table() -> str:
    """Every drawn data set, what its points are and how many classes they can have."""
    rows = ["| data | the points | classes |", "|---|---|---|"]
    for row in DATA_SETS.values():
        more = f", or 2 to {row.most}" if row.most > 2 else ""
        words = row.help.replace("|", "\\|")
        rows.append(f"| `{row.name}` | {words} | {row.classes or ''}{more} |")
    return "\n".join(rows)


def blocks_table() -> str:
    """Every type of block, what it is, and its keys."""
    rows = ["| type | is | keys |", "|---|---|---|"]
    for name, words in TYPES.items():
        rows.append(f"| `{name}` | {words} | {' '.join(f'`{key}`' for key in KEYS[name])} |")
    return "\n".join(rows)


def activations_table() -> str:
    """Every activation and its formula."""
    formulas = {name: row.formula.replace("|", "\\|") for name, row in ACTIVATIONS.items()}
    return rows_table(("activation", "is"), formulas)


def inputs_table() -> str:
    """Every input feature and what it is."""
    return rows_table(("input", "is"), {**FEATURES, "z0": described("z0")})


def mappings_table() -> str:
    """Every colour mapping and what it shows."""
    rows = {name: row.help for name, row in MAPPINGS.items()}
    return rows_table(("mapping", "shows"), rows)


def tables() -> dict[str, str]:
    """All tables, by the names in their markers."""
    return {
        "keys": markdown_table(),
        "keys-seeing": markdown_table(seeing=True),
        "views": views_table(),
        "views-reading": reading_list(),
        "preset-keys": preset_table(),
        "activations": activations_table(),
        "inputs": inputs_table(),
        "mappings": mappings_table(),
        "engines": engines_table(),
        "commands": commands_table(),
        "data-sets": data_table(),
        "structures": rows_table(("structure", "is"), STRUCTURES),
        "blocks": blocks_table(),
    }


def with_tables(text: str) -> str:
    """A page with the tables between its markers regenerated."""
    for name, table in tables().items():
        marker = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marker.sub(lambda match, t=table: f"{match[1]}{t}\n{match[2]}", text)
    return text


def draw_pictures() -> None:
    """Draw docs/presets.jpg, docs/random.jpg and docs/colors.webp."""
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.library import load_preset, shipped

    docs = ROOT / "docs"
    color_strips().save(docs / "colors.webp", quality=80, method=6)
    files = {name: load_preset(name) for name in shipped()}
    shown = {name: preset for name, preset in files.items() if preset.show.view == "picture"}
    surprises = {f"random --seed {n}": load_preset("random", seed=n) for n in range(1, 17)}
    with Renderer() as renderer:
        contact_sheet(renderer, shown).save(docs / "presets.jpg", quality=88)
        contact_sheet(renderer, surprises).save(docs / "random.jpg", quality=88)


def contact_sheet(renderer: "Renderer", presets: "dict[str, Preset]") -> "PILImage":
    """Small pictures of presets, each with its name below."""
    from PIL import Image, ImageDraw

    from cppn_gl.utils.alpha import on_checks
    from cppn_gl.views import text

    columns, cell, line = 4, (240, 150), 18
    rows = -(-len(presets) // columns)
    sheet = Image.new("RGB", (columns * (cell[0] + 6) - 6, rows * (cell[1] + line + 6)), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (name, preset) in enumerate(presets.items()):
        left = i % columns * (cell[0] + 6)
        top = i // columns * (cell[1] + line + 6)
        pixels = on_checks(renderer.render(preset, cell, samples=2))
        sheet.paste(Image.fromarray(pixels), (left, top))
        text.write(pen, (left, top + cell[1] + 2), name, 12, "black")
    return sheet


def color_strips() -> "PILImage":
    """Every colour mapping: a strip of its colours, above the same in four flat inks."""
    import numpy as np
    from PIL import Image, ImageDraw

    from cppn_gl.views import text

    columns, (width, high), line = 4, (232, 26), 20
    cell = width + 16, 2 * high + line + 12
    rows = -(-len(MAPPINGS) // columns)
    sheet = Image.new("RGB", (columns * cell[0] - 16, rows * cell[1] - 12), "white")
    pen = ImageDraw.Draw(sheet)
    for i, name in enumerate(MAPPINGS):
        left, top = i // rows * cell[0], i % rows * cell[1]
        text.write(pen, (left, top), name, 15, "black")
        for k, inks in enumerate((0, 4)):
            row = np.round(strip(Color(name, inks=inks), width) * 255).astype(np.uint8)
            picture = Image.fromarray(np.repeat(row[None], high, axis=0))
            sheet.paste(picture, (left, top + line + k * high))
    return sheet


# docs/window/NAME.webp: the words of the command line, the window's size, and the keys pressed.
WINDOWS: dict[str, tuple[list[str], tuple[int, int], list[str]]] = {
    f"{name}-{size[0]}x{size[1]}": (words, size, keys)
    for size in ((1280, 800), (640, 400), (300, 200))
    for name, words, keys in (
        ("hud", ["default", "--time", "6"], ["space"]),
        ("panel", ["neylon-27"], ["Tab"]),
        ("chooser", ["neylon-27"], ["shift+Tab"]),
        ("tour", ["tour"], ["p", "p"]),
        ("explain", ["neylon-18"], ["question"]),
        ("training", ["learn-spiral"], ["Tab"]),
        ("structures", ["photograph-units"], []),
        ("channels", ["squeezenet"], []),
        ("image-network", ["squeezenet"], ["Tab"]),
        ("diagram", ["blocks"], ["Tab"]),
        ("film", ["loop", "--time", "8"], ["space", "F9"]),
    )
}


# docs/learned/NAME.webp: a preset, its size in pixels, and keys that are changed.
LEARNED: dict[str, tuple[str, tuple[int, int], dict[str, Any]]] = {
    "dashboard": ("squeezenet", (1120, 640), {}),
    "kernels": (
        "squeezenet",
        (640, 400),
        {"channels.unit": (1, 1), "channels.tiles": "kernels", "input.image": "cat"},
    ),
    "middle": ("squeezenet", (640, 400), {"channels.unit": (18, 111)}),
    "late": ("squeezenet", (640, 400), {"channels.unit": (31, 120)}),
    "covered": ("occlusion", (960, 420), {"attribution.cover": (0.44, 0.48, 0.6)}),
    "methods": ("attribution", (960, 560), {"attribution.method": "all"}),
    "feature": ("feature", (480, 300), {}),
    "dream": (
        "feature",
        (480, 300),
        {
            "channels.unit": (32, 1),
            "synthesis.of": "layer",
            "synthesis.start": "picture",
            "synthesis.basis": "pixels",
            "synthesis.octaves": 3,
            "synthesis.size": 224,
            "synthesis.steps": 40,
        },
    ),
}


def draw_learned() -> None:
    """Draw docs/learned/*.webp: needs the extra "trained"."""
    from PIL import Image

    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.library import load_preset

    folder = ROOT / "docs" / "learned"
    folder.mkdir(exist_ok=True)
    with Renderer("native") as renderer:
        for name, (preset, size, keys) in LEARNED.items():
            pixels = renderer.render(load_preset(preset).replace(**keys), size)
            image = Image.fromarray(pixels)
            image.save(folder / f"{name}.webp", quality=84, method=6)


def photograph_windows() -> None:
    """Write docs/window/*.webp: the live window, as it is after some keys, on a virtual display."""
    sys.path.insert(0, str(ROOT / "tests"))
    from desktop import Desktop, virtual_display, wait_for
    from PIL import Image

    folder = ROOT / "docs" / "window"
    folder.mkdir(exist_ok=True)
    for name, (words, (width, height), keys) in WINDOWS.items():
        with virtual_display() as display, tempfile.TemporaryDirectory() as empty:
            size = f"{width}x{height}"
            desktop = Desktop(display, Path(empty), *words, "--size", size, hud=True)
            try:
                x, y = width // 3, height // 2
                if name.startswith("training"):  # without the values of a point in its units
                    x, y = width - 60, 60
                desktop.xdotool("mousemove", "--window", desktop.window, str(x), str(y))
                for key in keys:
                    time.sleep(0.5)
                    desktop.key(key)
                desktop.finished()
                seen = [desktop.pixels()]

                # The chooser draws its pictures one after the other; the dialog of films measures;
                # a training goes on for some seconds.
                wait = 5.0 if name.startswith(("chooser", "film", "training")) else 0.4

                def rests(
                    seen: list[Any] = seen, desktop: Any = desktop, wait: float = wait
                ) -> bool:
                    time.sleep(wait)
                    seen.append(desktop.pixels())
                    return bool((seen[-1] == seen[-2]).all())

                wait_for(rests, "a window at rest")
                desktop.xdotool("mousemove_relative", "1", "0")  # the HUD has faded by now
                time.sleep(0.4)
                image = Image.fromarray(desktop.pixels())
                image.save(folder / f"{name}.webp", quality=92, method=6)
            finally:
                desktop.close()


# Pages in a browser: preset, size in CSS pixels, colour scheme.
WEB = (("molten-glass", (1280, 800), "dark"), ("molten-glass", (390, 844), "light"))


def photograph_pages() -> None:
    """Write docs/web/*.webp: exported pages in Chromium, at rest."""
    sys.path.insert(0, str(ROOT / "tests"))
    from io import BytesIO

    from browser import ARGUMENTS, chromium
    from PIL import Image
    from playwright.sync_api import sync_playwright

    from cppn_gl.output.web.page import page_of
    from cppn_gl.preset.library import load_preset
    from cppn_gl.preset.shot import Shot

    folder = ROOT / "docs" / "web"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as empty:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        for name, (width, height), scheme in WEB:
            path = Path(empty) / f"{name}.html"
            path.write_bytes(page_of(Shot(load_preset(name), (width, height))))
            size: Any = {"width": width, "height": height}
            tab = browser.new_page(viewport=size, color_scheme=scheme, has_touch=width < 600)
            tab.goto(path.as_uri())
            tab.wait_for_timeout(2000)  # messages have gone, time has moved
            tab.keyboard.press("Space")
            tab.wait_for_timeout(3000)
            # The picture of all pixels is there.
            tab.wait_for_selector("#progress", state="hidden", timeout=180_000)
            image = Image.open(BytesIO(tab.screenshot())).convert("RGB")
            image.save(folder / f"page-{width}x{height}.webp", quality=90, method=6)
            tab.close()
        browser.close()


def main() -> None:
    """Write the tables and, unless told otherwise, all pictures."""
    for page in pages():
        page.write_text(with_tables(page.read_text("utf-8")), "utf-8")
    if "--tables" in sys.argv:
        return
    if "--web" in sys.argv:
        photograph_pages()
        return
    if "--windows" not in sys.argv:
        draw_learned()
    if "--learned" in sys.argv:
        return
    if "--windows" not in sys.argv:
        draw_pictures()
        photograph_pages()
    photograph_windows()


if __name__ == "__main__":
    main()

"""Writes what the documentation takes from the program: the README's tables, and the pictures.

python tools/make_docs.py            tables and pictures
python tools/make_docs.py --tables   tables only
"""

import dataclasses
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from cppn_gl.cli.options import written
from cppn_gl.preset.preset import TABLES
from cppn_gl.preset.show import VIEWS, option_fields
from cppn_gl.utils.checks import help_of
from cppn_gl.viewer.bindings import markdown_table

ROOT = Path(__file__).resolve().parent.parent


def preset_table() -> str:
    """Every key of a preset: its default and its help, from the dataclass fields."""
    rows = ["| key | default | |", "|---|---|---|"]
    for table, cls in TABLES.items():
        for field in dataclasses.fields(cls):
            text = help_of(field).replace("|", "\\|")
            rows.append(f"| `{table}.{written(field)}` | {_default(field.default)} | {text} |")
    return "\n".join(rows)


def views_table() -> str:
    """Every view, what it shows, and its options."""
    rows = ["| view | shows | options |", "|---|---|---|"]
    for row in VIEWS.values():
        options = " ".join(f"`{field.name}`" for field in option_fields(row))
        rows.append(f"| `{row.name}` | {row.help} | {options} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    if value is None or value == ():
        return ""
    shown = list(value) if isinstance(value, tuple) else value
    return f"`{shown!r}`".replace("'", '"')


def with_tables(readme: str) -> str:
    """The README with its tables made anew, between their marks."""
    tables = {"keys": markdown_table(), "views": views_table(), "preset-keys": preset_table()}
    for name, table in tables.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        readme = mark.sub(lambda found, t=table: f"{found[1]}{t}\n{found[2]}", readme)
    return readme


def draw_pictures() -> None:
    """The pictures in docs/."""
    from PIL import Image, ImageDraw

    from cppn_gl.output.png import encode_png
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.library import load_preset, shipped
    from cppn_gl.preset.shot import Shot
    from cppn_gl.views import text

    docs = ROOT / "docs"
    with Renderer() as renderer:
        shot = Shot(load_preset("neylon-27"), (800, 450), samples=2, engine=renderer.info.engine)
        pixels = renderer.render(shot.preset, shot.size, samples=shot.samples)
        (docs / "neylon-27.png").write_bytes(encode_png(pixels, shot, level=9))
        names = [name for name in shipped() if load_preset(name).show.view == "picture"]
        columns, cell, line = 4, (240, 150), 18
        rows = -(-len(names) // columns)
        size = (columns * (cell[0] + 6) - 6, rows * (cell[1] + line + 6))
        sheet = Image.new("RGB", size, "white")
        pen = ImageDraw.Draw(sheet)
        for i, name in enumerate(names):
            left = i % columns * (cell[0] + 6)
            top = i // columns * (cell[1] + line + 6)
            picture = renderer.render(load_preset(name), cell, samples=2)
            sheet.paste(Image.fromarray(picture), (left, top))
            pen.text((left, top + cell[1] + 2), name, fill="black", font=text.font(12))
        sheet.save(docs / "presets.jpg", quality=88)


def photograph_window() -> None:
    """docs/window.png: the live window on a virtual display, with its HUD."""
    sys.path.insert(0, str(ROOT / "tests"))
    from desktop import Desktop, virtual_display, wait_for
    from PIL import Image

    with virtual_display() as display, tempfile.TemporaryDirectory() as folder:
        desktop = Desktop(display, Path(folder), "default", "--size", "880x500", hud=True)
        try:
            wait_for(lambda: desktop.events()[-1]["time"] > 6, "time to pass")
            desktop.key("space")
            wait_for(lambda: desktop.events()[-1]["samples"] > 1, "the finest picture")
            bare = desktop.pixels()  # the HUD has faded meanwhile
            desktop.xdotool("mousemove", "--window", desktop.window, "600", "400")
            wait_for(lambda: (desktop.pixels() != bare).any(), "the HUD")
            seen = [desktop.pixels()]

            def rests() -> bool:
                seen.append(desktop.pixels())
                return bool((seen[-1] == seen[-2]).all())

            wait_for(rests, "a window at rest")
            Image.fromarray(seen[-1]).save(ROOT / "docs" / "window.png", optimize=True)
        finally:
            desktop.close()


def main() -> None:
    """Write the tables and, unless told otherwise, the pictures."""
    readme = ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")
    if "--tables" not in sys.argv:
        draw_pictures()
        photograph_window()


if __name__ == "__main__":
    main()

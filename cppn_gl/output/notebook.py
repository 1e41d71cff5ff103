"""How presets, networks and renderers show themselves in Jupyter, and live pages in a cell.

    cppn_gl's public names -> attach() -> _repr_png_, _repr_html_ of the classes loaded so far
    preset, size -> live() -> Live: the page that `export` writes, in a frame of its own

Nothing heavy is imported until a notebook asks: it draws then. All words are escaped.
"""

import base64
import html
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cppn_gl.nn.network import Network
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.preset import Preset

SIZE = (640, 360)  # pixels of a picture in a cell
FRAME = (900, 520)  # pixels of a live page in a cell: the picture, and its sliders beside it
QUALITY = 90  # of the WebP in HTML; the PNG beside it is exact
MOST_WORDS = 4000  # characters of a preset's TOML in a cell
# What a page may do in its frame. Its origin is its own, so that it cannot reach the notebook.
SANDBOX = "allow-scripts allow-downloads"
ALLOW = "fullscreen; clipboard-write"

_DRAWN = 2  # pictures kept: a notebook asks for PNG and HTML one after the other
_drawn: "dict[int, tuple[Any, bytes, bytes, str]]" = {}  # by id; each holds what it is of


class Live:
    """A live page of a preset, which a notebook shows in a frame."""

    def __init__(self, preset: "Preset", page: bytes, size: tuple[int, int]):
        self.preset, self.page, self.size = preset, page, size

    def _repr_html_(self) -> str:
        width, height = self.size
        title = html.escape(self.preset.title or self.preset.name)
        return (
            f'<iframe title="{title}" sandbox="{SANDBOX}" allow="{ALLOW}" '
            f'style="display:block;width:100%;max-width:{width}px;height:{height}px;border:0;'
            f'border-radius:6px" srcdoc="{html.escape(self.page.decode())}"></iframe>'
        )

    def __repr__(self) -> str:
        name = self.preset.title or self.preset.name
        return f"Live({name!r}, {len(self.page) / 1000:.0f} KB; a notebook shows it)"


def live(what: "Preset | str | Path", size: tuple[int, int] = FRAME) -> Live:
    """A page of a preset, live in a notebook's cell: `size` pixels, or less where that is narrow.

    `what`: a preset, or what `load_preset` takes. Raises PresetError, in one line, for what a page
    cannot show, and for a wrong size.
    """
    from cppn_gl.output.web.page import page_of
    from cppn_gl.preset.library import load_preset
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import SIZE as SIZES
    from cppn_gl.preset.shot import Shot
    from cppn_gl.utils.checks import checked

    frame: tuple[int, int] = checked(SIZES, tuple(size), "size")
    if isinstance(what, str | Path):
        what = load_preset(what)
    if not isinstance(what, Preset):
        raise TypeError(f"expected a Preset or its name, not {type(what).__name__}")
    return Live(what, page_of(Shot(what)), frame)


def attach() -> None:
    """Let the classes that are loaded show themselves. Cheap, and to be repeated."""
    for (module, name), methods in _METHODS.items():
        found = getattr(sys.modules.get(module), name, None)
        if found is not None and "_repr_html_" not in vars(found):
            for method, function in methods.items():
                setattr(found, method, function)


def _png(self: "Preset | Network") -> bytes | None:
    """The picture as PNG, which remembers how it was made; None if it cannot be drawn."""
    return _picture(self)[0] or None


def _preset_html(self: "Preset") -> str:
    title = html.escape(self.title or self.name)
    said = f"<div>{html.escape(self.description)}</div>" if self.description else ""
    toml = self.to_toml()
    if len(toml) > MOST_WORDS:
        toml = f"{toml[:MOST_WORDS]}…"
    return _figure(
        _image(self, title),
        f"<b>{title}</b>{said}<details><summary>TOML</summary>"
        f'<pre style="white-space:pre-wrap">{html.escape(toml)}</pre></details>',
    )


def _network_html(self: "Network") -> str:
    words = html.escape(repr(self))
    return _figure(_image(self, words), f"<code>{words}</code>")


def _renderer_html(self: "Renderer") -> str:
    """What draws, as a table."""
    info = self.info
    rows: dict[str, object] = {"engine": info.engine, "renderer": info.renderer}
    if info.context is not None:
        context = info.context
        rows |= {
            "OpenGL": context.version,
            "drawn by": "the CPU" if context.software else "a graphics device",
            "largest picture": f"{context.max_texture_size} pixels a side at once",
        }
    if self.fallback is not None:
        rows["no OpenGL"] = self.fallback
    cells = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{cells}</table>"


def _image(what: "Preset | Network", alt: str) -> str:
    """The picture as an element, or why there is none. `alt` is escaped."""
    _, webp, problem = _picture(what)
    if problem:
        return f"<em>No picture: {html.escape(problem)}</em>"
    width, height = SIZE
    data = base64.b64encode(webp).decode()
    return (
        f'<img alt="{alt}" width="{width}" height="{height}" style="max-width:100%;height:auto" '
        f'src="data:image/webp;base64,{data}">'
    )


def _figure(picture: str, words: str) -> str:
    return (
        f'<figure style="margin:0;max-width:{SIZE[0]}px">{picture}'
        f'<figcaption style="margin-top:0.4em">{words}</figcaption></figure>'
    )


def _picture(what: "Preset | Network") -> tuple[bytes, bytes, str]:
    """The picture as PNG and as WebP, and why there is none, which is then shown."""
    kept = _drawn.get(id(what))
    if kept is not None and kept[0] is what:
        return kept[1:]
    from cppn_gl.engines.gl.context import ContextError
    from cppn_gl.utils.checks import PresetError

    try:
        png, webp, problem = *_draw(what), ""
    except (PresetError, ContextError) as error:
        png, webp, problem = b"", b"", str(error)
    while len(_drawn) >= _DRAWN:
        del _drawn[next(iter(_drawn))]
    _drawn[id(what)] = what, png, webp, problem
    return png, webp, problem


def _draw(what: "Preset | Network") -> tuple[bytes, bytes]:
    from PIL import Image

    from cppn_gl.output.png import encode_png
    from cppn_gl.output.renderer import Renderer
    from cppn_gl.preset.looping import good_time
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import Shot

    preset = what if isinstance(what, Preset) else None
    time = 0.0 if preset is None else good_time(preset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # without OpenGL it is drawn all the same
        with Renderer() as renderer:
            pixels = renderer.render(what, SIZE, time)
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(file, "WEBP", quality=QUALITY)
    if preset is not None:
        return encode_png(pixels, Shot(preset, SIZE, time)), file.getvalue()
    plain = io.BytesIO()
    image.save(plain, "PNG")
    return plain.getvalue(), file.getvalue()


# Modules and classes, and their methods. Subclasses inherit them.
_METHODS: dict[tuple[str, str], dict[str, Callable[..., Any]]] = {
    ("cppn_gl.preset.preset", "Preset"): {"_repr_png_": _png, "_repr_html_": _preset_html},
    ("cppn_gl.nn.network", "Network"): {"_repr_png_": _png, "_repr_html_": _network_html},
    ("cppn_gl.output.renderer", "Renderer"): {"_repr_html_": _renderer_html},
}

"""Presets, networks and renderers in notebooks: pictures, words, live pages; and the example."""

import base64
import html
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import BLANK
from PIL import Image

import cppn_gl
from cppn_gl.output import notebook
from cppn_gl.output.notebook import Live, live
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.resources import resource

EXAMPLE = resource("presets").parent / "examples" / "notebook.ipynb"
EVIL = "</script><script>alert(1)</script>\"'"
pytestmark = pytest.mark.gl


def small(**keys: Any) -> Any:
    return cppn_gl.load_preset("default").replace(depth=3, width=6, **keys)


def pixels(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def shown(text: str) -> bytes:
    """The picture within HTML."""
    found = re.search(r'src="data:image/webp;base64,([^"]+)"', text)
    assert found is not None
    return base64.b64decode(found[1])


class Frame(HTMLParser):
    """The attributes of the frame in a cell, unescaped."""

    def __init__(self, text: str):
        super().__init__()
        self.attributes: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.attributes = {name: value or "" for name, value in attrs}


def test_a_preset_is_its_picture_as_render_draws_it(tmp_path: Path) -> None:
    preset = small()
    png = preset._repr_png_()
    assert (pixels(png) == cppn_gl.render(preset)).all()
    (tmp_path / "cell.png").write_bytes(png)
    assert read_shot(tmp_path / "cell.png").preset == preset
    assert np.abs(pixels(shown(preset._repr_html_())) - pixels(png)).mean() < 4


def test_a_network_is_a_picture_too() -> None:
    network = cppn_gl.Network.random(depth=3, width=5, inputs=("x", "y"), seed=7)
    assert (pixels(network._repr_png_()) == cppn_gl.render(network)).all()  # type: ignore[attr-defined]
    assert html.escape(repr(network)) in network._repr_html_()  # type: ignore[attr-defined]


def test_a_picture_is_drawn_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = notebook._draw
    monkeypatch.setattr(notebook, "_draw", lambda what: drawn.append(what) or draw(what))
    preset = small(seed=123)
    preset._repr_png_()
    preset._repr_html_()
    assert drawn == [preset]


def test_a_renderer_says_what_draws() -> None:
    with cppn_gl.Renderer() as renderer:
        text = renderer._repr_html_()  # type: ignore[attr-defined]
        assert html.escape(renderer.info.renderer) in text
        assert f">{renderer.info.engine}<" in text
    with cppn_gl.Renderer("numpy") as renderer:
        assert "OpenGL" not in renderer._repr_html_()  # type: ignore[attr-defined]


def test_every_word_is_escaped() -> None:
    preset = small(title=EVIL, description=EVIL)
    for text in (preset._repr_html_(), live(preset)._repr_html_()):
        assert "<script" not in text
        assert "alert(1)" in text


def test_what_cannot_be_drawn_says_why_in_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(what: Any) -> Any:
        raise PresetError("needs <nothing>")

    monkeypatch.setattr(notebook, "_draw", draw)
    preset = small(seed=99)
    assert "No picture: needs &lt;nothing&gt;" in preset._repr_html_()
    assert preset._repr_png_() is None


def test_a_live_page_is_the_exported_one_in_a_frame_of_its_own() -> None:
    found = live(small(), size=(300, 200))
    frame = Frame(found._repr_html_()).attributes
    assert frame["srcdoc"] == found.page.decode()
    assert set(frame["sandbox"].split()) == {"allow-scripts", "allow-downloads"}
    assert "max-width:300px;height:200px" in frame["style"]
    assert "KB" in repr(found)


def test_a_live_page_is_of_a_preset_or_its_name() -> None:
    assert live("default").preset == cppn_gl.load_preset("default")
    with pytest.raises(TypeError, match="not int"):
        live(3)  # type: ignore[arg-type]
    for wrong in ("landscape", "no-such-preset"):
        with pytest.raises(PresetError) as caught:
            live(wrong)
        assert "\n" not in str(caught.value)
    with pytest.raises(PresetError, match="size"):
        live("default", size=(0, 10))


def test_importing_the_package_and_a_preset_draws_nothing() -> None:
    code = (
        "import sys, cppn_gl; preset = cppn_gl.load_preset('default')\n"
        "preset._repr_html_; preset.network()._repr_png_\n"
        "print(*{'moderngl', 'PIL', 'cppn_gl.output.renderer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.browser
def test_a_cell_draws_the_network_in_its_frame(page: Any) -> None:
    page.set_content(BLANK + cell(live(small(), size=(400, 300))._repr_html_()))
    assert drawn_in(page)


def cell(text: str) -> str:
    return f"<body>{text}</body>"


def drawn_in(page: Any) -> bool:
    """Whether the network in the only frame of a page is drawn, and is no plain colour."""
    page.wait_for_selector("iframe")
    frame = page.frames[-1]
    frame.wait_for_function("() => globalThis.cppn && cppn.render", timeout=30_000)
    values = frame.evaluate("cppn.render(32, 18, 0).then(pixels => [...pixels])")
    return len(values) == 32 * 18 * 4 and len(set(values)) > 10


@pytest.mark.skipif(not EXAMPLE.exists(), reason="only in a checkout")
def test_the_example_is_clean() -> None:
    example = json.loads(EXAMPLE.read_text("utf-8"))
    for one in example["cells"]:
        assert one.get("outputs", []) == []
        assert one.get("execution_count") is None
    assert set(example["metadata"]) == {"kernelspec", "language_info"}
    assert len(example["cells"]) < 20


EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient
example = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(example, timeout=240, kernel_name="python3").execute()
nbformat.write(example, sys.argv[2])
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The example notebook with its outputs."""
    pytest.importorskip("nbclient", reason="missing: nbclient")
    folder = tmp_path_factory.mktemp("notebook")
    package = Path(cppn_gl.__file__).parents[1]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH")))),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    run = [sys.executable, "-c", EXECUTE, str(EXAMPLE), str(folder / "done.ipynb")]
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "done.ipynb").read_text("utf-8"))


def outputs(example: Any) -> list[dict[str, str]]:
    """The data of all outputs, by type."""
    found = [
        output.get("data", {}) for one in example["cells"] for output in one.get("outputs", [])
    ]
    return [{kind: "".join(data) for kind, data in output.items()} for output in found]


@pytest.mark.skipif(not EXAMPLE.exists(), reason="only in a checkout")
def test_the_example_shows_a_preset_a_change_a_sheet_numbers_and_a_live_page(executed: Any) -> None:
    found = outputs(executed)
    pictures = [output for output in found if "image/png" in output]
    assert len(pictures) == 3
    assert len({output["image/png"] for output in pictures}) == 3
    assert all("<figure" in output["text/html"] for output in pictures)
    assert "array([[" in "".join(output.get("text/plain", "") for output in found)
    assert "<iframe" in found[-1]["text/html"]
    said = [o for one in executed["cells"] for o in one.get("outputs", []) if o.get("name")]
    assert [output["name"] for output in said] == ["stdout"]  # and nothing on stderr


@pytest.mark.browser
@pytest.mark.skipif(not EXAMPLE.exists(), reason="only in a checkout")
def test_the_example_as_a_page_is_live(executed: Any, page: Any, tmp_path: Path) -> None:
    cells = "".join(cell.get("text/html", "") for cell in outputs(executed))
    path = tmp_path / "notebook.html"
    path.write_text(f"{BLANK}<body>{cells}</body>", "utf-8")
    page.goto(path.as_uri())
    assert drawn_in(page)
    assert page.evaluate("[...document.images].every(i => i.naturalWidth == 640)")


def test_live_is_a_class_of_its_own() -> None:
    preset = Preset(title="A <title>")
    assert 'title="A &lt;title&gt;"' in Live(preset, b"<p>", (9, 9))._repr_html_()

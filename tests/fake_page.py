"""The page with an engine that draws no network: for tests of what one sees and touches.

The picture of the fake engine is a plain colour, by the seed. `fake` in the page has what it was
asked for: fake.asked = [{preset, time, width, height}, …], fake.shown; `ui` is the page's object.
"""

import html
import json
from pathlib import Path
from typing import Any

from browser import open_file

from cppn_gl.output.web.bundle import bundle
from cppn_gl.output.web.description import describe
from cppn_gl.output.web.page import style
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.resources import resource

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
ENGINE = """
class Fake {
  constructor(canvas) {
    Object.assign(this, { canvas, asked: [], shown: null, settled: 0, rate: 1e9, slow: false,
      cells: modules.cells });
    this.context = canvas.getContext("2d");
    this.release = null;
  }
  async picture(preset, time, { width, height, cancelled }) {
    const picture = { preset, time, width, height };
    if (preset.get("show.view") === "sheet") picture.layout = this.layout;
    this.asked.push(picture);
    if (this.broken) throw new Error("the fake engine is broken");
    while (this.slow && !cancelled()) await new Promise((resolve) => setTimeout(resolve));
    return cancelled() ? null : picture;
  }
  present(picture) {
    this.shown = picture;
    const { width, height } = this.canvas;
    const hue = Number(picture.preset.get("network.seed") || 0) * 47;
    const fill = this.context.createLinearGradient(0, 0, width, height);
    fill.addColorStop(0, `hsl(${hue} 70% 45%)`);
    fill.addColorStop(1, `hsl(${hue + 70} 60% 25%)`);
    this.context.fillStyle = fill;
    this.context.fillRect(0, 0, width, height);
  }
  async pixels(preset, time, width, height) {
    const pixels = new Uint8Array(width * height * 4).fill(255);
    for (let at = 0; at < pixels.length; at += 4) pixels[at] = 40;
    return pixels;
  }
  async settle() {
    this.settled++;
  }
}
var ui, fake;
function begin(description) {
  const { canvas = document.getElementById("picture") } = {};
  fake = new Fake(canvas);
  const preset = modules.preset.presetOf(description);
  ui = modules.ui.startPage({ description, preset, engine: fake,
    root: document.getElementById("app") });
}
"""


def fake_html(shot: Shot) -> str:
    """The page of a shot, with the fake engine."""
    title = shot.preset.title or shot.preset.name
    data = json.dumps(describe(shot))
    program = f"{bundle(expose=True)}\n{ENGINE}\nbegin({data});".replace("</script", "<\\/script")
    filled = {
        "policy": "",
        "title": html.escape(title),
        "description": html.escape(shot.preset.description),
        "style": style(),
        "still": PIXEL,
        "preset": "",
        "home": "",
        "packed": "",
        "program": program,
    }
    text = (resource("web") / "page.html").read_text("utf-8")
    for name, value in filled.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def open_fake(page: Any, folder: Path, preset: str = "default", **replace: Any) -> Any:
    """The page of a shipped preset in Chromium, with the fake engine, when a picture is shown."""
    shot = Shot(load_preset(preset).replace(**replace), (64, 36), 0.0)
    file = folder / "page.html"
    file.write_text(fake_html(shot), encoding="utf-8")
    open_file(page, file)
    page.wait_for_function("fake.shown !== null")
    return page

"""docs/gallery.md and its pictures are what tools/make_gallery.py makes of the presets."""

import importlib.util
import io
import sys
from types import ModuleType

import pytest
from PIL import Image

from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.themes import THEMES
from cppn_gl.utils.resources import resource

TOOL = resource("presets").parent / "tools" / "make_gallery.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="only in a checkout")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gallery", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


tool = _load() if TOOL.exists() else ModuleType("make_gallery")


@pytest.fixture(scope="module")
def text() -> str:
    return str(tool.PAGE.read_text("utf-8"))


def test_the_page_is_what_the_tool_writes(text: str) -> None:
    assert text == tool.page(tool.presets())


def test_it_has_a_heading_for_each_figure_in_order(text: str) -> None:
    headings = [line[4:] for line in text.splitlines() if line.startswith("### Figure")]
    assert headings == [f"Figure {number}" for number in range(1, 21)]


@pytest.mark.parametrize("name", shipped())
def test_it_names_every_preset_and_its_picture_is_there(name: str, text: str) -> None:
    preset = load_preset(name)
    assert f"`python -m cppn_gl {name}`" in text
    assert f"(gallery/{tool.picture_name(preset)})" in text
    with Image.open(tool.PICTURES / tool.picture_name(preset)) as image:
        assert image.size == tool.picture_size(preset)
        assert getattr(image, "n_frames", 1) == (tool.FRAMES if preset.animated else 1)


def test_there_are_no_other_pictures_and_they_are_small() -> None:
    files = list(tool.PICTURES.iterdir())
    assert {path.name for path in files} == {tool.picture_name(p) for p in tool.presets()}
    assert max(path.stat().st_size for path in files) <= tool.LIMIT
    assert sum(path.stat().st_size for path in files) < 6e6


def test_a_missing_figure_is_an_error() -> None:
    known = [preset for preset in tool.presets() if preset.shows != "Figure 9"]
    with pytest.raises(tool.GalleryError, match="no preset shows Figure 9"):
        tool.page(known)


def test_two_presets_of_one_figure_are_an_error() -> None:
    known = tool.presets()
    with pytest.raises(tool.GalleryError, match="Figure 11: both"):
        tool.page([*known, load_preset("neylon-40").replace(shows="Figure 11")])


def test_a_preset_without_a_theme_is_an_error() -> None:
    with pytest.raises(tool.GalleryError, match="no theme: agate"):
        tool.page([load_preset("agate").replace(theme=""), load_preset("default")])


def test_its_sections_are_the_themes(text: str) -> None:
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == [theme.title for theme in THEMES.values()]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tool.main(["--only", "neylon-2"])
    assert "no preset neylon-2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["default", "loop", "scale-animated", "walk"])
def test_what_moves_comes_back_to_its_first_frame(name: str) -> None:
    preset = load_preset(name)
    times = tool.moments(preset)
    assert len(times) == tool.FRAMES
    assert times[0] == 0
    there_and_back = times[1] == times[-1]
    whole = preset.animation.seconds if preset.moves else preset.animation.loop
    assert there_and_back or times[-1] + times[1] == pytest.approx(whole)
    assert there_and_back == (name in ("default", "scale-animated"))


@pytest.mark.gl
@pytest.mark.parametrize("name", ["planes-rgb", "loop"])
def test_drawing_twice_gives_the_same_file(name: str) -> None:
    preset = load_preset(name)
    with Renderer() as renderer:
        files = [tool.draw(renderer, preset) for _ in range(2)]
    assert files[0] == files[1]
    with Image.open(io.BytesIO(files[0])) as image:
        assert image.size == tool.picture_size(preset)

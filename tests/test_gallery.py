"""docs/gallery.md and its pictures are what tools/make_gallery.py makes of the presets."""

import dataclasses
import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.themes import THEMES
from cppn_gl.utils.resources import resource

TOOLS = resource("presets").parent / "tools"
sys.path.insert(0, str(TOOLS))
tool = pytest.importorskip("make_gallery", reason="only in a checkout")
drawing = pytest.importorskip("gallery_pictures", reason="only in a checkout")
films = pytest.importorskip("films", reason="only in a checkout")

KNOWN = tool.presets()
JOBS = [*tool.jobs(KNOWN), *tool.jobs(KNOWN, full=True)]


@pytest.fixture(scope="module")
def text() -> str:
    return str(tool.PAGE.read_text("utf-8"))


def test_the_page_is_what_the_tool_writes(text: str) -> None:
    assert text == tool.page(KNOWN)


def test_it_has_a_heading_for_each_figure_in_order(text: str) -> None:
    headings = [line[4:] for line in text.splitlines() if line.startswith("### Figure")]
    assert headings == [f"Figure {number}" for number in range(1, 21)]


def test_its_sections_are_highlights_figures_pairs_and_themes(text: str) -> None:
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    first, *others = (theme.title for theme in THEMES.values())
    assert headings == ["Highlights", first, tool.PAIR_TITLE, tool.MORE, *others]
    assert 6 <= len(tool.HIGHLIGHTS) <= 8


@pytest.mark.parametrize("name", shipped())
def test_it_names_every_preset(name: str, text: str) -> None:
    assert f"`python -m cppn_gl {name}`" in text


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.kind}-{job.picture.name}")
def test_its_pictures_are_there(job, text: str) -> None:
    assert f"({job.path.relative_to(tool.PAGE.parent).as_posix()})" in text
    with Image.open(job.path) as image:
        assert image.size == job.size
        frames = getattr(image, "n_frames", 1)
    if job.picture.name == drawing.OPENING:
        assert frames == drawing.OPENING_FRAMES
    elif job.kind == "film":
        alike = drawing.ALIKE if "train.steps" in job.picture.preset.animate.table else 1
        assert alike * drawing.FEWEST <= frames <= drawing.MOST
    else:
        assert frames == 1


def test_there_are_no_other_pictures() -> None:
    files = {path for path in drawing.FOLDER.rglob("*") if path.is_file()}
    assert files == {job.path for job in JOBS}


@pytest.mark.parametrize(("kind", "most"), [("still", 178), ("film", 2400), ("full", 357)])
def test_they_are_small(kind: str, most: float) -> None:
    """In kB, on average: each preset more brings one."""
    sizes = [job.path.stat().st_size for job in JOBS if job.kind == kind]
    assert sum(sizes) <= most * 1000 * len(sizes)


@pytest.mark.parametrize("pair", tool.PAIRS, ids=lambda pair: pair.heading)
def test_a_pair_is_two_pictures_of_one_size(pair) -> None:
    before, after = (drawing.Picture(name, tuple(w.split())) for name, w in pair[2:])
    assert before.size == after.size
    assert before.preset != after.preset


def test_stills_are_wide_and_large_files_have_their_shape() -> None:
    for job in JOBS:
        if job.kind == "still":
            assert 960 <= job.size[0] <= 1200
        if job.kind == "full":
            wide, high = job.picture.size
            assert job.size[0] / job.size[1] == pytest.approx(wide / high, rel=0.01)


def test_a_missing_figure_is_an_error() -> None:
    known = [preset for preset in KNOWN if preset.shows != "Figure 9"]
    with pytest.raises(tool.GalleryError, match="no preset shows Figure 9"):
        tool.page(known)


def test_two_presets_of_one_figure_are_an_error() -> None:
    with pytest.raises(tool.GalleryError, match="Figure 11: both"):
        tool.page([*KNOWN, load_preset("neylon-40").replace(shows="Figure 11")])


def test_a_preset_without_a_theme_is_an_error() -> None:
    with pytest.raises(tool.GalleryError, match="no theme: agate"):
        tool.page([load_preset("agate").replace(theme=""), load_preset("default")])


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tool.main(["--only", "neylon-2"])
    assert "no picture neylon-2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["default", "loop", "scale-animated", "walk"])
def test_a_course_is_closed(name: str) -> None:
    preset = load_preset(name)
    course = drawing.course_of(preset)
    length = course.end - course.start
    assert course.back == (name != "walk")
    if name == "walk":
        assert length == preset.animation.seconds
    if name == "loop":  # sin_t from -1 to 1
        assert (course.start, length) == (-preset.animation.loop / 4, preset.animation.loop / 2)


@pytest.mark.parametrize("name", ["loop", "seven-dimensions"])
def test_a_film_has_even_steps(name: str) -> None:
    with Renderer("numpy") as renderer:
        frames = drawing.film_frames(renderer, load_preset(name), (96, 60), count=60)
    steps = films.measured(frames)
    assert steps.frames == 60
    assert 0 < steps.largest < 1.6 * steps.mean


def test_a_picture_is_drawn_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = drawing.Picture("single-sigmoid", ("single-sigmoid",))
    job = drawing.Job("still", picture, tmp_path)
    assert not job.current
    assert drawing.draw_all([job], processes=1) == []
    assert job.current
    written = job.path.read_bytes()
    assert drawing.draw_all([job], processes=1) == []
    assert "1 files are there already" in capsys.readouterr().err
    assert drawing.draw_all([job], again=True, processes=1) == []
    assert job.path.read_bytes() == written
    with Image.open(io.BytesIO(written)) as image:
        assert image.size == picture.size
    other = dataclasses.replace(job, picture=drawing.Picture("single-sigmoid", ("two-layers",)))
    assert not other.current

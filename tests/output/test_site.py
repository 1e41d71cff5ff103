"""A static site: its files, links and words, its weight, and what it does not replace."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from browser import open_file
from PIL import Image

from cppn_gl.output.renderer import Renderer
from cppn_gl.output.web import site
from cppn_gl.output.web.gallery import Card, Told, View, index_html, still_html, tour_html
from cppn_gl.output.web.site import (
    INDEX_BYTES,
    LESSON,
    LESSON_BYTES,
    PICTURE_BYTES,
    THUMB,
    THUMB_BYTES,
    Scene,
    Written,
    page_names,
    write_site,
)
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

pytestmark = pytest.mark.gl
EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'&amp;{{body}}'


class Refs(HTMLParser):
    """The places that a page refers to, and the elements that it has."""

    def __init__(self, page: Path):
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def small(name: str, **keys: Any) -> Preset:
    """A shipped preset that is drawn in no time."""
    return load_preset(name).replace(depth=3, width=6, **keys)


def tour() -> list[Scene]:
    before = small("default")
    changed = before.replace(depth=2)
    one = Scene(
        "First", "A heading", "Text *so*.", "Press <R>.", "It is {so}.", before, changed, 0.0, 1
    )
    other = Scene("Next", "Another", "Words.", "Hold <->.", "", changed, None, 0.0, 25)
    return [one, other]


def shots(*presets: Preset) -> list[Shot]:
    return [Shot(preset) for preset in presets]


@pytest.fixture(scope="module")
def written(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    """A site of a live preset and a still one, with a tour."""
    folder = tmp_path_factory.mktemp("site") / "made" / "here"
    presets = small("default"), load_preset("relu-curve")
    return folder, write_site(renderer, shots(*presets), folder, tour=tour())


def test_pictures_and_pages_of_presets_and_of_the_tour_are_written(
    written: tuple[Path, Written],
) -> None:
    folder, found = written
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "index.html",
        "site.json",
        "tour.html",
        "default.html",
        "relu-curve.html",
        "tour-02.html",
        "thumbs/default.webp",
        "thumbs/relu-curve.webp",
        "lesson/01.webp",
        "lesson/01-after.webp",
        "lesson/02.webp",
        "pictures/relu-curve.webp",
    }
    with Image.open(folder / "thumbs" / "default.webp") as image:
        assert image.size == THUMB
        assert any(low < high for low, high in image.getextrema())
    assert (found.presets, found.live, found.missing) == (2, 1, ())


def test_every_link_leads_to_a_file_of_the_site(written: tuple[Path, Written]) -> None:
    folder, _ = written
    for page in ("index.html", "tour.html", "relu-curve.html"):
        found = Refs(folder / page)
        for link in found.links:
            place, _, anchor = link.partition("#")
            assert re.match(r"https://tylerneylon\.com/", link) or not re.match(r"\w+:|/", link)
            if "://" not in link and place:
                assert (folder / unquote(place)).is_file(), f"{page}: {link}"
            if anchor:
                assert f'id="{anchor}"' in (folder / page).read_text("utf-8") or (
                    f"id={anchor}>" in (folder / page).read_text("utf-8")
                )
        assert "script" not in found.tags


def test_weights_are_told(written: tuple[Path, Written]) -> None:
    folder, found = written
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "site.json"]
    sizes = {path: path.stat().st_size for path in files}
    assert found.total == sum(sizes.values())
    assert found.index == sizes[folder / "index.html"]
    seen = [sizes[folder / "thumbs" / f"{name}.webp"] for name in ("default", "relu-curve")]
    assert found.first == found.index + sum(seen)
    pages = {path.name: size for path, size in sizes.items() if path.suffix == ".html"}
    assert found.heaviest == max(pages.items(), key=lambda item: item[1])
    assert "2 presets, 1 live" in str(found)


def test_the_index_of_all_shipped_presets_keeps_its_bound() -> None:
    image = site.Image("thumbs/a-long-name-of-a-preset.webp", THUMB)
    presets = [load_preset(name) for name in shipped()]
    cards = [Card(one, f"{one.name}.html", thumb=image) for one in presets]
    text = index_html(cards, toured=True)
    assert len(text.encode()) < INDEX_BYTES
    for preset in presets:
        assert text.count(f'href="{preset.name}.html"') == 1


@pytest.mark.parametrize(
    ("size", "most"), [(THUMB, THUMB_BYTES), (LESSON, LESSON_BYTES), (site.PICTURE, PICTURE_BYTES)]
)
def test_a_picture_of_noise_keeps_its_bound(size: tuple[int, int], most: int) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert len(site._webp(Image.fromarray(noise), "x", most)) <= most


def test_every_word_of_a_preset_is_escaped() -> None:
    preset = Preset(title=EVIL, description=EVIL, theme="essay")
    card = Card(preset, "x.html", problem=EVIL, undrawn=EVIL)
    view = View(None, 'a".html', True)
    told = Told(EVIL, EVIL, EVIL, EVIL, EVIL, view, view, 2)
    for text in (index_html([card], toured=True), still_html(card), tour_html([told])):
        assert "<script" not in text
        assert "<img" not in text
        assert 'a".html' not in text
        assert "alert(1)" in text
        assert "{{body}}" in text  # as it was written
        assert text.count("<body>") == 1


def test_names_of_pages_are_different_and_no_other_file_of_the_site() -> None:
    names = ["a", "A", "index", "tour", "tour-01", "../x/y", "a", ""]
    found = page_names(names)
    assert found[:2] == ["a", "A-2"]
    assert len({name.casefold() for name in found}) == len(names)
    assert not {"index", "tour", "tour-01"} & set(found)
    assert all(re.fullmatch(r"[\w.-]+", name) and not name.startswith(".") for name in found)


def test_what_is_not_of_a_site_is_kept_and_nothing_is_written(
    renderer: Renderer, tmp_path: Path
) -> None:
    mine = tmp_path / "thumbs" / "default.webp"
    mine.parent.mkdir()
    Image.new("RGB", (3, 3)).save(mine)
    before = mine.read_bytes()
    with pytest.raises(CaptureError, match=r"default\.webp: is not of a site") as caught:
        write_site(renderer, shots(small("default")), tmp_path)
    assert caught.value.argument == "overwrite"
    assert mine.read_bytes() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    write_site(renderer, shots(small("default")), tmp_path, overwrite=True)
    assert mine.read_bytes() != before
    (tmp_path / "default.html").write_text("<p>mine</p>")
    with pytest.raises(CaptureError, match=r"default\.html: is not of a site"):
        write_site(renderer, shots(small("default")), tmp_path)


def test_a_folder_in_the_place_of_a_file_is_one_line(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(CaptureError, match="is a folder"):
        write_site(renderer, shots(small("default")), tmp_path, overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(CaptureError, match="is a file"):
        write_site(renderer, shots(small("default")), tmp_path / "file")


def test_a_second_run_keeps_current_pictures_and_draws_changed_ones(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Preset] = []
    render = renderer.render

    def noted(what: Preset, *args: Any, **keys: Any) -> Any:
        drawn.append(what)
        return render(what, *args, **keys)

    monkeypatch.setattr(renderer, "render", noted)
    first, second = small("default"), load_preset("relu-curve")
    write_site(renderer, shots(first, second), tmp_path)
    assert drawn == [first, second]
    write_site(renderer, shots(first, second), tmp_path)
    assert drawn == [first, second]
    changed = second.replace(extent=4.0)
    write_site(renderer, shots(first, changed), tmp_path)
    assert drawn == [first, second, changed]


def test_what_a_larger_site_left_is_removed_and_nothing_else(
    renderer: Renderer, tmp_path: Path
) -> None:
    small_one = small("default")
    write_site(renderer, shots(small_one, small("lab")), tmp_path)
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    exported = tmp_path / "exported.html"
    exported.write_bytes((tmp_path / "lab.html").read_bytes())
    (tmp_path / "site.json").write_text(
        (tmp_path / "site.json").read_text().replace('"lab.html"', '"lab.html", "../x.html"')
    )
    outside = tmp_path.parent / "x.html"
    outside.write_bytes(exported.read_bytes())
    write_site(renderer, shots(small_one), tmp_path)
    found = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"mine.html", "exported.html", "default.html", "index.html"} < found
    assert not {"lab.html", "lab.webp"} & found
    assert outside.exists()
    (tmp_path / "site.json").write_text("[")  # whatever is there
    write_site(renderer, shots(small_one), tmp_path)


def test_interrupted_it_leaves_whole_files_and_no_new_index(
    renderer: Renderer, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(renderer, shots(small("default"), small("lab")), tmp_path, progress=stop)
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"default.html", "default.webp", "site.json"}


def test_what_cannot_be_drawn_has_its_reason_in_the_place_of_a_picture(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = renderer.render

    def failing(what: Preset, *args: Any, **keys: Any) -> Any:
        if what.name == "relu-curve":
            raise PresetError("needs the library nothing")
        return render(what, *args, **keys)

    monkeypatch.setattr(renderer, "render", failing)
    found = write_site(renderer, shots(small("default"), load_preset("relu-curve")), tmp_path)
    assert found.missing == (("relu-curve", "needs the library nothing"),)
    for page in ("index.html", "relu-curve.html"):
        assert "Needs the library nothing." in (tmp_path / page).read_text("utf-8")


def test_progress_counts_presets_and_pages(renderer: Renderer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_site(
        renderer,
        shots(small("default")),
        tmp_path,
        tour=tour(),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.browser
def test_a_browser_finds_all_pages_without_an_error(
    written: tuple[Path, Written], page: Any
) -> None:
    folder, _ = written
    seen, ahead = set[str](), [(folder / "index.html").as_uri()]
    while ahead:
        address = ahead.pop()
        if address in seen:
            continue
        seen.add(address)
        open_file(page, folder / address.rpartition("/")[2])
        assert page.evaluate("[...document.images].every(i => i.complete || i.loading == 'lazy')")
        links = page.evaluate(
            "[...document.querySelectorAll('nav a, main a, header a')].map(a => a.href)"
        )
        ahead += [link.partition("#")[0] for link in links if link.startswith("file:")]
    assert {address.rpartition("/")[2] for address in seen} == {
        path.name for path in folder.glob("*.html")
    }


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("name", ["index.html", "tour.html", "relu-curve.html"])
def test_a_page_fits_a_narrow_and_a_wide_window(
    written: tuple[Path, Written], page: Any, name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_file(page, written[0] / name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures: Sequence[float] = page.evaluate(
        "[...document.images].map(i => i.getBoundingClientRect().width)"
    )
    assert pictures
    assert all(200 <= wide <= width for wide in pictures)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")

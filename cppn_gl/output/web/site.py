"""A static site of presets: one folder of plain files, for any static host or none.

    shots -> write_site() -> thumbs/NAME.webp, NAME.html for each: live, or still with pictures/
             Scene, …     -> lesson/, tour.html, and pages of its changed presets
                          -> index.html, last: an interrupted run leaves no page with dead links

Pictures carry the digest of what they show, so that the next run keeps those that are current.
"""

import contextlib
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cppn_gl._version import __version__
from cppn_gl.output.manifest import preset_keys
from cppn_gl.output.web.gallery import (
    INDEX,
    TOUR,
    Card,
    Image,
    Told,
    View,
    index_html,
    still_html,
    tour_html,
)
from cppn_gl.output.web.page import page_of
from cppn_gl.preset.looping import good_time
from cppn_gl.preset.pages import page_text
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.alpha import on_checks
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import (
    CaptureError,
    Remedy,
    check_target,
    make_folder,
    open_plain,
    safe_stem,
    write_atomic,
)

if TYPE_CHECKING:
    from PIL import Image as Pictures

    from cppn_gl.output.renderer import Renderer

THUMBS, PICTURES, LESSONS = "thumbs", "pictures", "lesson"  # folders
THUMB, LESSON, PICTURE = (320, 180), (640, 360), (960, 540)  # pixels
QUALITIES = (84, 72, 60, 45, 30, 15, 5)  # of WebP: the first that fits

# Bounds in bytes; tests hold them. A live page's own is cppn_gl.output.web.page's.
THUMB_BYTES = 16_000
LESSON_BYTES = 60_000
PICTURE_BYTES = 160_000
INDEX_BYTES = 200_000  # of all shipped presets, without its pictures

LIST = "site.json"  # names the files of a site
LONGEST_LIST = 10_000_000  # bytes
_PATH = re.compile(rf"[^/\\\0]+\.html|({THUMBS}|{PICTURES}|{LESSONS})/[^/\\\0]+\.webp")
_DESCRIPTION = 270  # of EXIF
_OURS = b'<meta name="generator" content="cppn_gl'
_HEAD = 1 << 14  # bytes in which that stands
_REMEDY = Remedy("give another folder, or replace it", "overwrite")

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Scene:
    """A page of the tour with its numbers filled in, and the presets before and after its key.

    `<R>` in its words is a key. after: None where the key has led to no answer.
    """

    chapter: str
    heading: str
    text: str
    ask: str
    answer: str
    before: Preset = field(repr=False)
    after: Preset | None = field(repr=False)
    time: float
    presses: int


@dataclass(frozen=True)
class Written:
    """What a site is: its weights in bytes, and what is missing on it.

    first: the index with the pictures on it. heaviest: the name and weight of a page.
    """

    presets: int
    live: int
    total: int
    index: int
    first: int
    heaviest: tuple[str, int]
    missing: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        name, weight = self.heaviest
        return (
            f"{self.presets} presets, {self.live} live: {_bytes(self.total)}; {INDEX} "
            f"{_bytes(self.index)}, with its pictures {_bytes(self.first)}; the heaviest page, "
            f"{name}, {_bytes(weight)}"
        )


def write_site(
    renderer: "Renderer",
    shots: Sequence[Shot],
    folder: Path,
    *,
    tour: Sequence[Scene] = (),
    overwrite: bool = False,
    progress: Report | None = None,
) -> Written:
    """Write a site of shots into a folder, which is made if it is missing.

    A picture or page of an older site is replaced, or removed where this site has none; a file that
    is not of a site is replaced only with `overwrite`, and never removed. What cannot be drawn here
    gets its reason in the place of a picture. Raises CaptureError.
    """
    return _Writer(renderer, folder, overwrite, progress).write(shots, tour)


@dataclass(frozen=True)
class _Size:
    """A picture to be written: its place below the folder, its size, and its most bytes."""

    path: str
    size: Size
    most: int


class _Writer:
    def __init__(
        self, renderer: "Renderer", folder: Path, overwrite: bool, progress: Report | None
    ):
        self._renderer, self._folder, self._overwrite = renderer, folder, overwrite
        self._progress = progress
        self._weights: dict[str, int] = {}  # of the files, by their paths below the folder

    def write(self, shots: Sequence[Shot], tour: Sequence[Scene]) -> Written:
        names = page_names([shot.preset.name for shot in shots])
        before = _listed(self._folder)
        self._list(before | self._prepare(names, tour))
        steps = iter(range(1, len(shots) + len(tour) + 1))

        def step() -> None:
            if self._progress is not None:
                self._progress(next(steps), len(shots) + len(tour))

        cards = []
        for shot, name in zip(shots, names, strict=True):
            cards.append(self._card(shot, name))
            step()
        told = []
        for number, scene in enumerate(tour, 1):
            told.append(self._told(scene, number, cards))
            step()
        if told:
            self._put(TOUR, tour_html(told).encode())
        self._put(INDEX, index_html(cards, toured=bool(told)).encode())
        for path in sorted(before - self._weights.keys()):  # pages that this site has no more
            target = self._folder / path
            if _is_ours(target):
                with contextlib.suppress(OSError):
                    target.unlink()
        self._list(self._weights.keys())
        thumbs = {card.thumb.path for card in cards if card.thumb}
        pages = {path: size for path, size in self._weights.items() if path.endswith(".html")}
        heaviest = max(pages, key=lambda path: pages[path])
        return Written(
            len(cards),
            sum(not card.problem for card in cards),
            sum(self._weights.values()),
            pages[INDEX],
            pages[INDEX] + sum(self._weights[path] for path in thumbs),
            (heaviest, pages[heaviest]),
            tuple((card.preset.name, card.undrawn) for card in cards if card.undrawn),
        )

    def _list(self, paths: Iterable[str]) -> None:
        """Note which files are of the site, so that the next one can remove them."""
        text = json.dumps({"files": sorted(paths)}, indent=1)
        write_atomic(self._folder / LIST, text.encode() + b"\n", overwrite=True)

    def _prepare(self, names: Sequence[str], tour: Sequence[Scene]) -> set[str]:
        """Make the folders; the paths of files to come. Raises CaptureError for a file that is not
        to be replaced."""
        folders = [THUMBS, PICTURES, *[LESSONS] * bool(tour)]
        for folder in ("", *folders):
            make_folder(self._folder / folder)
        paths = [INDEX, *[TOUR] * bool(tour)]
        for name in names:
            paths += [f"{name}.html", f"{THUMBS}/{name}.webp", f"{PICTURES}/{name}.webp"]
        for number in range(1, len(tour) + 1):
            paths.append(_tour_page(number))
            paths += [_lesson(number, after) for after in (False, True)]
        for path in paths:
            target = self._folder / path
            check_target(target, overwrite=True)
            if not self._overwrite and os.path.lexists(target) and not _is_ours(target):
                raise CaptureError(target, "is not of a site by cppn_gl", _REMEDY)
        check_target(self._folder / LIST, overwrite=True)
        return set(paths)

    def _card(self, shot: Shot, name: str) -> Card:
        page, problem = f"{name}.html", ""
        try:
            data = page_of(shot, home=INDEX)
        except PresetError as error:
            data, problem = b"", error.problem
        wanted = [_Size(f"{THUMBS}/{name}.webp", THUMB, THUMB_BYTES)]
        if problem:
            wanted.append(_Size(f"{PICTURES}/{name}.webp", PICTURE, PICTURE_BYTES))
        time = shot.time or good_time(shot.preset)
        images, undrawn = self._drawn(shot.preset, time, wanted, LESSON if data else PICTURE)
        thumb, picture = (*images, None, None)[:2]
        card = Card(shot.preset, page, problem, undrawn, thumb, picture)
        self._put(page, data or still_html(card).encode())
        return card

    def _told(self, scene: Scene, number: int, cards: Sequence[Card]) -> Told:
        preset, after = scene.before, View(None, "", False)
        page, live = self._page(preset, number, cards)
        before = View(self._lesson(preset, good_time(preset), _lesson(number)), page, live)
        if scene.after is not None:
            thumb = self._lesson(scene.after, scene.time, _lesson(number, after=True))
            after = View(thumb, page, False)
        return Told(
            scene.chapter,
            scene.heading,
            scene.text,
            scene.ask,
            scene.answer if scene.after is not None else "",
            before,
            after,
            scene.presses,
        )

    def _page(self, preset: Preset, number: int, cards: Sequence[Card]) -> tuple[str, bool]:
        """The page of a preset of the tour, and whether it is live.

        One that the tour has changed gets a page of its own, if that can be a live one.
        """
        card = next((card for card in cards if card.preset.name == preset.name), None)
        if card is not None and card.preset == preset:
            return card.page, not card.problem
        try:
            data = page_of(Shot(preset), home=TOUR)
        except PresetError:
            return card.page if card else INDEX, False
        self._put(_tour_page(number), data)
        return _tour_page(number), True

    def _lesson(self, preset: Preset, time: float, path: str) -> Image | None:
        images, _ = self._drawn(preset, time, [_Size(path, LESSON, LESSON_BYTES)], PICTURE)
        return next(iter(images), None)

    def _drawn(
        self, preset: Preset, time: float, wanted: "Sequence[_Size]", size: Size
    ) -> tuple[list[Image], str]:
        """The pictures that are wanted, reduced from one of `size`; or none, and why."""
        images = [Image(one.path, one.size) for one in wanted]
        from cppn_gl.engines.gl.context import ContextError

        try:
            digest = _digest(preset, time, size)
            if all(self._kept(one.path, digest) for one in wanted):
                return images, ""
            pixels = self._renderer.render(preset, size, time)
        except PresetError as error:  # a library is missing, for example
            return [], error.problem
        except ContextError as error:  # a view that needs OpenGL, where there is none
            return [], str(error)
        from PIL import Image as Pictures

        whole = Pictures.fromarray(on_checks(pixels))
        for one in wanted:
            picture = whole
            if one.size != whole.size:
                picture = whole.resize(one.size, Pictures.Resampling.LANCZOS)
            self._put(one.path, _webp(picture, digest, one.most))
        return images, ""

    def _kept(self, path: str, digest: str) -> bool:
        """Whether a picture is there that shows the same; it stays."""
        target = self._folder / path
        if not digest or _digest_in(target) != digest:
            return False
        self._weights[path] = target.stat().st_size
        return True

    def _put(self, path: str, data: bytes) -> None:
        write_atomic(self._folder / path, data, overwrite=True)
        self._weights[path] = len(data)


def page_names(names: Sequence[str]) -> list[str]:
    """A name for each page, without its suffix: different in any file system, none of our own."""
    taken = {Path(INDEX).stem, Path(TOUR).stem}
    found = []
    for name in names:
        stem = safe_stem(name)
        if stem.casefold().startswith("tour-"):
            stem = f"preset-{stem}"
        free = (stem if k == 1 else f"{stem}-{k}" for k in range(1, len(names) + 3))
        chosen = next(one for one in free if one.casefold() not in taken)
        taken.add(chosen.casefold())
        found.append(chosen)
    return found


def _listed(folder: Path) -> set[str]:
    """The files of the site that is in a folder, by their paths below it, as its list says."""
    try:
        with open_plain(folder / LIST) as file:
            files = json.loads(file.read(LONGEST_LIST))["files"]
        return {path for path in files if _PATH.fullmatch(path)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()


def _tour_page(number: int) -> str:
    """The name of the page of a preset that the tour has changed."""
    return f"tour-{number:02}.html"


def _lesson(number: int, after: bool = False) -> str:
    """The place of a picture of the tour, before or after its key."""
    return f"{LESSONS}/{number:02}{'-after' if after else ''}.webp"


def _webp(picture: "Pictures.Image", digest: str, most: int) -> bytes:
    """A picture as WebP of the best quality that fits `most` bytes, or of the least."""
    from PIL import Image as Pictures

    exif = Pictures.Exif()
    exif[_DESCRIPTION] = f"cppn_gl {digest}"
    data = b""
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=4, exif=exif.tobytes())
        data = file.getvalue()
        if len(data) <= most:
            break
    return data


def _digest(preset: Preset, time: float, size: Size) -> str:
    """Of what a picture shows; "" for what depends on a file, which may change."""
    files = getattr(preset.spec, "path", None), preset.train.path
    if any(path is not None for path in files):
        return ""
    parts = (__version__, size, time, preset_keys(preset)["preset_sha256"])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def _digest_in(path: Path) -> str | None:
    """The digest in a picture of a site; None if it is not one, "" for a picture without."""
    from PIL import Image as Pictures

    with (
        contextlib.suppress(OSError, ValueError, SyntaxError, Pictures.DecompressionBombError),
        open_plain(path) as file,
        Pictures.open(file, formats=["WEBP"]) as picture,
    ):
        said = str(picture.getexif().get(_DESCRIPTION, ""))
        if said.startswith("cppn_gl "):
            return said.removeprefix("cppn_gl ").strip("\0")
    return None


def _is_ours(path: Path) -> bool:
    """Whether a file was written by `write_site`, or is an exported page."""
    if path.suffix == ".webp":
        return _digest_in(path) is not None
    with contextlib.suppress(OSError, ValueError, SyntaxError, EOFError), open_plain(path) as file:
        if _OURS in file.read(_HEAD):
            return True
        file.seek(0)
        return page_text(file) is not None
    return False


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"

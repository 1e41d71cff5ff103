"""Whatever this program writes opens wherever a preset is named: command line, window, chooser."""

import contextlib
import html
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cppn_gl.cli.main import main
from cppn_gl.output.capture import save_picture
from cppn_gl.output.formats import FORMATS as STILLS
from cppn_gl.output.formats import BandedFormat
from cppn_gl.output.poster import Poster, write_poster
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.sequence import Sequence, write_sequence
from cppn_gl.output.video import write_video
from cppn_gl.output.video_formats import FORMATS as FILMS
from cppn_gl.preset.library import is_network, is_picture, load_preset
from cppn_gl.preset.network_file import with_network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import READERS
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.viewer.collection import Collection
from cppn_gl.viewer.favourites import opened
from cppn_gl.viewer.opening import read
from tests.desktop import Desktop, virtual_display, wait_for
from tests.dropping import drop

SIZE = (32, 18)
OTHER = Preset(title="Another").replace(depth=2, width=3, seed=99)

Write = Callable[[Renderer, Preset, Path], None]
WRITERS: dict[str, tuple[str, Write]] = {}  # what it is to a file's name and what writes that


def writer(name: str, file: str) -> Callable[[Write], Write]:
    def add(write: Write) -> Write:
        WRITERS[name] = file, write
        return write

    return add


for number, still in enumerate(STILLS):
    for suffix in still.suffixes:

        @writer(f"picture {suffix}", f"picture{number}{suffix}")
        def _picture(renderer: Renderer, preset: Preset, path: Path) -> None:
            pixels = renderer.render(preset, SIZE)
            if path.suffix == ".exr":
                save_picture(
                    path, renderer.render(preset, SIZE, dtype="float32"), _shot(preset, 32)
                )
            else:
                save_picture(path, pixels, _shot(preset))

    if isinstance(still, BandedFormat):

        @writer(f"poster {still.name}", f"poster{number}{still.suffixes[0]}")
        def _poster(renderer: Renderer, preset: Preset, path: Path) -> None:
            write_poster(renderer, Poster(_shot(preset), path))


for film in FILMS:

    @writer(f"film {film.name}", f"film-{film.name}{film.suffixes[0]}")
    def _film(renderer: Renderer, preset: Preset, path: Path) -> None:
        write_video(renderer, Sequence(preset, 2, 10, SIZE), path)


@writer("sheet", "sheet.png")
def _sheet(renderer: Renderer, preset: Preset, path: Path) -> None:
    preset = preset.replace(**{"show.view": "sheet", "sweep.cols": "depth=1:3"})
    save_picture(path, renderer.render(preset, SIZE), _shot(preset))


@writer("frame", "frames")
def _frame(renderer: Renderer, preset: Preset, path: Path) -> None:
    write_sequence(renderer, Sequence(preset, 2, 10, SIZE), path)


@writer("preset", "preset.toml")
def _preset(renderer: Renderer, preset: Preset, path: Path) -> None:
    path.write_text(preset.to_toml())


@writer("page", "page.html")
def _page(renderer: Renderer, preset: Preset, path: Path) -> None:
    text = _shot(preset).to_text().replace("</", "<\\/")
    element = f'<script type="application/json" id="cppn-gl">{text}</script>'
    path.write_text(f"<!doctype html><title>{html.escape(preset.title)}</title>{element}")


@writer("network", "network.safetensors")
@writer("archive", "network.npz")
def _network(renderer: Renderer, preset: Preset, path: Path) -> None:
    preset.network().save(path)


def _shot(preset: Preset, bits: int = 8) -> Shot:
    return Shot(preset, SIZE, engine="numpy", bits=bits)


def preset_of(name: str) -> Preset:
    """The preset of a writer's file: another seed for each."""
    seed = list(WRITERS).index(name)
    return Preset(title=f"The {name}").replace(depth=3, width=4, seed=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each writer."""
    made = tmp_path_factory.mktemp("written")
    with Renderer("numpy") as renderer:
        for name, (file, write) in WRITERS.items():
            write(renderer, preset_of(name), made / file)
    return made


def file_of(folder: Path, name: str) -> Path:
    path = folder / WRITERS[name][0]
    return path / "00001.png" if path.is_dir() else path


def expected(name: str, path: Path, before: Preset) -> Preset:
    """What opens, where `before` was shown."""
    preset = preset_of(name)
    if is_network(path.name):
        return with_network(before, path)
    if name == "sheet":
        return preset.replace(**{"show.view": "sheet", "sweep.cols": "depth=1:3"})
    return preset


def test_every_readable_kind_of_file_has_a_writer_here() -> None:
    written = {Path(file).suffix for file, _ in WRITERS.values()}
    for reader in READERS:
        assert written & set(reader.suffixes), reader.name


@pytest.mark.parametrize("name", WRITERS)
def test_it_opens(
    name: str, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = file_of(folder, name)
    preset = expected(name, path, Preset())
    assert load_preset(str(path)) == preset
    assert opened(str(path))[0] == preset  # by the chooser and by keys 1 to 9
    assert read(path, OTHER).preset == expected(name, path, OTHER)  # dropped on the window
    if is_picture(path.name):
        assert read_shot(path).size == SIZE
    out = tmp_path / "again.png"
    assert main(["render", str(path), "--size", "16x9", "--engine", "numpy", "-o", str(out)]) == 0
    assert load_preset(out) == preset
    assert main(["presets", str(path)]) == 0
    assert "[network]" in capfd.readouterr().out


def test_the_chooser_lists_all_of_them(folder: Path, tmp_path: Path) -> None:
    for name in WRITERS:
        path = file_of(folder, name)
        shutil.copy(path, tmp_path / path.name)
    collection = Collection([tmp_path])
    collection.refresh()
    wait_for(lambda: collection.complete, "all files")
    collection.release()
    assert [entry.problem for entry in collection.own if entry.problem] == []
    listed = {Path(entry.source).name for entry in collection.own}
    assert listed == {path.name for path in tmp_path.iterdir()}


@pytest.mark.window
def test_each_opens_when_it_is_dropped_on_the_window(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(OTHER.to_toml())
    words = "my.toml", "--size", "320x180"
    with (
        virtual_display() as display,
        contextlib.closing(Desktop(display, tmp_path, *words, hud=True)) as desktop,
    ):
        for name in WRITERS:
            path = file_of(folder, name)
            drop(display, int(desktop.window), [path])
            wanted = preset_of(name)
            if is_network(path.name):
                label = f'file = "{path}"'
                wait_for(lambda label=label: label in desktop.events()[-1]["preset"], path.name)
            else:
                desktop.tells("message", f"{path.name}: {wanted.title}")
                desktop.shows(lambda preset, title=wanted.title: preset.title == title, path.name)
        assert desktop.quit() == 0
        assert desktop.log.read_text() == ""

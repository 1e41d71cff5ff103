"""Posters: the pixels of one draw, whatever interrupts it, and no file lost or half written."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.cli.main import main
from cppn_gl.output import bands, poster
from cppn_gl.output.bands import compress, joined
from cppn_gl.output.png import png_info
from cppn_gl.output.poster import Poster, is_poster, write_poster
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

ROOT = Path(__file__).parents[2]
PRESET = Preset(name="small", title="×").replace(depth=3, width=6, inputs=["x", "y", "t"], seed=5)
SHOT = Shot(PRESET, (37, 23), 0.5)
ROWS = 5  # of a band: four of them, and one of three rows
NAMES = ("a.png", "a.tif")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("numpy") as one:
        yield one


def shot(**keys: Any) -> Shot:
    values = {"preset": PRESET, "size": (37, 23), "time": 0.5, "samples": 1}
    return Shot(**(values | keys))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pixels(path: Path) -> NDArray[Any]:
    """As two readers have it, who agree."""
    with Image.open(path) as image:
        found = np.asarray(image)
    if path.suffix == ".png":
        _, _, rows, _ = png.Reader(filename=str(path)).read()
        other = np.array([np.frombuffer(row, np.uint8) for row in rows]).reshape(found.shape)
    else:
        other = tifffile.imread(path)
    assert np.array_equal(found, other)
    return found


class StopError(Exception):
    """ValueRange a poster midway."""


def stopping(after: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done == after:
            raise StopError

    return progress


def stopped(renderer: Renderer, one: Poster, after: int = 3) -> list[Path]:
    """Begin a poster, stop it after some bands, and return the files of those written."""
    with pytest.MonkeyPatch.context() as patch:
        # On this thread, so that what is drawn is written.
        patch.setattr(poster.Workers, "take", lambda self, task, wait: task() or True)
        with pytest.raises(StopError):
            write_poster(renderer, one, progress=stopping(after))
    return sorted(one.folder.glob("*.zlib"))


# The file


@pytest.mark.parametrize("samples", [1, 2, "auto"])
@pytest.mark.parametrize("rows", [1, ROWS, 23])
@pytest.mark.parametrize("name", NAMES)
def test_a_poster_has_the_pixels_of_one_draw(
    renderer: Renderer, tmp_path: Path, name: str, rows: int, samples: Samples
) -> None:
    one = Poster(shot(samples=samples), tmp_path / name, rows)
    count = -(-23 // rows)
    seen: list[tuple[int, int]] = []
    assert write_poster(renderer, one, progress=lambda *done: seen.append(done)) == count
    assert seen == [(n + 1, count) for n in range(count)]
    whole = renderer.render(PRESET, (37, 23), 0.5, samples=samples)
    assert np.array_equal(pixels(tmp_path / name), whole)
    assert list(contents(tmp_path)) == [name]
    assert not one.folder.exists()


@pytest.mark.parametrize("samples", [1, 2, "auto"])
@pytest.mark.parametrize("name", NAMES)
def test_a_poster_has_alpha(
    renderer: Renderer, tmp_path: Path, name: str, samples: Samples
) -> None:
    clear = PRESET.replace(outputs=4, extent=3.0, dither=True)
    one = Poster(shot(preset=clear, samples=samples), tmp_path / name, ROWS)
    write_poster(renderer, one)
    whole = renderer.render(clear, (37, 23), 0.5, samples=samples)
    assert whole.shape == (23, 37, 4)
    assert np.array_equal(pixels(tmp_path / name), whole)


@pytest.mark.gl
@pytest.mark.parametrize("name", NAMES)
def test_a_poster_by_opengl_has_the_pixels_of_one_draw(tmp_path: Path, name: str) -> None:
    with Renderer("fragment") as renderer:
        write_poster(renderer, Poster(SHOT, tmp_path / name, ROWS))
        whole = renderer.render(PRESET, (37, 23), 0.5)
    assert np.array_equal(pixels(tmp_path / name), whole)
    assert read_shot(tmp_path / name).engine == "fragment"


@pytest.mark.parametrize("name", [*NAMES, "a.TIFF", "a.PNG"])
def test_a_poster_remembers_its_shot(renderer: Renderer, tmp_path: Path, name: str) -> None:
    write_poster(renderer, Poster(SHOT, tmp_path / name, ROWS))
    found = read_shot(tmp_path / name)
    assert found == shot(engine="numpy")
    assert found.preset.name == "small"
    assert found.preset.title == "×"


def test_a_png_says_the_same_before_its_pixels_as_any_other(
    renderer: Renderer, tmp_path: Path
) -> None:
    write_poster(renderer, Poster(SHOT, tmp_path / "a.png", ROWS))
    chunks = list(png.Reader(filename=str(tmp_path / "a.png")).chunks())
    said = png_info(shot(engine="numpy"))
    assert [kind for kind, _ in said] == [b"sRGB", b"iTXt"]
    assert chunks[0][0] == b"IHDR"
    assert chunks[1:3] == said
    assert {kind for kind, _ in chunks[3:]} == {b"IDAT", b"IEND"}


def test_a_tiff_is_a_bigtiff_in_strips_with_text_in_ascii(
    renderer: Renderer, tmp_path: Path
) -> None:
    write_poster(renderer, Poster(SHOT, tmp_path / "a.tif", ROWS))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        page = tiff.pages.first
        assert tiff.is_bigtiff
        assert (page.rowsperstrip, page.compression.name) == (ROWS, "ADOBE_DEFLATE")
        assert page.description == shot(engine="numpy").to_text(ascii=True)
        assert page.description.isascii()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.booleans())
def test_bands_joined_are_one_stream(parts: list[bytes], large: bool) -> None:
    parts = [part * (999 if large else 1) for part in parts]  # sums beyond Adler's modulus
    streams = [compress(memoryview(part)) for part in parts]
    assert [zlib.decompress(stream) for stream in streams] == parts
    assert zlib.decompress(b"".join(joined(streams, map(len, parts)))) == b"".join(parts)


def test_memory_does_not_grow_with_the_picture(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "BAND", 2**14)
    small = Shot(PRESET.replace(depth=1), (256, 256))
    large = Shot(PRESET.replace(depth=1), (256, 16384))  # 12 MiB of pixels
    peaks = []
    for number, one in enumerate((small, large)):
        tracemalloc.start()
        write_poster(renderer, Poster(one, tmp_path / f"{number}.tif"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**22  # what threads take for a band


@pytest.mark.parametrize(
    ("name", "size", "samples", "banded"),
    [
        ("a.png", (4096, 4096), 1, False),
        ("a.png", (4096, 4097), 1, True),
        ("a.png", (2048, 2048), 2, False),
        ("a.png", (2048, 2049), 2, True),
        ("a.tif", (4096, 4096), 1, False),
        ("a.tif", (4096, 4097), 1, True),
        ("a.tif", (2048, 2048), "auto", False),
        ("a.tif", (4096, 4097), "auto", True),
    ],
)
def test_what_is_drawn_in_bands(
    name: str, size: tuple[int, int], samples: Samples, banded: bool
) -> None:
    assert is_poster(Path(name), shot(size=size, samples=samples)) == banded


@pytest.mark.parametrize(
    ("size", "samples", "rows"),
    [((32768, 32768), 1, 128), ((2**20, 2**16), 1, 8), ((640, 360), 16, 25), ((9, 5), 1, 5)],
)
def test_a_band_is_some_megabytes(size: tuple[int, int], samples: int, rows: int) -> None:
    one = Poster(shot(size=size, samples=samples), Path("a.png"))
    assert one.rows == rows
    assert sum(band.rows for band in one.bands) == size[1]
    assert max(band.length for band in one.bands) < 2**25


# Going on


@pytest.mark.parametrize("name", NAMES)
def test_finished_bands_are_not_drawn_again(renderer: Renderer, tmp_path: Path, name: str) -> None:
    one = Poster(SHOT, tmp_path / name, ROWS)
    (tmp_path / name).write_bytes(b"an older file")
    assert len(stopped(renderer, one)) == 3
    assert (tmp_path / name).read_bytes() == b"an older file"
    (one.folder / ".000003.zlib.77-ab.part").write_bytes(b"half")  # as a kill may leave
    (tmp_path / f".{name}.77-ab.part").write_bytes(b"half")
    assert write_poster(renderer, one) == 2
    write_poster(renderer, Poster(SHOT, tmp_path / f"b{name}", ROWS))
    assert sorted(contents(tmp_path)) == [name, f"b{name}"]
    assert (tmp_path / name).read_bytes() == (tmp_path / f"b{name}").read_bytes()


@pytest.mark.gl
@pytest.mark.native
def test_bands_by_the_processor_go_on_with_opengl_or_without(tmp_path: Path) -> None:
    one = Poster(shot(), tmp_path / "p.png", ROWS)
    with Renderer("auto") as auto:
        if auto.engine_for(PRESET).engine != "native":
            pytest.skip("another engine draws it here")
        stopped(auto, one)
    with Renderer("native") as again:
        assert write_poster(again, one) == one.count - 3


def cut(data: bytes) -> bytes:
    return data[:-9]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def foreign(data: bytes) -> bytes:
    return compress(memoryview(b"no band"))


def otherwise_ended(data: bytes) -> bytes:
    return zlib.compress(zlib.decompress(data))


@pytest.mark.parametrize(
    "damage", [cut, flipped, foreign, otherwise_ended, lambda data: b"", lambda data: data + b"x"]
)
def test_a_damaged_band_is_drawn_again(
    renderer: Renderer, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    path = stopped(renderer, one, after=5)[1]
    path.write_bytes(damage(path.read_bytes()))
    assert write_poster(renderer, one) == 1
    assert np.array_equal(pixels(tmp_path / "a.png"), renderer.render(PRESET, (37, 23), 0.5))


DIFFERENT = {
    "network.seed is 5, not 6": shot(preset=PRESET.replace(seed=6)),
    "view.extent is 1.0, not 2.0": shot(preset=PRESET.replace(extent=2)),
    "size is": shot(size=(37, 24)),
    "time is 0.5, not 0.0": shot(time=0.0),
    "samples is 1, not 2": shot(samples=2),
    "version is": shot(version="9.9"),
}


@pytest.mark.parametrize("words", DIFFERENT)
def test_bands_of_another_picture_are_refused_and_kept(
    renderer: Renderer, tmp_path: Path, words: str
) -> None:
    stopped(renderer, Poster(SHOT, tmp_path / "a.png", ROWS))
    before = contents(tmp_path)
    with pytest.raises(CaptureError, match="bands of another picture") as caught:
        write_poster(renderer, Poster(DIFFERENT[words], tmp_path / "a.png", ROWS))
    assert words in str(caught.value)
    assert "remove the folder a.png.bands, or choose a name other than a.png" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize("key", ["engine", "renderer"])
def test_engines_are_not_mixed(renderer: Renderer, tmp_path: Path, key: str) -> None:
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    stopped(renderer, one)
    manifest = one.folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {key: "teapot"}))
    with pytest.raises(CaptureError, match=f"{key} is 'teapot', not "):
        write_poster(renderer, one)


def test_another_name_of_the_preset_is_no_other_picture(renderer: Renderer, tmp_path: Path) -> None:
    stopped(renderer, Poster(SHOT, tmp_path / "a.png", ROWS))
    renamed = shot(preset=Preset(PRESET.spec, PRESET.view, title="×", name="other"))
    assert write_poster(renderer, Poster(renamed, tmp_path / "a.png", ROWS)) == 2
    assert read_shot(tmp_path / "a.png").preset.name == "other"


def test_a_folder_with_no_band_belongs_to_nothing(renderer: Renderer, tmp_path: Path) -> None:
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    for path in stopped(renderer, one):
        path.unlink()
    write_poster(renderer, Poster(shot(time=0), tmp_path / "a.png", ROWS))
    assert list(contents(tmp_path)) == ["a.png"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notes.txt", "mine", "contains files but no manifest.json"),
        ("manifest.json", "{", "not a cppn_gl manifest"),
        ("manifest.json", "[]", "not a cppn_gl manifest"),
        ("manifest.json", '{"engine": 3}', "not a cppn_gl manifest: engine: 3"),
    ],
)
def test_a_folder_that_is_not_ours_is_refused(
    renderer: Renderer, tmp_path: Path, name: str, text: str, words: str
) -> None:
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    one.folder.mkdir()
    (one.folder / name).write_text(text)
    with pytest.raises(CaptureError, match=words) as caught:
        write_poster(renderer, one)
    assert "remove the folder" in str(caught.value)
    assert contents(tmp_path) == {name: text.encode()}


def test_what_else_is_in_the_folder_stays(renderer: Renderer, tmp_path: Path) -> None:
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    stopped(renderer, one)
    (one.folder / "notes.txt").write_text("mine")
    write_poster(renderer, one)
    assert sorted(contents(tmp_path)) == ["a.png", "notes.txt"]


def test_a_link_is_followed(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "a.png").symlink_to(Path("there") / "b.png")
    (tmp_path / "there" / "b.png").write_bytes(b"old")
    one = Poster(SHOT, tmp_path / "a.png", ROWS)
    assert one.folder == (tmp_path / "there" / "b.png.bands").resolve()
    write_poster(renderer, one)
    assert (tmp_path / "a.png").is_symlink()
    assert read_shot(tmp_path / "there" / "b.png") == shot(engine="numpy")


# The disk


class Usage:
    def __init__(self, free: int):
        self.free = free


def test_a_disk_that_plainly_is_too_small_is_said_at_once(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster.shutil, "disk_usage", lambda path: Usage(100_000_000))
    one = Poster(shot(size=(2**18, 2**18)), tmp_path / "a.png")
    with pytest.raises(CaptureError, match=r"needs at least 0\.4 GB, but only 0\.1 GB are free"):
        write_poster(renderer, one)
    assert contents(tmp_path) == {}
    assert not one.folder.exists()


def test_bands_are_kept_where_there_is_no_room_for_the_file(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Poster(SHOT, tmp_path / "a.tif", ROWS)
    monkeypatch.setattr(poster.shutil, "disk_usage", lambda path: Usage(200))
    with pytest.raises(CaptureError, match="GB are free; free some space"):
        write_poster(renderer, one)
    assert not one.path.exists()
    monkeypatch.undo()
    assert write_poster(renderer, one) == 0


# The command, with bands small enough for a test

# It stops before its fourth band for as long as its input is open.
SMALL = f"""if True:
    import sys
    from cppn_gl.output import bands, poster
    from cppn_gl.cli.main import main
    from cppn_gl.output.renderer import Renderer

    def render(self, *values, draw=Renderer.render, drawn=[], **keys):
        drawn.append(keys["part"])
        if len(drawn) == 4:
            sys.stdin.read()
        return draw(self, *values, **keys)

    Renderer.render = render
    poster.AT_ONCE, bands.BAND, bands.MIN_ROWS = 1, {2**14}, 1
    sys.exit(main(["render", *sys.argv[1:]]))"""
WORDS = ["neylon-01", "--size", "64x2048", "--engine", "numpy"]


def start(*words: str, **keys: Any) -> "subprocess.Popen[str]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keys
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SMALL, *words]
    return subprocess.Popen(command, text=True, env=environment, **pipes)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(poster, "AT_ONCE", 1)
    monkeypatch.setattr(bands, "BAND", 2**14)
    monkeypatch.setattr(bands, "MIN_ROWS", 1)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "number"),
    [("a.png", signal.SIGKILL), ("a.tif", signal.SIGKILL), ("a.png", signal.SIGTERM)],
)
def test_stopped_midway_the_same_command_goes_on_to_the_same_bytes(
    here: Path, name: str, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(*WORDS, "-o", name)
    first = here / f"{name}.bands" / "000000.zlib"
    until(first.exists)
    process.send_signal(number)
    assert process.wait(30) == (-number if number == signal.SIGKILL else 128 + number)
    assert not (here / name).exists()
    assert process.communicate() == ("", "")
    stamp = first.stat().st_mtime_ns
    assert 0 < len(list(first.parent.glob("*.zlib"))) <= 3
    kept: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poster, "_clear", lambda folder: kept.append(first.stat().st_mtime_ns))
        # The engine is the one that began, though OpenGL may be here.
        assert main(["render", *WORDS[:-2], "-o", name]) == 0
    assert kept == [stamp]
    assert main(["render", *WORDS, "-o", f"b{name}"]) == 0
    assert (here / name).read_bytes() == (here / f"b{name}").read_bytes()
    assert capsys.readouterr() == (f"{name}\nb{name}\n", "")


def test_a_full_disk_costs_no_band(here: Path) -> None:
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))  # a band fits, and not all

    (here / "a.png").write_bytes(b"an older file")
    words = [*WORDS, "-o", "a.png"]
    process = start(*words, preexec_fn=limited, stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("cppn_gl: a.png: exceeds the limit on file sizes")
    assert err.count("\n") == 1
    assert (here / "a.png").read_bytes() == b"an older file"
    assert sorted(contents(here)) == [
        *(f"00000{n}.zlib" for n in range(8)),
        "a.png",
        "manifest.json",
    ]
    assert main(["render", *words]) == 0
    assert list(contents(here)) == ["a.png"]


def test_a_poster_drawn_again_gives_the_same_bytes(here: Path) -> None:
    words = ["--size", "64x300", "--samples", "2", "--engine", "numpy"]
    for name in NAMES:
        assert main(["render", "neylon-01", "-o", name, *words]) == 0
        assert main(["render", name, "-o", f"b{name}"]) == 0
        assert (here / name).read_bytes() == (here / f"b{name}").read_bytes()
    assert read_shot(here / "a.tif") == read_shot(here / "a.png")


def test_a_picture_too_large_to_hold_is_a_poster_and_nothing_else(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster.shutil, "disk_usage", lambda path: Usage(10**9))
    words = ["default", "--size", "1048576x1048576"]
    for command, message in (
        (["render", *words, "-o", "a.png"], "a.png: needs at least 6.6 GB"),
        (["render", *words, "-o", "a.png"], "another disk or a smaller size (--size)\n"),
        (["sequence", *words, "-o", "f", "--frames", "2", "--fps", "1"], "the limit"),
        (["view", *words], "--size: 1048576x1048576 is more than 268435456 pixels"),
        (["render", "default", "--size", "1048577x9", "-o", "a.tif"], "--size: 1048577"),
    ):
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert message in err
    assert list(here.iterdir()) == []


def test_without_a_display_a_posters_preset_is_not_drawn_in_memory(
    here: Path, renderer: Renderer, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("cppn_gl.engines.gl.context.display_problem", lambda: "DISPLAY is not set")
    large = shot(size=(2**15, 2**15))
    monkeypatch.setattr("cppn_gl.preset.shot.read_shot", lambda path, **how: large)
    assert main(["view", "poster.tif", "--quiet"]) == 2
    assert "--size: 32768x32768 is more than" in capsys.readouterr().err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"no picture", b"II+\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
def test_no_tiff(here: Path, data: bytes) -> None:
    (here / "a.tif").write_bytes(data)
    with pytest.raises(PresetError, match=r"a\.tif: (no|not a|a damaged) "):
        read_shot(here / "a.tif")


def test_a_tiff_of_another_program_has_no_preset(here: Path) -> None:
    tifffile.imwrite(here / "a.tif", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(PresetError, match="no preset in this picture"):
        read_shot(here / "a.tif")


def test_a_damaged_tiff_tells_a_shot_or_is_refused(renderer: Renderer, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_poster(renderer, Poster(SHOT, path, ROWS))
    sound = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(600):
        data = bytearray(sound)
        for _ in range(generator.integers(1, 4)):
            data[generator.integers(0, 500)] = generator.integers(0, 256)
        path.write_bytes(data)
        with contextlib.suppress(PresetError):
            assert read_shot(path).preset.network()


def test_a_band_that_is_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    one = Poster(Shot(PRESET, (8, 8)), tmp_path / "a.tif")
    one.folder.mkdir()
    one.bands[0].path.symlink_to(victim)
    poster._write_band(one.format, one.bands[0], np.zeros((8, 8, 3), np.uint8))
    assert victim.read_text() == "mine"
    assert not one.bands[0].path.is_symlink()
    assert one.bands[0].is_done()

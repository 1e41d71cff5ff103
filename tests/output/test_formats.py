"""Formats of picture files: one row adds one, and all that writes pictures asks the table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cppn_gl import load_preset
from cppn_gl.cli.main import main
from cppn_gl.output import poster
from cppn_gl.output.capture import save_picture
from cppn_gl.output.formats import FORMATS, BandedFormat, encode, format_of
from cppn_gl.output.poster import Poster, is_poster, write_poster
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import READERS, Reader
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.files import CaptureError

SHOT = Shot(Preset(name="small", title="×").replace(depth=3, width=4), (7, 5), engine="numpy")
WORDS = ["--depth", "3", "--width", "4", "--size", "9x7", "--engine", "numpy"]
START = "# cppn_gl "


class PpmFormat:
    """A format that the package does not have: the shot is a comment."""

    name, suffixes, largest, bits = "PPM", (".ppm", ".pnm"), 64, (8,)
    floats, alpha, library = False, False, ""

    def write(self, file: BinaryIO, pixels: NDArray[np.uint8], shot: Shot) -> None:
        height, width, _ = pixels.shape
        file.write(f"P6\n{START}{shot.to_text()}\n{width} {height}\n255\n".encode())
        file.write(pixels.tobytes())


def ppm_text(file: BinaryIO) -> str | None:
    if file.readline() != b"P6\n":
        raise SyntaxError
    comment = file.readline().decode()
    return comment.removeprefix(START) if comment.startswith(START) else None


@pytest.fixture
def ppm() -> Iterator[PpmFormat]:
    row, reader = PpmFormat(), Reader("PPM", (".ppm", ".pnm"), ppm_text)
    FORMATS.append(row)
    READERS.append(reader)
    yield row
    FORMATS.remove(row)
    READERS.remove(reader)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(path: str) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


# A format from outside


def test_a_format_needs_one_row_to_be_written_and_one_to_be_read(ppm: PpmFormat) -> None:
    for name in ("a.ppm", "a.PNM", "a.png"):
        assert main(["render", "default", *WORDS, "-o", name]) == 0
    assert np.array_equal(pixels("a.ppm"), pixels("a.png"))
    assert Path("a.ppm").read_bytes() == Path("a.PNM").read_bytes()
    assert read_shot(Path("a.ppm")) == read_shot(Path("a.png"))
    assert load_preset("a.ppm") == load_preset("default").replace(depth=3, width=4)
    assert main(["render", "a.ppm", "-o", "b.ppm"]) == 0
    assert Path("b.ppm").read_bytes() == Path("a.ppm").read_bytes()


@pytest.mark.parametrize("words", [["sheet", "--cols", "seed=1:2"], ["render", "--view", "layers"]])
def test_sheets_and_other_views_are_written_in_it(ppm: PpmFormat, words: list[str]) -> None:
    for name in ("a.png", "a.ppm", "a.tif"):
        assert main([*words, *WORDS, "-o", name]) == 0
        assert read_shot(Path(name)) == read_shot(Path("a.png"))
        assert np.array_equal(pixels(name), pixels("a.png"))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_without_alpha_a_picture_lies_over_black(ppm: PpmFormat, dtype: str) -> None:
    values = np.array([[[1, 0.5, 0, 0.5], [1, 1, 1, 0], [0.25, 1, 0, 1]]])
    most = 1 if dtype == "float32" else np.iinfo(dtype).max
    data = encode(ppm, np.round(values * most, 2).astype(dtype), Shot(SHOT.preset, (3, 1)))
    found = np.frombuffer(data[-9 * np.dtype(dtype).itemsize :], dtype) / most
    expected = [0.5, 0.25, 0, 0, 0, 0, 0.25, 1, 0]
    assert found == pytest.approx(expected, abs=0 if most == 1 else 1 / most)


def test_help_and_errors_name_it(ppm: PpmFormat, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("render", "sheet"):
        main([command, "--help"])
        shown = " ".join(capsys.readouterr().out.split())
        assert "FILE.png, FILE.tif, FILE.tiff, FILE.webp, FILE.exr, FILE.ppm, FILE.pnm" in shown
    assert main(["render", *WORDS, "-o", "a.jpg"]) == 2
    expected = (
        "a.jpg: not the name of a PNG, TIFF, WebP, EXR or PPM file; "
        "expected FILE.png, FILE.tif, FILE.webp, FILE.exr or FILE.ppm"
    )
    assert expected in capsys.readouterr().err
    assert main(["render", *WORDS]) == 2
    assert (
        "render writes PNG, TIFF, WebP, EXR or PPM: expected -o FILE.png" in capsys.readouterr().err
    )
    Path("a").touch()
    assert main(["render", "a", *WORDS, "-o", "a.png"]) == 2
    err = capsys.readouterr().err
    assert all(f", {suffix}" in err for one in FORMATS for suffix in one.suffixes)
    assert ".ppm, .pnm, .safetensors" in err
    Path("fake.ppm").write_text("P5")
    assert main(["render", "fake.ppm", "-o", "a.png"]) == 2
    assert "fake.ppm: not a PPM picture" in capsys.readouterr().err


def test_a_picture_larger_than_it_holds_is_refused(
    ppm: PpmFormat, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["render"], ["sheet", "--cols", "seed=1:2"]):
        assert main([*words, *WORDS, "--size", "65x9", "-o", "a.ppm"]) == 2
        expected = "cppn_gl: --size: 65x9 is too large: the limit of PPM is 64 pixels a side\n"
        assert capsys.readouterr().err == expected
    assert list(here.iterdir()) == []


def test_without_bands_every_picture_is_drawn_whole(
    ppm: PpmFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster, "AT_ONCE", 1)
    assert is_poster(Path("a.png"), SHOT)
    assert not is_poster(Path("a.ppm"), SHOT)
    with Renderer("numpy") as renderer, pytest.raises(CaptureError, match="band by band"):
        write_poster(renderer, Poster(SHOT, Path("a.ppm")))


# All formats


@pytest.mark.parametrize("one", [f for f in FORMATS if 8 in f.bits], ids=lambda one: one.name)
def test_what_a_format_writes_opens_again(one: Any) -> None:
    values = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    for suffix in one.suffixes:
        path = Path(f"a{suffix}")
        assert format_of(path) is format_of(Path(f"a{suffix.upper()}")) is one
        save_picture(path, values, SHOT)
        assert read_shot(path) == SHOT
        assert np.array_equal(pixels(str(path)), values)
        assert path.read_bytes() == encode(one, values, SHOT)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
def test_every_number_of_bits_comes_back_and_the_file_is_the_same_again(one: Any) -> None:
    for bits in one.bits:
        path = Path(f"a{one.suffixes[0]}")
        assert main(["render", *WORDS, "--bits", str(bits), "-o", str(path)]) == 0
        assert read_shot(path).bits == bits
        assert main(["render", str(path), "-o", f"b{path.suffix}"]) == 0
        assert Path(f"b{path.suffix}").read_bytes() == path.read_bytes()


def test_without_a_wish_a_format_holds_what_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    def bits(source: str, target: str) -> int:
        assert main(["render", source, *WORDS, "-o", target]) == 0
        return read_shot(Path(target)).bits

    assert bits("default", "a.exr") == 16
    assert bits("a.exr", "a.png") == 16
    assert capsys.readouterr().err == ""
    assert bits("a.png", "a.webp") == 8
    assert capsys.readouterr().err == "cppn_gl: WebP holds 8 bits per channel, not 16\n"
    for target, problem in {
        "b.png": "PNG holds 8 or 16 bits per channel; TIFF and EXR can hold 32",
        "b.webp": "WebP holds 8 bits per channel; TIFF and EXR can hold 32",
    }.items():
        assert main(["render", *WORDS, "--bits", "32", "-o", target]) == 2
        assert capsys.readouterr().err == f"cppn_gl: --bits: {problem}\n"
    assert main(["render", *WORDS, "--bits", "24", "-o", "b.png"]) == 2
    assert capsys.readouterr().err == "cppn_gl: --bits: 24 is not one of 8, 16, 32\n"
    assert not Path("b.png").exists()


def test_a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda name: None)
    assert main(["render", *WORDS, "-o", "a.exr"]) == 2
    words = "EXR needs the library OpenEXR, of the extra exr: python -m pip install OpenEXR"
    assert capsys.readouterr().err == f"cppn_gl: {words}\n"
    assert list(here.iterdir()) == []


def test_no_suffix_belongs_to_two() -> None:
    for table in (FORMATS, READERS):
        found = [suffix for one in table for suffix in one.suffixes]
        assert len(set(found)) == len(found)


def test_a_tiff_is_the_same_in_bands_and_whole() -> None:
    tiff = format_of(Path("a.tif"))
    assert isinstance(tiff, BandedFormat)
    for samples in (1, 2):
        with Renderer("numpy") as renderer:
            shot = Shot(SHOT.preset, (40, 30), samples=samples, engine="numpy")
            write_poster(renderer, Poster(shot, Path("a.tif")))
            whole = renderer.render(shot.preset, shot.size, samples=samples)
        assert encode(tiff, whole, shot) == Path("a.tif").read_bytes()


def test_a_name_of_no_format_is_refused() -> None:
    with pytest.raises(
        CaptureError, match=r"a\.jpg: not the name of a PNG, TIFF, WebP or EXR file"
    ):
        save_picture(Path("a.jpg"), np.zeros((5, 7, 3), np.uint8), SHOT)

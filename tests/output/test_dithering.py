"""Dithered pictures: the same bytes in files, parts, posters, streams, sequences and sheets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
import tifffile
from PIL import Image
from seers import seen_by

from cppn_gl.cli.main import main
from cppn_gl.output import bands, poster, renderer
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.quantising import dithered, quantise
from cppn_gl.views import ALL, view_of
from cppn_gl.views.base import lay_over
from cppn_gl.views.layers import LayersView

SIZE = (37, 23)
SLOW = Preset(name="slow").replace(  # a slow gradient
    depth=3, width=5, inputs=["x", "y", "z0", "t"], weight_scale=0.3, extent=0.5, seed=3
)
NOISY = SLOW.replace(dither=True)
ENGINES = ["numpy", pytest.param("native", marks=pytest.mark.native)]
ENGINES.append(pytest.param("fragment", marks=pytest.mark.gl))


@pytest.fixture(scope="module", params=ENGINES)
def each(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    with Renderer(request.param) as one:
        yield one


def changed(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pictures differ, by a level at most."""
    apart = np.abs(a.astype(int) - b)
    assert apart.max() <= 1
    return bool(apart.any())


# Pictures


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("mapping", ["rgb", "viridis"])
def test_noise_is_added_before_rounding_and_only_to_8_bits(
    each: Renderer, mapping: str, samples: int
) -> None:
    how: dict[str, Any] = {"samples": samples}
    plain, noisy = (one.replace(mapping=mapping) for one in (SLOW, NOISY))
    exact = each.render(noisy, SIZE, dtype="float32", **how)
    assert np.array_equal(exact, each.render(plain, SIZE, dtype="float32", **how))
    assert np.array_equal(each.render(noisy, SIZE, **how), dithered(exact))
    assert np.array_equal(each.render(plain, SIZE, **how), quantise(exact))
    sixteen = each.render(noisy, SIZE, dtype="uint16", **how)
    assert sixteen.dtype == np.uint16
    assert np.array_equal(sixteen, np.floor(np.clip(exact, 0, 1) * 65535 + np.float32(0.5)))


def test_a_picture_is_the_same_in_parts_regions_and_streams(
    each: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = each.render(NOISY, SIZE)
    for left, top, width, height in [(0, 0, 37, 23), (5, 7, 1, 1), (3, 2, 30, 9), (36, 22, 1, 1)]:
        part = each.render(NOISY, SIZE, part=(left, top, width, height))
        assert np.array_equal(part, whole[top : top + height, left : left + width])
    for region in (renderer.REGION, 16, 7):
        monkeypatch.setattr(renderer, "REGION", region)
        assert np.array_equal(each.render(NOISY, SIZE), whole)
        assert np.array_equal(each.render(NOISY, SIZE, part=(3, 2, 30, 19)), whole[2:21, 3:33])
        first, other = each.begin(NOISY, SIZE), each.begin(SLOW, SIZE)
        assert np.array_equal(first.pixels(), whole)
        assert changed(other.pixels(), whole)
    sixteen = each.begin(NOISY, SIZE, dtype="uint16").pixels()
    assert np.array_equal(sixteen, each.render(NOISY, SIZE, dtype="uint16"))


def test_what_is_no_number_stays_magenta(each: Renderer) -> None:
    broken = NOISY.replace(depth=40, width=70, activation="relu", init="normal", weight_scale=20)
    assert (each.render(broken, SIZE) == (255, 0, 255)).all()


def test_a_row_of_equal_pixels_is_broken_up(each: Renderer) -> None:
    flat = [each.render(one.replace(extent=0.02), (256, 8)) for one in (SLOW, NOISY)]
    runs = [np.mean((one[:, 1:] == one[:, :-1]).all(axis=2)) for one in flat]
    assert runs[0] > 0.9
    assert runs[1] < 0.3


def test_over_a_square_the_mean_is_that_of_the_exact_picture(each: Renderer) -> None:
    size, side = (320, 192), 32
    exact = each.render(NOISY, size, dtype="float32")
    worst = []
    for preset in (SLOW, NOISY):
        apart = each.render(preset, size).astype(np.float64) - 255 * exact
        squares = apart.reshape(size[1] // side, side, size[0] // side, side, 3).mean(axis=(1, 3))
        worst.append(np.abs(squares).max())
        mean = apart.mean()
    assert worst[0] > 0.3  # a step: half a level at most
    assert worst[1] < 5 * 0.5 / side  # noise with a standard deviation of half a level
    assert abs(mean) < 5 * 0.5 / np.sqrt(exact.size)


# Views


@pytest.mark.gl
@pytest.mark.parametrize("name", VIEWS)
def test_continuous_pictures_are_dithered_and_drawings_are_not(name: str) -> None:
    preset = seen_by(name, SLOW.replace(activation="relu"))
    with Renderer("fragment") as one:
        plain, noisy = (one.render(preset.replace(dither=on), (160, 100)) for on in (False, True))
    view = ALL[name]
    assert changed(plain, noisy) == view.continuous
    drawings = ("units", "curves", "warp", "learning")
    assert view.continuous == (name not in drawings and not VIEWS[name].images)
    assert bool(view.dithered(preset.replace(dither=True), (160, 100))) == view.continuous
    assert view.dithered(preset, (160, 100)) == ()


@pytest.mark.gl
def test_words_over_a_picture_carry_no_noise() -> None:
    view = view_of(NOISY.replace(view="gradient"))
    scene = renderer.scene_of(NOISY.replace(view="gradient"), 0)
    words = view.overlay(scene, (320, 200))
    with Renderer("fragment") as one:
        shown = one.render(scene.preset, (320, 200))
    assert words is not None
    solid = words[..., 3] == 255
    assert solid.any()
    assert np.array_equal(shown[solid], words[solid][:, :3])


@pytest.mark.parametrize("before", [False, True])
def test_each_layers_picture_is_dithered_as_its_own(before: bool) -> None:
    preset, size = NOISY.replace(view="layers", **{"layers.before": before}), (200, 131)
    with Renderer("numpy") as one:
        exact = one.render(preset.replace(dither=False), size, dtype="float32")
        shown = one.render(preset, size)
    bare = quantise(exact)
    view, scene = LayersView(), renderer.scene_of(preset, 0)
    cells, words = view.cells(scene, size), view.overlay(scene, size)
    assert words is not None
    clear = words[..., 3] == 0
    seen = np.zeros(clear.shape, bool)
    high = view.cell_picture_size(scene, size)[1]
    for index in range(3):
        left, top, right, bottom = cells.box(index)
        for start in {top, bottom - high} if before else {top}:
            end = min(bottom, start + high)
            own = dithered(np.ascontiguousarray(exact[start:end, left:right]))
            here = clear[start:end, left:right]
            assert np.array_equal(shown[start:end, left:right][here], own[here])
            seen[start:end, left:right] = True
    assert np.array_equal(shown[~seen & clear], bare[~seen & clear])  # the ground


# Sheets


def cells_of(preset: Preset, size: tuple[int, int] | None = None) -> Iterator[Any]:
    """Each cell and its box."""
    from cppn_gl.preset.sheet import cells
    from cppn_gl.views.sheet_layout import natural_size

    size = size or natural_size(preset, cells(preset))
    layout = ALL["sheet"].layout(preset, size)  # type: ignore[attr-defined]
    for cell in layout.grid.cells:
        yield cell, layout.box(cell.row, cell.column), size


SWEEPS: list[dict[str, Any]] = [
    {"rows": "depth=1:2", "cols": "seed=1:3"},
    {"cols": "dither=true,false"},
    {"cols": "view=picture,layers,curves", "rows": "mapping=rgb,viridis"},
]


@pytest.mark.gl
@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize("samples", [1, 2])
def test_a_cell_has_the_bytes_of_its_own_picture(sweep: dict[str, str], samples: int) -> None:
    keys = {f"sweep.{name}": value for name, value in sweep.items()}
    keys |= {"sweep.labels": False, "sweep.cell": (44, 30), "show.view": "sheet"}
    preset = NOISY.replace(**keys)
    with Renderer("numpy") as one:
        found = list(cells_of(preset))
        sheet = one.render(preset, found[0][2], samples=samples)
        outside = np.ones(sheet.shape[:2], bool)
        for cell, (left, top, right, bottom), _ in found:
            own = one.render(cell.preset, (right - left, bottom - top), samples=samples)
            assert np.array_equal(sheet[top:bottom, left:right], own), cell.label
            outside[top:bottom, left:right] = False
        assert np.array_equal(
            sheet[outside], one.render(preset.replace(dither=False), found[0][2])[outside]
        )


# Files


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.toml").write_text(SLOW.to_toml())
    return tmp_path


WORDS = ["--size", "37x23", "--engine", "numpy", "--quiet"]


def values(path: str | Path) -> np.ndarray:
    """A file's values, of 8 or 16 bits, which Pillow would reduce."""
    if str(path).endswith(".tif"):
        return np.asarray(tifffile.imread(path))
    width, height, rows, _ = png.Reader(filename=str(path)).read()
    return np.vstack([np.asarray(row) for row in rows]).reshape(height, width, 3)


def drawn(preset: Preset, time: float = 0.0, **how: Any) -> np.ndarray:
    with Renderer("numpy") as one:
        pixels: np.ndarray = one.render(preset, SIZE, time, **how)
        return pixels


@pytest.mark.parametrize("given", [["--dither"], ["--dither", "true"], ["--dither=true"]])
def test_a_file_remembers_that_it_is_dithered(given: list[str]) -> None:
    assert main(["render", *given, "slow.toml", *WORDS, "-o", "a.png"]) == 0
    assert np.array_equal(values("a.png"), drawn(NOISY))
    assert read_shot(Path("a.png")).preset.color.dither
    assert main(["render", "a.png", "-o", "b.png", "--quiet"]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert main(["render", "a.png", "--dither", "false", "-o", "c.png", "--quiet"]) == 0
    assert np.array_equal(values("c.png"), drawn(SLOW))


@pytest.mark.parametrize("words", [["--dither", "maybe", "slow.toml"], ["--dither=1", "slow.toml"]])
def test_other_values_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", *words, "-o", "a.png"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "unexpected argument" in told or "neither true nor false" in told


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("bits", ["8", "16"])
def test_a_poster_has_the_pixels_of_one_draw(
    name: str, bits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["render", "slow.toml", "--dither", "--bits", bits, *WORDS]
    assert main([*words, "-o", f"whole-{name}"]) == 0
    monkeypatch.setattr(poster, "AT_ONCE", 1)
    monkeypatch.setattr(bands, "BAND", 5 * 37)
    assert main([*words, "-o", name]) == 0
    expected = drawn(NOISY, dtype=f"uint{bits}")
    for path in (name, f"whole-{name}"):
        assert values(path).dtype == expected.dtype
        assert np.array_equal(values(path), expected)
        assert read_shot(Path(path)).bits == int(bits)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_sequence_has_the_pixels_of_its_frames_and_is_resumed(
    bits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sequence", "slow.toml", "--dither", *WORDS, "-o", "f", "--fps", "2"]
    some = [*words, "--bits", str(bits)]
    assert main([*some, "--frames", "2"]) == 0
    before = Path("f/00001.png").stat().st_mtime_ns
    assert main([*some, "--frames", "3"]) == 0
    assert Path("f/00001.png").stat().st_mtime_ns == before
    for frame in range(3):
        expected = drawn(NOISY, frame / 2, dtype=f"uint{bits}")
        assert np.array_equal(values(f"f/0000{frame}.png"), expected)
    capsys.readouterr()
    assert main([*words, "--bits", str(24 - bits), "--frames", "3"]) == 2
    assert f"bits is {bits}, not {24 - bits}" in capsys.readouterr().err


# 16 bits


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_file_remembers_its_bits(name: str) -> None:
    assert main(["render", "slow.toml", "--bits", "16", *WORDS, "-o", name]) == 0
    assert read_shot(Path(name)).bits == 16
    assert np.array_equal(values(name), drawn(SLOW, dtype="uint16"))
    with Image.open(name) as image:
        assert image.size == SIZE
    assert main(["render", name, "-o", f"again-{name}", "--quiet"]) == 0
    assert Path(f"again-{name}").read_bytes() == Path(name).read_bytes()
    assert main(["render", name, "--bits", "8", "-o", "b.png", "--quiet"]) == 0
    assert read_shot(Path("b.png")).bits == 8
    assert np.array_equal(values("b.png"), drawn(SLOW))


def test_words_are_laid_over_before_16_bits(here: Path) -> None:
    preset = SLOW.replace(view="layers")
    fine, exact = (drawn(preset, dtype=dtype) for dtype in ("uint16", "float32"))
    assert np.array_equal(fine, np.floor(np.clip(exact, 0, 1) * 65535 + np.float32(0.5)))
    words = view_of(preset).overlay(renderer.scene_of(preset, 0), SIZE)
    assert np.array_equal(lay_over(exact, None), exact)
    assert words is not None


def test_wrong_bits_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("12", "64", "x"):
        assert main(["render", "slow.toml", "--bits", wrong, *WORDS, "-o", "a.png"]) == 2
        told = capsys.readouterr().err
        assert told.startswith("cppn_gl: --bits: ")
        assert told.endswith("8, 16, 32\n")
    assert not Path("a.png").exists()

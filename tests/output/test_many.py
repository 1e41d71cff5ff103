"""Many pictures: each by its values, the same after any interruption, and never a mixture."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from folders import contents
from PIL import Image

from cppn_gl.output import many as module
from cppn_gl.output.formats import FORMATS, encode, format_of
from cppn_gl.output.many import Many, read_many, write_many
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

PRESET = Preset(name="small").replace(depth=3, width=6, inputs=["x", "y", "t"], seed=5)
SHOT = Shot(PRESET, (16, 9), 0.5)
MANY = Many(SHOT, ("depth=2:3", "seed=0:2"))
NAMES = [f"depth-0{depth}_seed-0000{seed}.png" for depth in (2, 3) for seed in range(3)]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("numpy") as renderer:
        yield renderer


@pytest.fixture
def folder(tmp_path: Path, renderer: Renderer) -> Path:
    assert write_many(renderer, MANY, tmp_path / "many") == 6
    return tmp_path / "many"


def changed(**keys: Any) -> Many:
    shot = {name: keys.pop(name) for name in ("preset", "size", "time", "samples") if name in keys}
    values = {"preset": PRESET, "size": (16, 9), "time": 0.5, "samples": 1, **shot}
    return Many(Shot(**values), **{"axes": ("depth=2:3", "seed=0:2"), **keys})


def test_each_picture_is_that_of_its_values(folder: Path, renderer: Renderer) -> None:
    assert sorted(contents(folder)) == [*NAMES, "manifest.json"]
    for depth in (2, 3):
        for seed in range(3):
            path = folder / f"depth-0{depth}_seed-0000{seed}.png"
            shot = read_shot(path)
            assert shot == Shot(PRESET.replace(depth=depth, seed=seed), (16, 9), 0.5, 1, "numpy")
            pixels = renderer.render(shot.preset, (16, 9), 0.5)
            assert path.read_bytes() == encode(format_of(path), pixels, shot)


def test_time_and_layers_vary_too(tmp_path: Path, renderer: Renderer) -> None:
    write_many(renderer, Many(SHOT, ("time=1,2 & layer=1,2",)), tmp_path)
    shot = read_shot(tmp_path / "time-2_layer-02.png")
    assert (shot.time, shot.preset) == (2.0, PRESET.layer_picture(2))


def test_a_preset_may_follow_from_its_seed_as_a_whole(tmp_path: Path, renderer: Renderer) -> None:
    def drawn(seed: int) -> Preset:
        return PRESET.replace(depth=2 + seed % 3, extent=1 + seed)

    write_many(renderer, Many(SHOT, ("seed=3:4", "width=4"), drawn=drawn), tmp_path)
    assert read_shot(tmp_path / "seed-00004_width-04.png").preset == drawn(4).replace(width=4)


def test_the_manifest_says_it_all(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == read_many(folder) == MANY.manifest("numpy")
    assert (manifest["axes"], manifest["pictures"]) == (["depth=2:3", "seed=0:2"], 6)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
def test_in_every_format_whole_files_stay_and_cut_ones_are_refused(
    tmp_path: Path, renderer: Renderer, one: Any
) -> None:
    shot = Shot(PRESET, (64, 48), bits=one.bits[-1])
    pictures = Many(shot, ("seed=0:2",), one)
    assert write_many(renderer, pictures, tmp_path) == 3
    before = contents(tmp_path)
    assert read_shot(tmp_path / f"seed-00001{one.suffixes[0]}").bits == one.bits[-1]
    (tmp_path / f"seed-00001{one.suffixes[0]}").unlink()
    assert write_many(renderer, pictures, tmp_path) == 1
    assert contents(tmp_path) == before
    path = tmp_path / f"seed-00002{one.suffixes[0]}"
    for part in (0, 10, len(before[path.name]) // 2, len(before[path.name]) - 1):
        path.write_bytes(before[path.name][:part])
        with pytest.raises(CaptureError, match="is not one of these pictures, or not complete"):
            write_many(renderer, pictures, tmp_path)
        assert path.stat().st_size == part
    assert write_many(renderer, pictures, tmp_path, overwrite=True) == 1
    assert contents(tmp_path) == before


def test_what_is_there_is_kept(folder: Path, renderer: Renderer) -> None:
    before = contents(folder)
    stamp = (folder / NAMES[0]).stat().st_mtime_ns
    (folder / NAMES[2]).unlink()
    (folder / f".{NAMES[2]}.77-ab.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    seen: list[tuple[int, int]] = []
    drawn = write_many(renderer, MANY, folder, progress=lambda done, n: seen.append((done, n)))
    assert drawn == 1
    assert seen == [(5, 6), (6, 6)]
    assert contents(folder) == before | {"notes.txt": b"mine"}
    assert (folder / NAMES[0]).stat().st_mtime_ns == stamp


@pytest.mark.parametrize("axes", [("depth=2:3", "seed=0:9"), ("depth=2:5", "seed=0:2")])
def test_longer_axes_extend_it(
    folder: Path, tmp_path: Path, renderer: Renderer, axes: tuple[str, ...]
) -> None:
    longer = changed(axes=axes)
    assert write_many(renderer, longer, folder) == longer.count - 6
    write_many(renderer, longer, tmp_path / "at once")
    assert contents(folder) == contents(tmp_path / "at once")


def test_the_first_name_stays(folder: Path, renderer: Renderer) -> None:
    before = contents(folder)
    (folder / NAMES[1]).unlink()
    renamed = Preset(PRESET.spec, PRESET.view, PRESET.animation, name="other")
    write_many(renderer, changed(preset=renamed), folder)
    assert contents(folder) == before


DIFFERENT = {
    "network.width is 6, not 5": changed(preset=PRESET.replace(width=5)),
    "size is": changed(size=(9, 16)),
    "time is 0.5, not 0.0": changed(time=0.0),
    "samples is 1, not 2": changed(samples=2),
    "format is 'PNG', not 'WebP'": changed(format=format_of(Path("a.webp"))),
    "its pictures are depth=2:3 × seed=0:2, not depth=2:3 × seed=1:2": changed(
        axes=("depth=2:3", "seed=1:2")
    ),
    "its pictures are depth=2:3 × seed=0:2, not seed=0:2": changed(axes=("seed=0:2",)),
    "not depth=2:3 × seed=0:2 × width=4": changed(axes=("depth=2:3", "seed=0:2", "width=4")),
}


@pytest.mark.parametrize("words", DIFFERENT)
def test_others_are_refused_then_replaced(
    folder: Path, tmp_path: Path, renderer: Renderer, words: str
) -> None:
    before = contents(folder)
    with pytest.raises(CaptureError, match=r"or overwrite it$") as caught:
        write_many(renderer, DIFFERENT[words], folder)
    assert words in str(caught.value)
    assert contents(folder) == before
    (folder / "mine.png").write_bytes(b"mine")
    write_many(renderer, DIFFERENT[words], folder, overwrite=True)
    write_many(renderer, DIFFERENT[words], tmp_path / "new")
    assert contents(folder) == contents(tmp_path / "new") | {"mine.png": b"mine"}


def test_another_engine_goes_on_when_told(folder: Path, renderer: Renderer) -> None:
    manifest = MANY.manifest("fragment")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CaptureError, match="engine is 'fragment', not 'numpy'"):
        write_many(renderer, MANY, folder)
    path = folder / NAMES[0]
    with Image.open(path) as image:
        shot, pixels = read_shot(path), np.asarray(image)
    other = Shot(shot.preset, shot.size, shot.time, engine="fragment")
    path.write_bytes(encode(format_of(path), pixels, other))
    assert write_many(renderer, MANY, folder, any_engine=True) == 0
    assert read_many(folder) == manifest


def test_somebody_elses_file_is_refused(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / NAMES[3]).write_bytes(b"mine")
    with pytest.raises(CaptureError, match=f"{NAMES[3]}: is not one of these pictures"):
        write_many(renderer, MANY, tmp_path)
    assert contents(tmp_path) == {NAMES[3]: b"mine"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_in_the_folder_is_refused(folder: Path, renderer: Renderer) -> None:
    (folder / NAMES[3]).unlink()
    os.mkfifo(folder / NAMES[3])
    with pytest.raises(CaptureError, match=NAMES[3]):
        write_many(renderer, MANY, folder)


@pytest.mark.parametrize("axes", [None, [], "seed=0:2", ["seed=0"] * 9, ["no=1"], ["seed"], [1]])
def test_a_manifest_with_wrong_axes_is_refused_then_replaced(
    folder: Path, renderer: Renderer, axes: Any
) -> None:
    before = contents(folder)
    (folder / "manifest.json").write_text(json.dumps(MANY.manifest("numpy") | {"axes": axes}))
    with pytest.raises(CaptureError, match=r"manifest\.json") as caught:
        write_many(renderer, MANY, folder)
    assert len(str(caught.value).splitlines()) == 1
    assert write_many(renderer, MANY, folder, overwrite=True) == 0
    assert contents(folder) == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": 1}', "[" * 100_000, "\xff", "null"])
def test_a_broken_manifest_is_refused_then_replaced(
    folder: Path, renderer: Renderer, text: str
) -> None:
    before = contents(folder)
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CaptureError, match="not a cppn_gl manifest"):
        write_many(renderer, MANY, folder)
    assert write_many(renderer, MANY, folder, overwrite=True) == 0
    assert contents(folder) == before


def test_a_manifest_without_end_is_refused(folder: Path, renderer: Renderer) -> None:
    with (folder / "manifest.json").open("r+b") as file:
        file.truncate(2**40)  # a file with a hole
    with pytest.raises(CaptureError, match="not a cppn_gl manifest"):
        write_many(renderer, MANY, folder)


@pytest.mark.parametrize(
    ("axes", "problem"),
    [
        ((), "a list of 0"),
        (("",), "an empty axis"),
        (("seed=0:2", " "), "an empty axis"),
        (("sed=1:2",), "no such key; did you mean 'seed'?"),
        (("seed=1:x",), "is not two integers"),
        (("seed=1,2", "seed=3"), "network.seed varies along two of them"),
        (("seed=0:1000000",), "more than 1000000 values"),
        (("seed=0:9999", "width=1:101"), "1010000 pictures; expected at most 1000000"),
        (("depth=0:3",), "network.depth: 0 is not an integer from 1"),
    ],
)
def test_axes_that_are_none(axes: tuple[str, ...], problem: str) -> None:
    with pytest.raises(PresetError) as caught:
        changed(axes=axes)
    assert problem in str(caught.value)
    assert caught.value.key == "axes"


def test_what_cannot_be_drawn_is_found_before_anything_is_written(
    tmp_path: Path, renderer: Renderer
) -> None:
    many = changed(axes=("seed=0:9", "depth=3,2", "layer=1,3"))
    with pytest.raises(PresetError, match="layer 3; the network has 2"):
        write_many(renderer, many, tmp_path / "many")
    with pytest.raises(PresetError, match=r"train\.own: no points"):
        write_many(renderer, changed(axes=("train.data=circle,own",)), tmp_path / "many")
    assert not (tmp_path / "many").exists()


def test_pictures_are_enumerated_as_they_are_drawn() -> None:
    many = changed(axes=("depth=2:5", "seed=0:199999"))
    assert many.count == 800_000
    assert many.name(many.count - 1) == "depth-05_seed-199999.png"
    assert many.picture(many.steps(400_001)).preset == PRESET.replace(depth=4, seed=1)
    assert isinstance(many.parsed[1].parts[0][1], range)


def test_few_pictures_are_held(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than those waiting, one drawn and one begun; each is let go."""
    alive = 0

    class Counted(Renderer):
        def render(self, *args: Any, **keys: Any) -> Any:
            nonlocal alive
            alive += 1
            return super().render(*args, **keys)

    monkeypatch.setattr(module, "waiting", lambda size, bits: 2)
    most: list[int] = []

    def progress(done: int, count: int) -> None:
        most.append(alive - len(list(tmp_path.glob("*.png"))))

    with Counted("numpy") as counted:
        write_many(counted, changed(axes=("seed=0:29",)), tmp_path, progress=progress)
    assert max(most) <= 4

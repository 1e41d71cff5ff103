"""Sequences: right frames, the same after any interruption, and never two in one folder."""

import hashlib
import json
import os
import threading
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from folders import contents
from PIL import Image

from cppn_gl.nn.files import Tensors, read_tensors, safetensors_bytes
from cppn_gl.nn.network import Network
from cppn_gl.output.capture import FrameWriter, waiting
from cppn_gl.output.png import encode_png
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.sequence import (
    WEIGHTS,
    Sequence,
    frame_path,
    read_manifest,
    write_sequence,
)
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils import files
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

PRESET = Preset(name="small").replace(depth=3, width=6, inputs=["x", "y", "t"], seed=5)
SEQUENCE = Sequence(PRESET, frames=4, fps=24, size=(16, 9))


class Alive(Renderer):
    """Draws nothing, fast, and counts the pictures that somebody still holds."""

    def __init__(self) -> None:
        super().__init__("numpy")
        self.alive: weakref.WeakSet[Picture] = weakref.WeakSet()
        self.most = 0

    def render(self, what: Any, size: tuple[int, int] = (1, 1), *args: Any, **keys: Any) -> Any:
        picture = np.zeros((size[1], size[0], 3), np.uint8).view(Picture)
        self.alive.add(picture)
        self.most = max(self.most, len(self.alive))
        return picture


class Picture(np.ndarray):
    __hash__ = object.__hash__  # by identity, so that a WeakSet takes it


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("numpy") as renderer:
        yield renderer


@pytest.fixture
def folder(tmp_path: Path, renderer: Renderer) -> Path:
    assert write_sequence(renderer, SEQUENCE, tmp_path / "frames") == 4
    return tmp_path / "frames"


def changed(**keys: Any) -> Sequence:
    values = {"preset": PRESET, "frames": 4, "fps": 24, "size": (16, 9), "samples": 1}
    return Sequence(**(values | keys))


def test_frame_k_is_at_time_k_over_fps(folder: Path, renderer: Renderer) -> None:
    assert sorted(contents(folder)) == [*(f"0000{k}.png" for k in range(4)), "manifest.json"]
    for k in range(4):
        shot = SEQUENCE.shot(k, "numpy")
        assert shot.time == k / 24
        pixels = renderer.render(PRESET, (16, 9), k / 24)
        assert frame_path(folder, k).read_bytes() == encode_png(pixels, shot)
    assert len(set(contents(folder).values())) == 5


def test_the_manifest_says_it_all(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == read_manifest(folder) == SEQUENCE.manifest("numpy")
    assert {"frames": 4, "fps": 24, "size": [16, 9], "engine": "numpy"}.items() <= manifest.items()
    assert parse_preset("\n".join(manifest["preset"])) == PRESET
    digest = hashlib.sha256(PRESET.to_toml().encode()).hexdigest()
    assert manifest["preset_sha256"] == digest


@pytest.mark.parametrize(
    ("key", "value"), [("frames", 0), ("fps", 0), ("fps", -1), ("size", (0, 1)), ("samples", 17)]
)
def test_wrong_sequences(key: str, value: Any) -> None:
    with pytest.raises(PresetError, match=key):
        changed(**{key: value})


def test_frames_hold_no_floats() -> None:
    with pytest.raises(PresetError, match="bits: PNG holds 8 or 16 bits per channel; TIFF and EXR"):
        changed(bits=32)


def test_what_is_there_is_kept(folder: Path, renderer: Renderer) -> None:
    before = contents(folder)
    stamp = frame_path(folder, 0).stat().st_mtime_ns
    frame_path(folder, 2).unlink()
    (folder / ".00002.png.77-ab.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    seen: list[tuple[int, int]] = []
    drawn = write_sequence(
        renderer, SEQUENCE, folder, progress=lambda done, frames: seen.append((done, frames))
    )
    assert drawn == 1
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert contents(folder) == before | {"notes.txt": b"mine"}
    assert frame_path(folder, 0).stat().st_mtime_ns == stamp


def test_frames_have_as_many_samples_as_they_need(tmp_path: Path, renderer: Renderer) -> None:
    steep = changed(preset=PRESET.replace(weight_scale=4), frames=2, samples="auto")
    write_sequence(renderer, steep, tmp_path / "frames")
    assert read_shot(frame_path(tmp_path / "frames", 1)).samples == "auto"
    with Image.open(frame_path(tmp_path / "frames", 1)) as image:
        found = np.asarray(image)
    assert np.array_equal(found, renderer.render(steep.preset, (16, 9), 1 / 24, samples="auto"))
    assert not np.array_equal(found, renderer.render(steep.preset, (16, 9), 1 / 24))
    with pytest.raises(CaptureError, match="samples is 'auto', not 1"):
        write_sequence(renderer, changed(preset=steep.preset, frames=2), tmp_path / "frames")


def test_more_frames_extend_it(folder: Path, tmp_path: Path, renderer: Renderer) -> None:
    assert write_sequence(renderer, changed(frames=6), folder) == 2
    write_sequence(renderer, changed(frames=6), tmp_path / "at once")
    assert contents(folder) == contents(tmp_path / "at once")


def test_the_first_name_stays(folder: Path, renderer: Renderer) -> None:
    before = contents(folder)
    frame_path(folder, 1).unlink()
    renamed = Preset(PRESET.spec, PRESET.view, PRESET.animation, name="other")
    write_sequence(renderer, changed(preset=renamed), folder)
    assert contents(folder) == before


DIFFERENT = {
    "network.seed is 5, not 6": changed(preset=PRESET.replace(seed=6)),
    "view.extent is 1.0, not 2.0": changed(preset=PRESET.replace(extent=2)),
    "network.bias_scale is the default, not 2.0": changed(preset=PRESET.replace(bias_scale=2)),
    "title is '', not 'T'": changed(preset=PRESET.replace(title="T")),
    "size is": changed(size=(9, 16)),
    "fps is 24.0, not 25.0": changed(fps=25),
    "samples is": changed(samples=2),
    "frames is 4, not 3": changed(frames=3),
}


@pytest.mark.parametrize("words", DIFFERENT)
def test_another_sequence_is_refused_then_replaced(
    folder: Path, tmp_path: Path, renderer: Renderer, words: str
) -> None:
    before = contents(folder)
    with pytest.raises(CaptureError, match=r"or overwrite it$") as caught:
        write_sequence(renderer, DIFFERENT[words], folder)
    assert words in str(caught.value)
    assert caught.value.argument == "overwrite"
    assert contents(folder) == before
    write_sequence(renderer, DIFFERENT[words], folder, overwrite=True)
    write_sequence(renderer, DIFFERENT[words], tmp_path / "new")
    assert contents(folder) == contents(tmp_path / "new")


@pytest.mark.parametrize(("key", "value"), [("version", "0.0.1"), ("engine", "fragment")])
def test_another_version_or_engine_is_refused(
    folder: Path, renderer: Renderer, key: str, value: str
) -> None:
    manifest = SEQUENCE.manifest("numpy") | {key: value}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CaptureError, match=f"{key} is '{value}'"):
        write_sequence(renderer, SEQUENCE, folder)


def test_another_engine_goes_on_when_told(folder: Path, renderer: Renderer) -> None:
    manifest = SEQUENCE.manifest("fragment")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert write_sequence(renderer, changed(frames=5), folder, any_engine=True) == 1
    assert read_manifest(folder) == manifest | {"frames": 5}
    assert read_shot(frame_path(folder, 4)).engine == "numpy"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": 1}', "[" * 100_000, "\xff", "null"])
def test_a_broken_manifest_is_refused_then_replaced(
    folder: Path, renderer: Renderer, text: str
) -> None:
    before = contents(folder)
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CaptureError, match="not a cppn_gl manifest"):
        write_sequence(renderer, SEQUENCE, folder)
    assert write_sequence(renderer, SEQUENCE, folder, overwrite=True) == 0
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "\ud800"),
        ("name", "a\nb"),
        ("name", None),
        ("engine", "\ud800"),
        ("frames", -1),
        ("frames", True),
        ("frames", "4"),
    ],
)
def test_a_manifest_with_a_wrong_value_is_refused(
    folder: Path, renderer: Renderer, key: str, value: Any
) -> None:
    (folder / "manifest.json").write_text(json.dumps(SEQUENCE.manifest("numpy") | {key: value}))
    with pytest.raises(CaptureError, match=f"not a cppn_gl manifest: {key}: ") as caught:
        write_sequence(renderer, SEQUENCE, folder)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).isascii()


@pytest.mark.parametrize("preset", [None, ["="], SEQUENCE.manifest("numpy")["preset"]])
def test_another_hash_of_the_same_preset_is_named(
    folder: Path, renderer: Renderer, preset: Any
) -> None:
    changes = {"preset_sha256": "0" * 64, "preset": preset}
    (folder / "manifest.json").write_text(json.dumps(SEQUENCE.manifest("numpy") | changes))
    with pytest.raises(CaptureError, match="preset_sha256 is '0000"):
        write_sequence(renderer, SEQUENCE, folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("name", ["manifest.json", "00001.png"])
def test_a_pipe_in_the_folder_is_refused(folder: Path, renderer: Renderer, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(CaptureError, match=name):
        write_sequence(renderer, SEQUENCE, folder)


def test_frames_of_nobody_knows_what_are_refused(tmp_path: Path, renderer: Renderer) -> None:
    frame_path(tmp_path, 2).write_bytes(b"mine")
    frame_path(tmp_path, 50).write_bytes(b"mine")
    with pytest.raises(CaptureError, match=r"no manifest\.json"):
        write_sequence(renderer, SEQUENCE, tmp_path)
    assert set(contents(tmp_path).values()) == {b"mine"}
    write_sequence(renderer, SEQUENCE, tmp_path, overwrite=True)
    assert read_shot(frame_path(tmp_path, 2)) == SEQUENCE.shot(2, "numpy")
    assert frame_path(tmp_path, 50).read_bytes() == b"mine"  # no picture of ours


@pytest.mark.parametrize("frame", [1, 7])
@pytest.mark.parametrize("kind", ["cut off", "another", "no picture"])
def test_a_foreign_frame_is_refused(
    folder: Path, renderer: Renderer, frame: int, kind: str
) -> None:
    before = contents(folder)
    whole = frame_path(folder, 3).read_bytes()
    data = {"cut off": before["00001.png"][:-20], "another": whole, "no picture": b"?"}[kind]
    frame_path(folder, frame).write_bytes(data)
    with pytest.raises(CaptureError, match=f"0000{frame}.png: is not a complete frame"):
        write_sequence(renderer, SEQUENCE, folder)
    assert frame_path(folder, frame).read_bytes() == data
    write_sequence(renderer, SEQUENCE, folder, overwrite=True)
    after = contents(folder)
    stayed = after.pop("00007.png", None)
    assert after == before
    assert stayed is None or kind != "another"  # an old frame of ours would outlast the new ones


def test_a_failed_write_can_be_resumed(
    tmp_path: Path, folder: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_atomic

    def fail(path: Path, data: bytes, *, overwrite: bool) -> None:
        if path.name == "00002.png":
            raise CaptureError(path, "the disk is full")
        write(path, data, overwrite=overwrite)

    monkeypatch.setattr("cppn_gl.output.capture.write_atomic", fail)
    with pytest.raises(CaptureError, match="disk is full"):
        write_sequence(renderer, SEQUENCE, tmp_path / "again")
    monkeypatch.undo()
    assert "00002.png" not in contents(tmp_path / "again")
    write_sequence(renderer, SEQUENCE, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


@pytest.mark.parametrize(("most", "bound"), [(2**30, 6), (7000, 2), (1, 2)])
def test_no_more_pictures_are_alive_than_the_queue_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, bound: int
) -> None:
    monkeypatch.setattr("cppn_gl.output.capture.WAITING_BYTES", most)
    monkeypatch.setattr("cppn_gl.output.capture.os.cpu_count", lambda: 4)
    assert waiting((40, 25)) == bound
    full, submit = threading.Event(), FrameWriter.submit

    def submitted(self: FrameWriter, *args: Any, wait: float) -> bool:
        taken = submit(self, *args, wait=min(wait, 0.01))
        if not taken:
            full.set()
        return taken

    monkeypatch.setattr(FrameWriter, "submit", submitted)
    monkeypatch.setattr("cppn_gl.output.capture.encode", lambda *_: full.wait(20) and b"png")
    alive = Alive()
    write_sequence(alive, changed(frames=20, size=(40, 25)), tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 20
    assert alive.most == bound + 2  # one that waits for room, and one begun behind it


def test_a_stopped_sequence_has_only_whole_frames(
    tmp_path: Path, folder: Path, renderer: Renderer
) -> None:
    def stop(done: int, frames: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sequence(renderer, SEQUENCE, tmp_path / "again", progress=stop)
    assert contents(tmp_path / "again").items() <= contents(folder).items()
    write_sequence(renderer, SEQUENCE, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


def test_a_file_is_no_folder(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(CaptureError, match="is a file"):
        write_sequence(renderer, SEQUENCE, tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.gl
def test_it_draws_with_opengl(tmp_path: Path) -> None:
    with Renderer("fragment") as renderer:
        write_sequence(renderer, SEQUENCE, tmp_path)
        expected = renderer.render(PRESET, (16, 9), 3 / 24)
    shot = SEQUENCE.shot(3, "fragment")
    assert frame_path(tmp_path, 3).read_bytes() == encode_png(expected, shot)


# What is animated, end to end.

ANIMATED = {
    "a scale": {"animate.network.weight_scale": [0.3, 1.5], "animation.ending": "loop"},
    "there and back": {"animate.view.extent": [0.5, 4.0], "animation.duration": 0.5},
    "a walk": {"animation.walk": [1, 2, 3], "animation.ending": "loop"},
    "a turn": {
        "show.view": "surface",
        "animate.show.turn": [0.0, 360.0],
        "animation.easing": "linear",
        "animation.ending": "repeat",
    },
    "a depth": {"animate.network.depth": [2, 5], "animation.ending": "loop"},
}


@pytest.mark.gl
@pytest.mark.parametrize("what", ANIMATED)
def test_a_sequence_of_what_moves_is_its_moments_and_loops_without_a_seam(
    what: str, tmp_path: Path
) -> None:
    preset = Preset().replace(depth=3, width=5, **{"animation.loop": 1.0}, **ANIMATED[what])
    sequence = Sequence(preset, 12, 12, (32, 18), 1)
    with Renderer("fragment") as renderer:
        assert write_sequence(renderer, sequence, tmp_path / "f") == 12
        drawn = [renderer.render(preset, (32, 18), k / 12) for k in range(13)]
    assert np.array_equal(drawn[12], drawn[0])  # where the next round begins
    files = [np.asarray(Image.open(frame_path(tmp_path / "f", k))) for k in range(12)]
    for k, pixels in enumerate(files):
        assert np.array_equal(pixels, drawn[k])
        shot = read_shot(frame_path(tmp_path / "f", k))
        assert (shot.preset, shot.time) == (preset, k / 12)
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(drawn)]
    assert max(steps) > 0
    assert steps[-1] <= 1.1 * max(steps[:-1])  # the last is no jump


@pytest.mark.parametrize("engine", ["numpy", pytest.param("fragment", marks=pytest.mark.gl)])
def test_frames_have_alpha(engine: str, tmp_path: Path) -> None:
    clear = PRESET.replace(outputs=4)
    with Renderer(engine) as one:
        sequence = Sequence(clear, frames=3, fps=24, size=(16, 9))
        write_sequence(one, sequence, tmp_path)
        for k in range(3):
            with Image.open(frame_path(tmp_path, k)) as image:
                assert image.mode == "RGBA"
                assert np.array_equal(np.asarray(image), one.render(clear, (16, 9), k / 24))
        assert write_sequence(one, sequence, tmp_path) == 0  # they are whole


def test_weights_of_a_network_file_lie_once_beside_the_frames(
    tmp_path: Path, renderer: Renderer
) -> None:
    own = tmp_path / "net.npz"
    Network.random(depth=3, width=64, inputs=("x", "y", "t"), seed=1).save(own)
    sequence = changed(preset=Preset().replace(file=str(own), weight_scale=0.75))
    folder = tmp_path / "frames"
    assert write_sequence(renderer, sequence, folder) == 4
    own.unlink()
    assert sorted(contents(folder))[4:] == ["manifest.json", WEIGHTS]
    assert sum(len(data) for name, data in contents(folder).items() if name != WEIGHTS) < 10_000
    for k in range(4):
        shot = read_shot(frame_path(folder, k))
        assert (shot.preset, shot.time) == (sequence.preset, k / 24)
    before = contents(folder)
    frame_path(folder, 2).unlink()
    assert write_sequence(renderer, sequence, folder) == 1
    assert contents(folder) == before
    opened = changed(preset=read_shot(frame_path(folder, 0)).preset)  # a new one, out of a frame
    assert write_sequence(renderer, opened, tmp_path / "again") == 4
    again = contents(tmp_path / "again")
    assert [again[f"0000{k}.png"] for k in range(4)] == [before[f"0000{k}.png"] for k in range(4)]


def test_a_file_of_the_same_name_as_the_weights_is_never_lost(
    tmp_path: Path, renderer: Renderer
) -> None:
    own = tmp_path / "net.npz"
    Network.random(depth=3, width=8, inputs=("x", "y", "t"), seed=1).save(own)
    sequence, mine = changed(preset=Preset().replace(file=str(own))), tmp_path / WEIGHTS
    mine.write_text("mine")
    with pytest.raises(CaptureError, match=r"weights\.safetensors: is not of this sequence"):
        write_sequence(renderer, sequence, tmp_path)
    assert sorted(contents(tmp_path)) == ["net.npz", WEIGHTS]
    assert mine.read_text() == "mine"
    assert write_sequence(renderer, sequence, tmp_path, overwrite=True) == 4
    assert read_shot(frame_path(tmp_path, 0)).preset == sequence.preset
    # The network that is drawn, in other bytes than those that frames name.
    Network.random(depth=2, width=8, inputs=("x", "y", "t"), seed=1).save(own)
    texts = {"inputs": "x,y,t", "author": "me"}
    data = safetensors_bytes(Tensors(read_tensors(own.read_bytes(), ".npz").arrays, texts))
    mine.write_bytes(data)
    drawn = changed(preset=Preset().replace(file=str(mine)))
    with pytest.raises(CaptureError, match="is the network that is drawn"):
        write_sequence(renderer, drawn, tmp_path, overwrite=True)
    assert mine.read_bytes() == data


def test_foreign_weights_are_not_put_beside_the_frames(tmp_path: Path, renderer: Renderer) -> None:
    Network.random(depth=2, width=4, seed=1).save(tmp_path / "net.npz")
    preset = Preset().replace(file=str(tmp_path / "net.npz"), redistribute=False)
    folder = tmp_path / "frames"
    write_sequence(renderer, changed(preset=preset), folder)
    assert WEIGHTS not in contents(folder)
    Network.random(depth=2, width=4, seed=1).save(folder / "net.npz")
    assert read_shot(frame_path(folder, 0)).preset == preset

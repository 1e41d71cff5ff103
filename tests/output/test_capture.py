"""Pictures on disk: the shot inside, and the threads that write them."""

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.output import capture
from cppn_gl.output.capture import (
    NICER,
    FrameWriter,
    Workers,
    save_new_picture,
    save_picture,
)
from cppn_gl.output.png import encode_png
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.files import CaptureError

SHOT = Shot(Preset(name="a"), (4, 2), engine="numpy")
PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


class Gate:
    """Stands in for encode: counts who is in, and lets them on when told."""

    def __init__(self) -> None:
        self.open, self.entered = threading.Event(), threading.Semaphore(0)
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def __call__(self, format_: object, pixels: object, shot: object) -> bytes:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.release()
        assert self.open.wait(20)
        with self.lock:
            self.inside -= 1
        return b"png"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(capture, "encode", gate)
    return gate


def test_a_picture_keeps_its_shot(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", PIXELS, SHOT)
    assert (tmp_path / "a.png").read_bytes() == encode_png(PIXELS, SHOT)
    assert read_shot(tmp_path / "a.png") == SHOT
    with pytest.raises(CaptureError):
        save_picture(tmp_path / "a.png", PIXELS, SHOT)


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (3, 1), (6, 5)])
def test_pixels_of_any_shape_and_layout_are_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    packed = np.random.default_rng(0).integers(0, 256, (size[1], size[0] + 2, 4), np.uint8)
    pixels = packed[:, : size[0], :3]
    save_picture(tmp_path / "a.png", pixels, SHOT)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), pixels)


def test_a_new_picture_is_named_after_its_preset(tmp_path: Path) -> None:
    first, second = (save_new_picture(tmp_path, PIXELS, SHOT) for _ in range(2))
    assert first != second
    assert first.name.startswith("a-20")
    assert first.read_bytes() == second.read_bytes()


def test_the_writer_writes_all(tmp_path: Path) -> None:
    with FrameWriter() as writer:
        for number in range(20):
            while not writer.submit(tmp_path / f"{number}.png", PIXELS, SHOT, wait=0.1):
                pass
    assert writer.written == 20
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {encode_png(PIXELS, SHOT)}


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_encoding_gives_way_to_drawing() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before, found = niceness(), []
    with Workers(workers=1) as workers:
        assert workers.take(lambda: found.append(niceness()))
    assert found == [min(before + NICER, 19)]
    assert niceness() == before


def test_the_writer_says_when_it_is_full(tmp_path: Path, gate: Gate) -> None:
    with FrameWriter(workers=2, waiting=3) as writer:
        taken = [writer.submit(tmp_path / f"{n}.png", PIXELS, SHOT) for n in range(5)]
        gate.open.set()
        assert writer.submit(tmp_path / "late.png", PIXELS, SHOT, wait=10)
    assert taken == [True, True, True, False, False]
    assert writer.written == 4
    assert gate.most <= 2


def test_an_error_reaches_whoever_draws(tmp_path: Path) -> None:
    writer = FrameWriter(workers=1)
    writer.submit(tmp_path / "no" / "a.png", PIXELS, SHOT)
    while not writer.errors:
        time.sleep(0.01)
    with pytest.raises(CaptureError, match="does not exist"):
        writer.submit(tmp_path / "b.png", PIXELS, SHOT)
    with pytest.raises(CaptureError, match="does not exist"):
        writer.close()


def test_after_an_error_nothing_more_is_written(tmp_path: Path, gate: Gate) -> None:
    writer = FrameWriter(workers=1, waiting=3)
    writer.submit(tmp_path / "no" / "a.png", PIXELS, SHOT)
    writer.submit(tmp_path / "b.png", PIXELS, SHOT)
    gate.open.set()
    with pytest.raises(CaptureError):
        writer.close()
    assert list(tmp_path.iterdir()) == []


def test_an_abort_drops_what_waits(tmp_path: Path, gate: Gate) -> None:
    writer = FrameWriter(workers=1, waiting=3)
    for number in range(3):
        writer.submit(tmp_path / f"{number}.png", PIXELS, SHOT)
    assert gate.entered.acquire(timeout=20)
    threading.Timer(0.05, gate.open.set).start()
    with pytest.raises(ZeroDivisionError), writer:
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["0.png"]

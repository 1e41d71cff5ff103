"""Screenshots and recordings: complete, numbered, and never overwriting a file."""

import dataclasses
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from desktop import wait_for
from PIL import Image
from rows import FRAGMENT, NUMPY
from windowless import windowless

from cppn_gl.engines.gl.programs import Programs
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import without_opengl
from cppn_gl.nn.sources import Random
from cppn_gl.output.capture import FrameWriter
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.files import CaptureError
from cppn_gl.viewer.captures import FPS, MAX_STILLS, Captures
from cppn_gl.viewer.engine_selector import Pick

pytestmark = pytest.mark.gl

LONG = 60.0  # seconds: a drawing is done in one step
SIZE = (20, 13)
PRESET = Preset(spec=Random(depth=3, width=5, inputs=("x", "y", "t"), seed=3), name="a name")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


class Engines:
    """An EngineSelector whose picks the tests set."""

    def __init__(self, renderer: Renderer):
        self.painter = renderer.painter
        self.picked = Pick(FRAGMENT)
        self.compiled = 0

    def pick(self, of: Scene) -> Pick:
        return self.picked

    def compile(self, *args: object) -> None:
        self.compiled += 1
        self.picked = Pick(FRAGMENT)


@pytest.fixture
def engines(renderer: Renderer) -> Any:
    return Engines(renderer)


@pytest.fixture
def captures(
    renderer: Renderer, engines: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Captures]:
    """Captures on the window's renderer; fails if planes are not freed."""
    alive = []

    class Counted(Planes):
        def __init__(self, ctx: moderngl.Context, size: tuple[int, int], channels: int = 3):
            super().__init__(ctx, size, channels)
            alive.append(self)

        def release(self) -> None:
            super().release()
            alive.remove(self)

    monkeypatch.setattr("cppn_gl.viewer.captures.Planes", Counted)
    assert renderer.ctx is not None
    one = Captures(renderer.ctx, renderer, engines)
    yield one
    one.close()
    assert alive == []
    assert renderer.ctx.error == "GL_NO_ERROR"


def shot(time: float = 0.0, size: tuple[int, int] = SIZE) -> Shot:
    return Shot(PRESET, size, time, 1, "fragment")


def scene(time: float = 0.0) -> Scene:
    return Scene(PRESET.network(), PRESET.view, PRESET.animation.clock(time))


def still(captures: Captures, folder: Path, time: float = 0.0) -> None:
    captures.still(shot(time), scene(time), folder)


def submit(captures: Captures) -> None:
    """Advance until all is drawn; the writer may not have written it yet."""

    def submitted() -> bool:
        if captures._waiting:
            captures.advance(LONG)
        return not captures._waiting

    wait_for(submitted, "the captures' drawing")


def settle(captures: Captures) -> list[str]:
    """Advance until all is drawn and the screenshots are written; returns the messages."""
    said = []

    def settled() -> bool:
        if captures._waiting or captures._submitted:
            said.append(captures.advance(LONG))
        return not (captures._waiting or captures._submitted)

    wait_for(settled, "the captures")
    return [message for message in said if message]


def wait(captures: Captures) -> None:
    """Wait for the writer's threads."""
    assert captures._writer is not None
    captures._writer._pool.shutdown()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_kept_unasked(captures: Captures) -> None:
    assert not captures.busy
    assert not captures.recording
    assert not captures.ready
    assert captures.recorded is None
    assert captures.advance(LONG) == ""


def test_a_still_is_the_rendered_picture(
    captures: Captures, renderer: Renderer, tmp_path: Path
) -> None:
    assert captures.still(shot(0.7), scene(0.7), tmp_path)
    assert captures.busy
    (said,) = settle(captures)
    captures.close()
    (path,) = tmp_path.iterdir()
    assert said == f"saved {path}"
    assert path.name.startswith("a-name-")
    assert path.suffix == ".png"
    expected = renderer.render(PRESET, size=SIZE, time=0.7)
    assert np.array_equal(np.asarray(Image.open(path)), expected)
    assert read_shot(path) == shot(0.7)


def test_a_still_keeps_alpha(captures: Captures, renderer: Renderer, tmp_path: Path) -> None:
    clear = PRESET.replace(outputs=4)
    captures.still(dataclasses.replace(shot(), preset=clear), scene_of(clear), tmp_path)
    settle(captures)
    captures.close()
    (path,) = tmp_path.iterdir()
    with Image.open(path) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), renderer.render(clear, size=SIZE))


def test_a_picture_names_what_drew_it(captures: Captures, engines: Any, tmp_path: Path) -> None:
    engines.picked = Pick(NUMPY, stand_in=True)
    still(captures, tmp_path)
    settle(captures)
    captures.close()
    (path,) = tmp_path.iterdir()
    assert read_shot(path).engine == "numpy"


def test_a_short_compilation_comes_first(captures: Captures, engines: Any, tmp_path: Path) -> None:
    engines.picked = Pick(FRAGMENT, compiles=True)
    still(captures, tmp_path)
    assert captures.advance(LONG) == ""
    assert engines.compiled == 1
    (said,) = settle(captures)
    assert said.startswith("saved ")


def test_stills_of_the_same_second_each_have_a_name(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "same.png"
    taken.write_text("somebody's")

    def same(folder: Path, stem: str, suffix: str) -> Path:  # as if no second passed
        return folder / f"same{suffix}"

    monkeypatch.setattr("cppn_gl.viewer.captures.free_name", same)
    still(captures, tmp_path)
    still(captures, tmp_path)
    submit(captures)  # handed to the writer, perhaps not yet on the disk
    still(captures, tmp_path)
    captures.close()
    assert names(tmp_path) == ["same-2.png", "same-3.png", "same-4.png", "same.png"]
    assert taken.read_text() == "somebody's"


def test_slices_of_time(captures: Captures, renderer: Renderer, tmp_path: Path) -> None:
    still(captures, tmp_path)
    wait_for(lambda: captures.advance(0.0), "a picture drawn a tile at a time")
    captures.close()
    (path,) = tmp_path.iterdir()
    assert np.array_equal(np.asarray(Image.open(path)), renderer.render(PRESET, size=SIZE))


def test_a_recording_is_numbered_and_timed(
    captures: Captures, renderer: Renderer, tmp_path: Path
) -> None:
    assert str(tmp_path) in captures.start(shot(), tmp_path)
    time = 2.0
    for k in range(4):
        assert captures.recording
        assert captures.ready
        assert captures.recorded == (k / 30, k)
        captures.frame(shot(time), scene(time))
        assert not captures.ready  # one at a time
        settle(captures)
        time += captures.frame_seconds
    said = captures.stop()
    assert not captures.busy
    assert captures.recorded is None
    assert captures.folder is not None
    captures.close()
    (folder,) = tmp_path.iterdir()
    assert said == f"recorded 4 frames in {folder}"
    assert folder.name.startswith("a-name-")
    assert names(folder) == [f"{k:05d}.png" for k in range(4)]
    for k in range(4):
        path = folder / f"{k:05d}.png"
        kept = read_shot(path)
        assert kept.time == pytest.approx(2.0 + k / FPS, abs=1e-12)
        expected = renderer.render(PRESET, size=SIZE, time=kept.time)
        assert np.array_equal(np.asarray(Image.open(path)), expected)


def test_a_recording_beside_a_folder_called_frames(captures: Captures, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    captures.start(shot(), tmp_path)
    assert captures.recording


def test_each_recording_has_a_folder(captures: Captures, tmp_path: Path) -> None:
    for _ in range(3):
        captures.start(shot(), tmp_path)
        captures.frame(shot(), scene())
        settle(captures)
        captures.stop()
    captures.close()
    assert [names(folder) for folder in tmp_path.iterdir()] == [["00000.png"]] * 3


def test_frames_of_another_size_are_left_out(captures: Captures, tmp_path: Path) -> None:
    captures.start(shot(), tmp_path)
    captures.frame(shot(size=(30, 30)), scene())
    assert captures.ready
    captures.frame(shot(), scene())
    settle(captures)
    assert captures.stop().startswith("recorded 1 frame in ")


def test_without_a_recording_a_frame_is_nothing(captures: Captures) -> None:
    captures.frame(shot(), scene())
    assert not captures.busy


@pytest.mark.parametrize("size", [(0, 0), (20, 0), (1_000_000, 20)])
def test_a_window_that_cannot_be_kept(
    captures: Captures, tmp_path: Path, size: tuple[int, int]
) -> None:
    with pytest.raises(CaptureError, match=r"pixels, but each side must be 1 to \d+"):
        captures.still(shot(size=size), scene(), tmp_path)
    with pytest.raises(CaptureError, match=r"pixels, but each side must be 1 to \d+"):
        captures.start(shot(size=size), tmp_path)
    assert not captures.busy
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there(captures: Captures, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(CaptureError, match="folder"):
            captures.still(shot(), scene(), folder)
        with pytest.raises(CaptureError, match="folder"):
            captures.start(shot(), folder)
    assert not captures.busy
    assert names(tmp_path) == ["file"]


def test_a_recording_whose_folder_goes_away_ends_once(captures: Captures, tmp_path: Path) -> None:
    captures.start(shot(), tmp_path)
    (folder,) = tmp_path.iterdir()
    shutil.rmtree(folder)
    captures.frame(shot(), scene())
    submit(captures)
    wait(captures)
    with pytest.raises(CaptureError, match="does not exist"):
        captures.advance(LONG)
    assert not captures.recording
    for _ in range(3):
        assert captures.advance(LONG) == ""
        captures.frame(shot(), scene())
    still(captures, tmp_path)  # and the next picture is kept again
    assert settle(captures)
    captures.close()
    assert len(names(tmp_path)) == 1


def test_a_failed_write_ends_a_recording_that_goes_on(captures: Captures, tmp_path: Path) -> None:
    captures.start(shot(), tmp_path)
    (folder,) = tmp_path.iterdir()
    shutil.rmtree(folder)
    captures.frame(shot(), scene())
    submit(captures)
    wait(captures)
    captures.frame(shot(), scene())
    captures._waiting[0].pixels = np.zeros((13, 20, 3), np.uint8)  # drawn, waiting for the writer
    with pytest.raises(CaptureError, match="does not exist"):
        captures.advance(LONG)
    assert not captures.busy


def test_a_full_disk_is_told_and_leaves_nothing(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    still(captures, tmp_path)
    submit(captures)
    wait(captures)
    with pytest.raises(CaptureError, match="disk is full"):
        captures.advance(LONG)
    assert names(tmp_path) == []


def test_any_other_failure_is_one_line_too(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr("cppn_gl.output.capture.save_picture", broken)
    still(captures, tmp_path)
    submit(captures)
    wait(captures)
    with pytest.raises(CaptureError, match="MemoryError"):
        captures.advance(LONG)


def test_a_shader_that_does_not_compile_is_one_line_too(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **keys: object) -> None:
        raise ShaderError("network.glsl:3: wrong")

    monkeypatch.setattr(Programs, "get", refuse)
    still(captures, tmp_path)
    with pytest.raises(CaptureError, match=r"network\.glsl:3"):
        captures.advance(LONG)
    assert not captures.busy


def test_a_slow_disk_makes_nobody_wait(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FrameWriter, "submit", lambda self, *args: False)
    still(captures, tmp_path)
    for _ in range(3):
        assert captures.advance(LONG) == ""
    assert captures.busy
    monkeypatch.undo()
    assert settle(captures)


def test_close_finishes_the_stills(captures: Captures, tmp_path: Path) -> None:
    for k in range(3):
        still(captures, tmp_path, time=float(k))
    captures.start(shot(), tmp_path)
    captures.close()
    assert not captures.busy
    assert len(list(tmp_path.glob("*.png"))) == 3
    captures.close()  # twice does no harm


def test_close_tells_what_could_not_be_written(captures: Captures, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    still(captures, folder)
    folder.rmdir()
    with pytest.raises(CaptureError, match="does not exist"):
        captures.close()
    captures.close()


def test_only_so_many_stills_can_wait(captures: Captures, tmp_path: Path) -> None:
    for _ in range(MAX_STILLS):
        still(captures, tmp_path)
    with pytest.raises(CaptureError, match="still being drawn"):
        still(captures, tmp_path)
    captures.close()
    assert len(list(tmp_path.glob("*.png"))) == MAX_STILLS


def test_closing_does_not_wait_for_ever(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cppn_gl.viewer.captures.CLOSING_SECONDS", -1.0)
    still(captures, tmp_path)
    with pytest.raises(CaptureError, match="1 screenshots took longer"):
        captures.close()
    assert list(tmp_path.iterdir()) == []


def test_a_recording_without_a_frame_leaves_no_folder(captures: Captures, tmp_path: Path) -> None:
    captures.start(shot(), tmp_path)
    captures.frame(shot(), scene())
    captures.close()
    assert list(tmp_path.iterdir()) == []


def test_frames_of_one_recording_are_of_one_size(captures: Captures, tmp_path: Path) -> None:
    captures.start(shot(), tmp_path)
    assert captures.fits(SIZE)
    assert not captures.fits((SIZE[0] + 1, SIZE[1]))


# Views.


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("view", ["gradient", "units", "sheet"])
def test_a_view_is_kept_as_it_is_drawn_again(
    captures: Captures, renderer: Renderer, engines: Any, tmp_path: Path, view: str, ready: bool
) -> None:
    """The engine in the file's metadata has drawn it, even if it is a stand-in."""
    preset = PRESET.replace(view=view, cols="width=4,40", **{"sweep.cell": (30, 20)})
    engines.picked = Pick(FRAGMENT, compiles=not ready)
    asked = Shot(preset, (64, 36), 0.3, 1 if view == "units" else 2, "fragment")
    captures.still(asked, scene_of(preset, 0.3), tmp_path)
    submit(captures)
    wait(captures)
    (path,) = tmp_path.glob("*.png")
    kept = read_shot(path)
    assert (kept.preset, kept.samples) == (preset, asked.samples)
    assert kept.engine == ("fragment" if ready else str(without_opengl()))
    assert engines.compiled == 0

    def again() -> Any:
        with Renderer(kept.engine) as one:
            return one.render(preset, (64, 36), 0.3, samples=kept.samples)

    with ThreadPoolExecutor(1) as pool:  # whose context is not that of the captures
        drawn = pool.submit(again).result()
    assert np.array_equal(np.asarray(Image.open(path)), drawn)

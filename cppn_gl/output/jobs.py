"""What a worker of a cluster does: it draws pictures, or parts of them, by `draw_all`.

    the shot's text, an Order, times, parts -> draw() of each -> a file's bytes, or pixels
                                                              -> a line that says what is wrong

Only text, numbers and bytes travel, and functions by their names. A worker has one renderer, with a
context of its own, and draws one picture at a time. This module imports what it needs when it
draws: the scheduler imports it too.
"""

import atexit
import functools
import json
import os
import socket
import tempfile
import threading
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from cppn_gl._version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cppn_gl.output.renderer import Part, Renderer
    from cppn_gl.preset.preset import Preset
    from cppn_gl.preset.shot import Shot

PIXELS, FILE, BAND = "pixels", "file", "band"

_drawing = threading.Lock()
_renderers: "dict[str, Renderer]" = {}  # of this process: one, by its engine


class Order(TypedDict):
    """What a client wants of all its jobs.

    `form`: PIXELS, FILE or BAND. `format`: the name of the file's format. `dtype`: as for
    Renderer.render. `overlay`: with the view's lines and text. `version`, `abi`: of the package and
    of the native library's interface; `zlib`: see `compression`. `sharing`: workers on one machine.
    """

    form: str
    format: str
    name: str
    engine: str
    dtype: str
    overlay: bool
    version: str
    abi: int
    zlib: str
    sharing: int


class ClusterError(RuntimeError):
    """What workers or their scheduler cannot do, in one line."""


def draw_all(text: str, order: Order, pieces: "list[tuple[float, Part | None]]") -> list[Any]:
    """Draw pieces of a shot one after the other: what `draw` returns for each."""
    return [draw(text, order, time, part) for time, part in pieces]


def draw(text: str, order: Order, time: float, part: "Part | None") -> "bytes | NDArray[Any] | str":
    """Draw a shot, or a part of it (left, top, width, height), at a time in seconds.

    Returns the file of a picture or the stream of a band (see bands.py); or (height, width, …)
    pixels, if those are wanted or this zlib would give other bytes than the client's. Returns a
    line of text if that is impossible.
    """
    from cppn_gl.engines.gl.context import ContextError
    from cppn_gl.engines.gl.shader import ShaderError
    from cppn_gl.utils.checks import PresetError

    try:
        _check(order)
        shot, pixels = _drawn(text, order, time, part)
    except (PresetError, ContextError, ShaderError, ClusterError) as error:
        return f"worker on {socket.gethostname()}: {error}"
    except MemoryError:
        return f"worker on {socket.gethostname()}: not enough memory for this picture"
    if order["form"] == PIXELS or order["zlib"] != compression():
        return pixels
    return finished(pixels, shot, order)


def finished(pixels: "NDArray[Any]", shot: "Shot", order: Order) -> bytes:
    """The file's or the band's bytes of pixels."""
    from cppn_gl.output.bands import compress
    from cppn_gl.output.formats import FORMATS, BandedFormat, encode

    format_ = next(each for each in FORMATS if each.name == order["format"])
    if order["form"] == FILE:
        return encode(format_, pixels, shot)
    assert isinstance(format_, BandedFormat)
    return compress(format_.filtered(pixels).data)


def same(text: str) -> str:
    """The text itself: a long one is sent once to each worker, as the result of this job."""
    return text


def renderer_name(engine: str) -> str:
    """What runs an engine here; see RendererInfo."""
    with _drawing:
        return _renderer(engine).info.renderer


@functools.cache
def compression() -> str:
    """What this zlib makes of a text: equal where it compresses to the same bytes.

    There are several libraries of that interface, and versions of each.
    """
    data = b"".join(str(k * k).encode() for k in range(20_000))
    streams = b"".join(zlib.compress(data, level) for level in (4, 6))
    return f"{zlib.crc32(streams):08x}"


def _check(order: Order) -> None:
    """Raise ClusterError for another version than the client's."""
    from cppn_gl.utils import native

    if order["version"] != __version__:
        words = f"version {__version__} of cppn_gl, not {order['version']}"
        raise ClusterError(f"{words}: install the client's there")
    if order["abi"] != native.ABI:
        words = f"interface {native.ABI} of the native library, not {order['abi']}"
        raise ClusterError(f"{words}: install the client's version of cppn_gl there")


def _drawn(
    text: str, order: Order, time: float, part: "Part | None"
) -> "tuple[Shot, NDArray[Any]]":
    """The shot and its pixels. One job at a time, whatever the worker's number of threads."""
    import dataclasses

    from cppn_gl.utils.threads import VARIABLE

    with _drawing:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        os.environ.setdefault(VARIABLE, str(min(64, max(1, (cores or 1) // order["sharing"]))))
        shot = _shot(text, order["name"], order["engine"])
        renderer = _renderer(order["engine"])
        if shot.preset.network_moves:
            _check_engine(order["engine"], shot.preset.at(time))
        pixels = renderer.render(
            shot.preset,
            shot.size,
            time,
            samples=shot.samples,
            dtype=order["dtype"],
            part=part,
            overlay=order["overlay"],
        )
    return dataclasses.replace(shot, time=time, engine=order["engine"]), pixels


@functools.lru_cache(maxsize=2)
def _shot(text: str, name: str, engine: str) -> "Shot":
    """The shot of a text, whose name it may not have, once its engine can draw it."""
    import dataclasses

    from cppn_gl.preset.network_file import received
    from cppn_gl.preset.shot import parse_shot

    shot = parse_shot(text, name, received(json.loads(text), _files()))
    _check_engine(engine, shot.preset)
    return dataclasses.replace(shot, preset=dataclasses.replace(shot.preset, name=name))


@functools.cache
def _files() -> Path:
    """A folder for files that clients send, which is removed when this process ends."""
    folder = tempfile.TemporaryDirectory(prefix="cppn_gl-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _check_engine(engine: str, preset: "Preset") -> None:
    """Raise ClusterError if another engine would draw a preset."""
    choice = _renderer(engine).engine_for(preset)
    if choice.engine != engine:
        raise ClusterError(f"cannot draw with {engine}: {choice.why}")


def _renderer(engine: str) -> "Renderer":
    from cppn_gl.output.renderer import Renderer

    if engine not in _renderers:
        while _renderers:
            _renderers.popitem()[1].release()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            _renderers[engine] = Renderer(engine)
    return _renderers[engine]


def dask_setup(worker: object) -> None:
    """Called by Dask when a worker of a local cluster starts: import before the first job."""
    import cppn_gl.output.renderer  # noqa: F401

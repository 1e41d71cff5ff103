"""Renders every preset × view × engine and reports the pixels that a code change has changed.

    presets, variants, commands -> tasks -> worker processes -> DIR/pictures/*.npz, DIR/index.json
    DIR/index.json -> the same tasks with another checkout -> differences, by engine and view

It only uses the public interface and the command line, so the same script runs on the code before
and after a refactoring.

python tools/compare_pictures.py keep DIR --repo OLD       render and store; resumes if interrupted
python tools/compare_pictures.py compare DIR --repo NEW    render again; exit status 1 if any differ
python tools/compare_pictures.py compare DIR --sample 0.05 --repo OLD    is the old code repeatable?

A case is one picture: view, engine, size, time, samples, dtype. The cases of one preset and view
form a task. Run both checkouts on the same machine, since drivers and processors round differently.
Set MESA_SHADER_CACHE_DIR to a separate folder to compile each program only once.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
Result = Pixels | str  # a picture, or the error message instead of one
Task = dict[str, Any]  # "name", "kind", "cases" (key to settings), and more for some kinds

SIZES = ((96, 60), (53, 37))
ODD = SIZES[1]
REGIONS = (2100, 5)  # wider than the regions into which large pictures are divided
LATER = 0.7  # seconds; animated presets are also drawn at this time

ENGINES = ("fragment", "compute-1", "compute-4", "compute-16", "baked", "tiled", "numpy")
RARE = ("compute-2", "compute-8", "baked-1")  # only for a few presets: they take seconds to compile
# Views that the engine draws, and views with their own shaders or NumPy code, for which the engine
# only decides whether OpenGL transfers and quantises the result.
BY_ENGINE = ("picture", "sheet", "surface", "volume", "sensitivity")
OF_THEIR_OWN = ("layers", "units", "signal", "curves", "regions", "gradient")
VIEWS = (*BY_ENGINE, *OF_THEIR_OWN)
FEW = ("fragment", "numpy")
QUICK = ("compute-4", *FEW)
BAKED_WEIGHTS = 1_750  # compiling a weight as a literal takes about 1 ms on a CPU
LARGE_WEIGHTS = 1_000_000  # larger networks are drawn at a small size by fewer engines
LARGE_ENGINES = ("fragment", "tiled", "numpy")
SAMPLE = ("default", "agate", "tie-dye", "volume-grey")  # presets with more cases, and by RARE
MOVING_INPUTS = {"t", "cos_t", "sin_t"}

# fmt: off
ACTIVATIONS = (
    "identity", "relu", "leaky_relu", "elu", "gelu", "softplus", "tanh", "sigmoid", "sin", "cos",
    "gaussian", "atan", "abs",
)
FANS = ("", "glorot_", "he_", "lecun_")
INITS = [f"{fan}{kind}" for fan in FANS for kind in ("uniform", "normal")]
MAPPINGS = (
    "rgb", "red", "green", "blue", "grey", "diverging", "cyclic", "viridis", "magma", "inferno",
    "cividis", "hsv", "lab", "oklch",
)
# fmt: on
STRETCHES = ("none", "minmax", "percentile")

# Options of views: view, preset, keys of [show].
OPTIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("layers", "default", {"show.before": True}),
    ("layers", "default", {"show.layer": 3}),
    ("units", "default", {"show.before": True}),
    ("units", "default", {"show.connections": True}),
    ("units", "default", {"show.layer": 4}),
    ("units", "default", {"show.unit": [2, 3]}),
    ("units", "network-diagram", {"show.unit": [0, 1], "show.connections": True}),
    ("curves", "s-curves", {"show.before": True}),
    ("curves", "s-curves", {"show.layer": 1}),
    ("surface", "tie-dye-few", {"show.channel": "green"}),
    ("surface", "tie-dye-few", {"show.paint": "picture"}),
    ("surface", "tie-dye-few", {"show.panels": "channels"}),
    ("surface", "three-planes", {"show.panels": "sum", "show.before": True}),
    ("surface", "three-planes", {"show.panels": "one", "show.before": True}),
    ("surface", "tie-dye-few", {"show.contours": 0, "show.relief": 1.5}),
    ("surface", "tie-dye-few", {"show.turn": -75, "show.tilt": 60, "show.distance": 2.5}),
    ("volume", "volume-color", {"show.channel": "blue"}),
    ("volume", "volume-color", {"show.opacity": 40, "show.threshold": 0.2}),
    ("volume", "volume-color", {"show.left": -0.5, "show.right": 0.4, "show.front": -0.3}),
    ("volume", "volume-color", {"show.back": 0.6, "show.bottom": -0.7, "show.top": 0.1}),
    ("volume", "volume-color", {"show.slice": False, "show.turn": 120, "show.tilt": -20}),
    ("regions", "relu-regions", {"show.layer": 2}),
    ("gradient", "tie-dye-few", {"show.channel": "red"}),
    ("sensitivity", "tie-dye-few", {"show.channel": "red", "show.noise": 0.3}),
    ("sensitivity", "tie-dye-few", {"show.layer": 1}),
]

# Commands name their engines, since the choice of "auto" depends on measurements.
COMMANDS: dict[str, str] = {
    "sheet-depth-by-width": "sheet depth-by-width --cell 40x40 --engine compute-4",
    "sheet-colors": "sheet colors-sheet --cell 40x40 --engine numpy",
    "sheet-planes": "sheet planes-rgb --engine fragment",
    "sheet-axes": "sheet two-layers --rows depth=1:3 --cols weight_scale=0.5:2:3:log --seeds "
    "varying --cell 33x21 --gap 2 --engine fragment",
    "sheet-no-labels": "sheet default --cols activation=relu,tanh,sin --no-labels --cell 24x24 "
    "--engine compute-4",
    # 16×16 samples a pixel make bands of 64 rows, at this width.
    "poster-tiff": "render two-layers --size 256x80 --samples 16 --engine compute-4",
    "poster-tiff-numpy": "render agate --size 203x97 --engine numpy",
    "poster-png": "render single-sigmoid --size 256x260 --samples 16 --engine fragment",
    "sequence-inputs": "sequence seven-dimensions --frames 3 --fps 2 --size 64x40 "
    "--engine fragment",
    "sequence-walk": "sequence walk --frames 3 --fps 0.5 --size 64x40 --engine numpy",
    "sequence-sheet": "sequence slice-grey --frames 3 --fps 1 --size 90x50 --samples 2 "
    "--engine compute-4",
    "render-layer": "render default --view layers --set show.layer=3 --size 90x60 "
    "--engine fragment",
    "render-unit": "render default --view units --set show.unit=2,3 --size 160x90 --engine numpy",
    "render-overrides": "render rings --depth 3 --width 7 --activation sin,tanh --init normal "
    "--weight-scale 0.9 --seed 4 --center -1,0.5 --extent .7 --mapping hsv --time 2.5 --samples 3 "
    "--size 61x43 --engine compute-4",
    "render-unseen": "render default --view volume --set network.inputs=x,y --size 60x40 "
    "--engine fragment",
}
SUFFIXES = {"sequence": "", "poster-tiff": ".tif", "poster-tiff-numpy": ".tif"}

# Pictures stored as files, which are rendered again from their metadata.
FILES: dict[str, str] = {
    "picture.png": "default --engine compute-4 --time 1.5 --samples 2",
    "poster.tif": "tie-dye --engine fragment",
    "walk.png": "walk --engine compute-1 --time 5",
    "latent.tif": "latent --engine numpy",
    "colors.png": "agate --engine fragment --mapping oklch --set color.invert=true",
    "sheet.png": "depth-by-width --engine compute-4",
    "layers.png": "layers-before --engine fragment --set show.before=true",
    "units.png": "network-diagram --engine fragment --set show.unit=1,2",
    "surface.png": "landscape --engine fragment --set show.relief=1.1 --set show.turn=-40 "
    "--set show.contours=5",
    "sum.png": "three-planes --engine compute-4 --set show.panels=sum",
    "volume.png": "volume-color --engine fragment --time 2 --set show.opacity=9 "
    "--set show.top=0.3 --set show.slice=false",
    "regions.png": "relu-star --engine fragment --set show.layer=2",
    "gradient.png": "tie-dye-few --engine fragment --view gradient --set show.channel=blue",
    "sensitivity.png": "two-layers --engine tiled --view sensitivity --set show.noise=0.2",
    "curves.png": "s-curves --engine numpy --set show.before=true",
    "signal.png": "signal-kept --engine fragment",
    "baked.png": "tie-dye-few --engine baked --view picture",
}


class Case(NamedTuple):
    """One picture of a preset."""

    view: str
    engine: str
    size: tuple[int, int]
    time: float = 0.0
    samples: int = 1
    dtype: str = "uint8"

    @property
    def key(self) -> str:
        """The case's name within its task."""
        words = [self.view, self.engine, "{}x{}".format(*self.size)]
        words += [f"at {self.time} s"] if self.time else []
        words += [f"{self.samples}x{self.samples} samples"] if self.samples > 1 else []
        return ", ".join(words + ([self.dtype] if self.dtype != "uint8" else []))


# The cases to render


def plan(texts: dict[str, str], *, quick: bool, baked: int) -> Iterator[Task]:
    """All tasks: presets in their own view, commands, variants, and presets in all other views.

    Within these, smaller networks come first. `texts`: name to TOML of the presets.
    """
    import cppn_gl

    shown: list[tuple[int, Task]] = []
    rest: list[tuple[int, Task]] = []
    for name, text in texts.items():
        document = tomllib.loads(text)
        weights = weight_count(cppn_gl.load_preset(name))
        own = document.get("show", {}).get("view", "picture")
        for view in VIEWS:
            cases = cases_of(name, view, document, weights, quick=quick, baked=baked)
            task = task_of(name, name, {}, cases)
            (shown if view in (own, "picture") else rest).append((weights, task))
    for _, task in sorted(shown, key=lambda pair: pair[0]):
        yield task
    yield {"name": "presets", "kind": "texts", "cases": {name: {} for name in texts}}
    for name, line in COMMANDS.items():
        words = line.split()
        suffix = SUFFIXES.get(name, SUFFIXES.get(name.partition("-")[0], ".png"))
        yield {
            "name": f"command {name}",
            "kind": "command",
            "words": [*words, "--quiet", "-o", f"out{suffix}"],
            "cases": {name: {"view": words[0], "engine": _after(words, "--engine")}},
        }
    for name, line in FILES.items():
        words = line.split()
        yield {
            "name": f"file {name}",
            "kind": "file",
            "words": ["render", *words, "--quiet", "--size", "120x80", "-o", name],
            "cases": {name: {"view": "file", "engine": _after(words, "--engine")}},
        }
    if not quick:
        yield from variants(baked)
        for _, task in sorted(rest, key=lambda pair: pair[0]):
            yield task


def cases_of(
    name: str, view: str, document: dict[str, Any], weights: int, *, quick: bool, baked: int
) -> list[Case]:
    """The cases of a shipped preset in one view."""
    engines = list(ENGINES if view in BY_ENGINE else FEW)
    sizes: tuple[tuple[int, int], ...] = SIZES
    if quick:
        engines, sizes = [e for e in engines if e in QUICK], (ODD,)
    elif name in SAMPLE and view in BY_ENGINE:
        engines += RARE
    if weights > LARGE_WEIGHTS:
        engines, sizes = [e for e in engines if e in LARGE_ENGINES], (ODD,)
        if view != "picture":
            engines = ["numpy"]
    if weights > baked or view not in ("picture", "surface", "sensitivity"):
        engines = [e for e in engines if not e.startswith("baked")]
    cases = [Case(view, engine, size) for size in sizes for engine in engines]
    if moves(document):
        cases += [Case(view, engine, ODD, LATER) for engine in engines]
    if name in SAMPLE and not quick:
        cases += [Case(view, engine, ODD, samples=2) for engine in engines]
        cases += [Case(view, engine, ODD, dtype="float32") for engine in engines]
        if view == "picture":
            cases += [Case(view, engine, REGIONS) for engine in engines]
            cases += [Case(view, engine, REGIONS, samples=2) for engine in FEW]
        if view == "sensitivity":
            cases += [Case(view, engine, REGIONS) for engine in FEW]
    return cases


def moves(document: dict[str, Any]) -> bool:
    """Whether a preset's picture depends on time."""
    inputs = set(document.get("network", {}).get("inputs", ()))
    walk = document.get("animation", {}).get("walk")
    return bool(walk or document.get("animate") or MOVING_INPUTS & inputs)


def variants(baked: int) -> Iterator[Task]:
    """Modified presets: settings that no shipped preset has, and every option of every view."""
    every = [e for e in (*ENGINES, *RARE) if baked or not e.startswith("baked")]
    live = [e for e in every if not e.startswith("baked")]
    changes: dict[str, Any]
    small = {"network.depth": 3, "network.width": 5}

    def one(label: str, base: str, changes: dict[str, Any], views: dict[str, Any]) -> Task:
        cases = [Case(view, engine, ODD) for view, engines in views.items() for engine in engines]
        return task_of(label, base, changes, cases)

    for view, base, options in OPTIONS:
        engines = QUICK if view in BY_ENGINE else FEW
        label = " ".join(f"{key}={value}" for key, value in options.items())
        yield one(f"{base} {label}", base, options, {view: engines})
    for name in ACTIVATIONS:
        changes = small | {"network.activation": name, "network.output_activation": "sigmoid"}
        views = {"picture": every, "gradient": FEW, "surface": FEW, "layers": FEW, "signal": FEW}
        if name in ("relu", "leaky_relu", "abs"):
            views["regions"] = FEW
        yield one(f"activation {name}", "two-layers", changes, views)
        changes = small | {"network.output_activation": name, "color.stretch": "minmax"}
        yield one(f"output {name}", "two-layers", changes, {"picture": every, "gradient": FEW})
    for index, name in enumerate(MAPPINGS):
        changes = {
            "color.mapping": name,
            "color.stretch": STRETCHES[index % 3],
            "color.invert": index % 2 == 1,
        }
        views = {"picture": QUICK, "sheet": FEW, "layers": FEW}
        yield one(f"mapping {name}", "two-layers", changes, views | {"surface": ("fragment",)})
        changes["network.outputs"] = 1
        yield one(f"mapping {name} of one output", "two-layers", changes, {"picture": FEW})
    for name in INITS:
        yield one(f"init {name}", "two-layers", {**small, "network.init": name}, {"picture": FEW})
    for name in ("hidden", "all"):
        changes = small | {"normalize.which": name, "normalize.gain": 2.0, "normalize.shift": 0.3}
        views = {"picture": live, **dict.fromkeys(OF_THEIR_OWN[:3], FEW), "gradient": FEW}
        yield one(f"normalize {name}", "two-layers", changes, views)
    inputs = ["x", "y", "r", "t", "cos_t", "sin_t", "one", "z0", "z1"]
    cases = [Case("picture", engine, ODD, 0.9) for engine in every]
    cases += [Case(view, engine, ODD, 0.9) for view in ("volume", "gradient") for engine in FEW]
    cases += [Case("picture", engine, ODD, -3.5) for engine in FEW]
    yield task_of("all inputs", "two-layers", {**small, "network.inputs": inputs}, cases)
    deep = {"view.extent": 2e-5, "view.center": [0.3, -0.2]}
    yield one("deep zoom", "default", deep, {"picture": live, "gradient": FEW})
    broken = {"network.activation": "relu", "network.weight_scale": 1000.0, "network.depth": 40}
    views = {"picture": live, "layers": FEW, "signal": FEW, "gradient": FEW, "surface": FEW}
    yield one("overflow", "default", broken, views)
    wide = {"network.depth": 3, "network.width": 70}
    yield one("70 units", "default", wide, {"picture": live, "surface": live})
    yield one("512 units", "default", wide | {"network.width": 512}, {"picture": LARGE_ENGINES})


def task_of(label: str, preset: str, changes: dict[str, Any], cases: list[Case]) -> Task:
    """A task of cases of one preset."""
    views = "+".join(dict.fromkeys(case.view for case in cases))
    return {
        "name": f"{label}, {views}",
        "kind": "render",
        "preset": preset,
        "changes": changes,
        "cases": {case.key: case._asdict() for case in cases},
    }


def weight_count(preset: Any) -> int:
    """The number of weights that a baked program has as literals: all but the first layer's."""
    return sum(layer.weight.size + layer.bias.size for layer in preset.network().layers[1:])


def _after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


# Rendering, in a worker process

_renderers: dict[str, Any] = {}


def run_task(
    task: Task, keys: list[str], files: str, keeping: bool
) -> dict[str, tuple[Result, float]]:
    """Render some of a task's cases: key to (result, seconds).

    `keeping`: write the files that a later comparison opens.
    """
    draw = {"render": draw_presets, "command": draw_command, "file": draw_file, "texts": read_texts}
    found, started = {}, time.perf_counter()
    for key, value in draw[task["kind"]](task, keys, Path(files), keeping):
        found[key] = value, time.perf_counter() - started
        started = time.perf_counter()
    return found


def draw_presets(
    task: Task, keys: list[str], folder: Path, keeping: bool
) -> Iterator[tuple[str, Result]]:
    """Pictures from `Renderer.render`, with one renderer for each engine."""
    import cppn_gl

    preset = None
    for key in keys:
        case = Case(**task["cases"][key])
        try:
            if preset is None:
                preset = cppn_gl.load_preset(task["preset"]).replace(**task["changes"])
            if case.engine not in _renderers:
                _renderers[case.engine] = cppn_gl.Renderer(engine=case.engine)
            yield (
                key,
                _renderers[case.engine].render(
                    preset.replace(**{"show.view": case.view}),
                    size=tuple(case.size),
                    time=case.time,
                    samples=case.samples,
                    dtype=case.dtype,
                ),
            )
        except Exception as error:  # an error message is a result to compare, too
            yield key, f"{type(error).__name__}: {error}".partition("\n")[0]


def draw_command(
    task: Task, keys: list[str], folder: Path, keeping: bool
) -> Iterator[tuple[str, Result]]:
    """The picture that a command writes; a sequence's frames are stacked vertically."""
    with tempfile.TemporaryDirectory() as place:
        done = command(*task["words"], cwd=Path(place))
        written = sorted(Path(place).rglob("*.png")) + sorted(Path(place).rglob("*.tif"))
        if done.returncode or not written:
            yield keys[0], _failure(done)
        else:
            yield keys[0], np.concatenate([read_picture(path) for path in written])


def draw_file(
    task: Task, keys: list[str], folder: Path, keeping: bool
) -> Iterator[tuple[str, Result]]:
    """A file of DIR/files: written, or rendered again from its metadata."""
    files = folder / "files"
    path, text = files / task["words"][-1], files / f"{task['words'][-1]}.toml"
    if keeping:
        files.mkdir(exist_ok=True)
        done = command(*task["words"], cwd=files)
        if done.returncode == 0:
            text.write_bytes(command_text("presets", str(path)).encode())
        yield keys[0], _failure(done) if done.returncode else read_picture(path)
        return
    import cppn_gl

    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / path.name
        done = command("render", str(path), "--quiet", "-o", str(target), cwd=Path(place))
        if done.returncode:
            yield keys[0], _failure(done)
        elif cppn_gl.load_preset(path) != cppn_gl.load_preset(text):
            yield keys[0], "does not open as the preset of its TOML text"
        else:
            yield keys[0], read_picture(target)


def read_texts(
    task: Task, keys: list[str], folder: Path, keeping: bool
) -> Iterator[tuple[str, Result]]:
    """Whether the presets' TOML as stored in DIR/texts still parses as the same presets."""
    import cppn_gl

    for key in keys:
        path = folder / "texts" / f"{key}.toml"
        try:
            same = cppn_gl.load_preset(path) == cppn_gl.load_preset(key)
            yield key, "the same preset" if same else "the stored text is another preset"
        except Exception as error:
            yield key, f"{type(error).__name__}: {error}".partition("\n")[0]


def preset_texts(names: Iterable[str], folder: Path) -> dict[str, str]:
    """Name to TOML of presets as the command prints it, cached in a folder."""
    folder.mkdir(exist_ok=True)
    texts = {}
    for name in names:
        path = folder / f"{name}.toml"
        if not path.exists():
            path.write_bytes(command_text("presets", name).encode())
        texts[name] = path.read_text("utf-8")
    return texts


def command(*words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run `python -m cppn_gl` with temporary caches."""
    with tempfile.TemporaryDirectory() as caches:
        places = {f"XDG_{name}_HOME": caches for name in ("CACHE", "STATE", "CONFIG", "DATA")}
        return subprocess.run(
            [sys.executable, "-m", "cppn_gl", *words],
            cwd=cwd,
            env=os.environ | places,
            capture_output=True,
            check=False,
        )


def command_text(*words: str) -> str:
    """The output of a command; exits if the command fails."""
    done = command(*words)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {_failure(done)}")
    return done.stdout.decode()


def _failure(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return f"exit {done.returncode}: {lines[-1] if lines else 'no output file'}"


def read_picture(path: Path) -> Pixels:
    """The pixels of a PNG or TIFF."""
    if path.suffix == ".tif":
        import tifffile

        return np.asarray(tifffile.imread(path))
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image)


# Storing


class Store:
    """DIR: index.json, and for each task a .npz of its pictures by key."""

    def __init__(self, folder: Path):
        self.folder, self._written = folder, time.monotonic()
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        self.path = folder / "index.json"
        known = json.loads(self.path.read_text("utf-8")) if self.path.exists() else {}
        self.machine: dict[str, Any] = known.get("machine", {})
        self.tasks: dict[str, Task] = known.get("tasks", {})

    def missing(self, task: Task) -> list[str]:
        """The keys of a task's cases that are not in the index."""
        known = self.tasks.get(task["name"], {}).get("found", {})
        return [key for key in task["cases"] if key not in known]

    def put(self, task: Task, found: dict[str, tuple[Result, float]]) -> None:
        """Store results of a task."""
        entry = self.tasks.setdefault(task["name"], {**task, "cases": {}, "found": {}})
        pictures = self.pictures(task["name"]) if entry["found"] else {}
        pictures |= {k: value for k, (value, _) in found.items() if not isinstance(value, str)}
        if pictures:
            part = self._pictures_path(task["name"]).with_suffix(".part")
            with part.open("wb") as file:
                np.savez_compressed(file, **{_plain(k): v for k, v in pictures.items()})  # type: ignore[arg-type]
            os.replace(part, self._pictures_path(task["name"]))
        for key, (value, seconds) in found.items():
            entry["cases"][key] = task["cases"][key]
            entry["found"][key] = {**summary(value), "seconds": round(seconds, 3)}
        if time.monotonic() - self._written > 10:
            self.write()

    def pictures(self, name: str) -> dict[str, Pixels]:
        """The stored pictures of a task, by key."""
        path = self._pictures_path(name)
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as arrays:
            keys = {_plain(key): key for key in self.tasks[name]["found"]}
            return {keys[name]: arrays[name] for name in arrays.files if name in keys}

    def write(self) -> None:
        """Write the index."""
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"machine": self.machine, "tasks": self.tasks}, indent=1))
        os.replace(part, self.path)
        self._written = time.monotonic()

    def _pictures_path(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:6]
        return self.folder / "pictures" / f"{_plain(name)[:80]}-{digest}.npz"


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "_" for c in text)


def summary(value: Result) -> dict[str, Any]:
    """The index entry of a picture or an error."""
    if isinstance(value, str):
        return {"refused": value}
    pixels = np.ascontiguousarray(value)
    return {"sha256": hashlib.sha256(pixels.data).hexdigest(), "shape": list(pixels.shape)}


def keep(store: Store, tasks: list[Task], jobs: int) -> int:
    """Render and store all missing cases; the exit status."""
    store.machine = store.machine or machine()
    work = [(task, keys) for task in tasks if (keys := store.missing(task))]
    try:
        for task, found in drawn(work, store.folder, jobs, keeping=True):
            store.put(task, found)
    finally:
        store.write()
    count = sum(len(task["found"]) for task in store.tasks.values())
    refused = sum("refused" in f for t in store.tasks.values() for f in t["found"].values())
    print(f"{count} results stored in {store.folder}, {refused} of them errors or texts")
    return 0


def drawn(
    work: list[tuple[Task, list[str]]], folder: Path, jobs: int, *, keeping: bool
) -> Iterator[tuple[Task, dict[str, tuple[Result, float]]]]:
    """The results of tasks in the order of completion; progress goes to stderr."""
    total, done, began = sum(len(keys) for _, keys in work), 0, time.monotonic()
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=spawn, max_tasks_per_child=100)
    left = iter(work)
    under_way: dict[Future[Any], tuple[Task, list[str]]] = {}
    try:
        while True:
            for task, keys in left:
                under_way[pool.submit(run_task, task, keys, str(folder), keeping)] = task, keys
                if len(under_way) > jobs:
                    break
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                task, keys = under_way.pop(future)
                done += len(keys)
                try:
                    found = future.result()
                except BrokenProcessPool:
                    names = [task["name"] for task, _ in [(task, keys), *under_way.values()]]
                    raise SystemExit(f"a process died at one of: {'; '.join(names)}") from None
                seconds = sum(spent for _, spent in found.values())
                print(
                    f"{done}/{total} after {time.monotonic() - began:.0f} s: "
                    f"{task['name']}, {len(keys)} in {seconds:.1f} s",
                    file=sys.stderr,
                    flush=True,
                )
                yield task, found
    finally:
        pool.shutdown(cancel_futures=True)


def machine() -> dict[str, Any]:
    """The code's path, and the properties of the machine that pixels may depend on."""
    import cppn_gl

    with cppn_gl.Renderer(engine="fragment") as renderer:
        drawing = renderer.info.renderer
    return {
        "code": str(Path(cppn_gl.__file__).parent),
        "renderer": drawing,
        "numpy": np.__version__,
        "processors": os.cpu_count(),
        "blas": os.environ.get("OPENBLAS_CORETYPE", ""),
    }


# Comparing


class Difference(NamedTuple):
    """A case whose result has changed."""

    view: str
    engine: str
    name: str
    words: str
    levels: float  # largest difference of a channel in 1/255; infinite if not comparable


def difference(task: Task, key: str, old: dict[str, Any], new: Result, kept: Any) -> Difference:
    """Describe the difference of a case. `kept`: the old picture, if there was one."""
    case = task["cases"][key]
    view, engine = case.get("view", task["kind"]), case.get("engine", "")
    name = f"{task['name']}: {key}"
    if isinstance(new, str) and "refused" in old:
        words = f"message was {old['refused']!r}, is {new!r}"
    elif isinstance(new, str):
        words = f"was a picture, is {new}"
    elif "refused" in old:
        words = f"was {old['refused']}, is a picture"
    elif kept is None or kept.shape != new.shape:
        words = f"shape was {tuple(old['shape'])}, is {new.shape}"
    else:
        scale = 1.0 if kept.dtype == np.uint8 else 255.0
        apart = np.abs(kept.astype(np.float64) - new) * scale
        levels = float(np.nanmax(apart)) if np.isfinite(apart).any() else float("inf")
        pixels = int((kept != new).any(axis=-1).sum())
        fraction = pixels / (apart.size // 3)
        words = f"{pixels} pixels ({fraction:.1%}) differ by at most {levels:.4g} levels"
        return Difference(view, engine, name, words, levels)
    return Difference(view, engine, name, words, float("inf"))


def compare(store: Store, chosen: dict[str, list[str]], options: argparse.Namespace) -> int:
    """Render stored cases again and list the differences; the exit status, 1 if there are any."""
    print(f"stored: {store.machine}\nnow:    {machine()}")
    found_all: list[Difference] = []
    messages: list[Difference] = []
    work = [(store.tasks[name], keys) for name, keys in chosen.items()]
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for task, found in drawn(work, store.folder, options.jobs, keeping=False):
        kept = None
        for key, (new, _) in found.items():
            old = task["found"][key]
            case = task["cases"][key]
            counts[case.get("engine", ""), case.get("view", task["kind"])] += 1
            now = summary(new)
            if all(now.get(name) == old.get(name) for name in ("refused", "sha256", "shape")):
                continue
            kept = store.pictures(task["name"]) if kept is None else kept
            what = difference(task, key, old, new, kept.get(key))
            refusals = task["kind"] != "texts" and "refused" in old and "refused" in now
            (messages if refusals else found_all).append(what)
    tolerated = dict(word.split("=") for word in options.tolerate)
    wrong = [d for d in found_all if d.levels > float(tolerated.get(d.engine, 0))]
    report(found_all, messages, counts)
    print(
        f"{sum(counts.values())} compared: {len(found_all)} differ, {len(wrong)} beyond tolerance"
    )
    return 1 if wrong else 0


def report(
    found: list[Difference], messages: list[Difference], counts: dict[tuple[str, str], int]
) -> None:
    """Print the differences by engine and view, the worst first."""
    groups: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for what in found:
        groups[what.engine, what.view].append(what)
    for (engine, view), members in sorted(groups.items()):
        worst = max(what.levels for what in members)
        print(
            f"\n{engine or 'no engine'}, {view}: {len(members)} of {counts[engine, view]} differ, "
            f"by at most {worst:.4g} levels"
        )
        for what in sorted(members, key=lambda what: -what.levels):
            print(f"  {what.name}: {what.words}")
    if messages:
        print(f"\nErrors before and now, with different messages: {len(messages)}")
        for words in sorted({what.words for what in messages}):
            print(f"  {words}")


# The command line


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("keep", "compare"))
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--repo", type=Path, help="the checkout to run (default: this script's)")
    parser.add_argument("--engines", metavar="A,B", help="only these engines")
    parser.add_argument("--presets", metavar="A,B", help="only tasks whose names begin like this")
    parser.add_argument("--views", metavar="A,B", help="only these views")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes (1)")
    parser.add_argument("--quick", action="store_true", help="one size, three engines")
    parser.add_argument(
        "--baked-weights",
        type=int,
        default=BAKED_WEIGHTS,
        metavar="N",
        help=f"bake networks of at most N weights ({BAKED_WEIGHTS})",
    )
    parser.add_argument(
        "--sample", type=float, default=1.0, help="compare: random fraction of the cases"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random sample")
    parser.add_argument(
        "--tolerate",
        action="append",
        default=[],
        metavar="ENGINE=LEVELS",
        help="ignore differences of an engine up to LEVELS in the exit status",
    )
    options = parser.parse_args()
    if options.what == "keep" and options.sample != 1.0:
        parser.error("--sample goes with compare")
    use(options.repo or Path(__file__).resolve().parent.parent)
    store = Store(options.folder.resolve())
    if options.what == "keep":
        listed = command_text("presets").splitlines()
        names = [line.split()[0] for line in listed]
        if options.presets:
            names = [name for name in names if name.startswith(tuple(options.presets.split(",")))]
        texts = preset_texts(names, store.folder / "texts")
        tasks = list(plan(texts, quick=options.quick, baked=options.baked_weights))
        cut = [{**task, "cases": _only(task, options)} for task in tasks]
        return keep(store, [task for task in cut if task["cases"]], options.jobs)
    draw = random.Random(options.seed)
    chosen = {
        name: keys
        for name, task in store.tasks.items()
        if (keys := [key for key in _only(task, options) if draw.random() < options.sample])
    }
    return compare(store, chosen, options)


def use(repo: Path) -> None:
    """Make this process and its subprocesses import the package from a checkout."""
    repo = repo.resolve()
    for name in ("CPPN_GL_ENGINE", "CPPN_GL_DEBUG"):
        os.environ.pop(name, None)
    os.environ["PYTHONPATH"] = str(repo)
    sys.path.insert(0, str(repo))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    import cppn_gl

    if Path(cppn_gl.__file__).resolve().parent != repo / "cppn_gl":
        raise SystemExit(f"imported {cppn_gl.__file__}, not the package of {repo}")


def _only(task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """The cases of a task that the command line selects."""
    if options.presets and not task["name"].startswith(tuple(options.presets.split(","))):
        return {}
    chosen: dict[str, Any] = task["cases"]
    if options.quick and task["kind"] == "render":
        chosen = {
            key: case
            for key, case in chosen.items()
            if case["engine"] in QUICK and tuple(case["size"]) == ODD and case["samples"] == 1
        }
    for name, wanted in (("engine", options.engines), ("view", options.views)):
        if wanted:
            chosen = {k: c for k, c in chosen.items() if c.get(name) in wanted.split(",")}
    return chosen


if __name__ == "__main__":
    sys.exit(main())

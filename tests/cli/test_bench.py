"""The benchmark: its figures follow from each other, it ends in time, it says what is missing.

No figure itself is judged: machines may be slow. Plans and budgets run on a clock of ours, with a
process that answers at once.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.cli.bench import measure as bench_measure
from cppn_gl.cli.bench import peers
from cppn_gl.cli.bench.growth import CELLS, growth_of
from cppn_gl.cli.bench.measure import Measurement, affordable, rounds, rows_of
from cppn_gl.cli.bench.options import network_value
from cppn_gl.cli.bench.peak import cpu_peak, gpu_peak
from cppn_gl.cli.bench.peers import NumpyPeer, open_peers
from cppn_gl.cli.bench.rows import Plan, Row, flop_per_pixel, name_of
from cppn_gl.cli.bench.run import THREADS, measure, start_worker, steps_of
from cppn_gl.cli.bench.table import COLUMNS, figure, table
from cppn_gl.cli.bench.worker import bench_preset
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils import native
from cppn_gl.utils.worker import DiedError, LateError

ROOT = Path(__file__).parents[2]
KEYS = {
    *(
        "network",
        "size",
        "threads",
        "engine",
        "ms",
        "best_ms",
        "estimated",
        "rounds",
        "rows",
        "peers",
    ),
    *(
        "peers_best",
        "peers_kept",
        "batches",
        "mpixel_s",
        "gflop_s",
        "share",
        "compile_s",
        "first_picture_s",
        "reason",
    ),
}
NO_FALLBACK = {"fallback": None}
SMALL = ["--networks", "3x10", "--sizes", "64x36", "--engine", "numpy", "--quiet"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, and caches of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "bench")


# The plan and its budget, on a clock of ours


class Machine:
    """Pretends to be the measuring processes: answers take the seconds of `costs`, and no time."""

    def __init__(self, **costs: Any) -> None:
        self.costs = {"hello": 0.5, "open": 2.0, "peak": 0.5, "tune": 1.0, "cold": 2.0} | costs
        self.now = 0.0
        self.asked: list[dict[str, Any]] = []
        self.opened = self.closed = 0
        self.environments: list[dict[str, str]] = []
        self.answers: dict[str, dict[str, Any]] = {}

    def clock(self) -> float:
        return self.now

    def start(self, environment: dict[str, str]) -> "Machine":
        self.opened += 1
        self.environments.append(environment)
        return self

    def close(self) -> None:
        self.closed += 1

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        json.dumps(request)
        self.asked.append(request)
        do = request["do"]
        cost = self.costs.get(do, min(request.get("seconds", 0.0), seconds))
        cost = cost(request) if callable(cost) else cost
        if isinstance(cost, Exception):
            self.now += seconds
            raise cost
        self.now += min(cost, seconds)
        if cost > seconds:
            raise LateError(seconds, {})
        return self.answer(request) | self.answers.get(do, {}) | {"done": True}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "hello":
            return {
                "renderer": "a pretence",
                "gl": "4.5",
                "software": True,
                "threads": 2,
            } | NO_FALLBACK
        if request["do"] == "open":
            return {"peers": {name: f"{name} 1.0" for name in request["names"]}}
        if request["do"] == "peak":
            return {"gflops": 100.0, "how": "a guess"}
        if request["do"] == "cold":
            return {"engine": "fragment", "first_picture_s": 1.5, "compile_s": 0.25}
        if request["do"] == "tune":
            return {"engine": "fragment"}
        ms = flop_per_pixel(request["network"]) * request["size"][0] * request["size"][1] / 5e7
        named = dict.fromkeys(request["peers"], 2 * ms)
        return {
            "engine": "fragment",
            "ms": ms,
            "best_ms": ms,
            "estimated": ms > 2000,
            "rounds": 5,
            "rows": request["size"][1],
            "peers": named,
            "peers_best": named,
            "peers_kept": {},
            "batches": {},
            "failed": {},
        }


ONE = (((3, 10), (640, 360)),)


def measured(machine: Machine, **plan: Any) -> dict[str, Any]:
    report = measure(Plan(**plan), start=machine.start, clock=machine.clock)
    assert machine.opened == machine.closed
    assert json.loads(json.dumps(report)) == report
    assert all(len(line) <= COLUMNS for line in table(report).splitlines())
    return report


def test_every_cell_is_measured_where_there_is_time() -> None:
    machine = Machine()
    report = measured(machine, against=("numpy", "torch"), budget=1000)
    assert len(report["rows"]) == 21
    for row in report["rows"]:
        assert set(row) == KEYS
        assert row["reason"] is None
        assert set(row["peers"]) == {"numpy", "torch"}
        assert (row["compile_s"], row["first_picture_s"]) == (0.25, 1.5)
    assert report["peaks"] == [{"gflops": 100.0, "how": "a guess", "threads": 2}]
    assert report["elapsed_s"] <= report["budget_s"] == 1000


def test_the_figures_follow_from_the_ms_and_the_parameters() -> None:
    for row in measured(Machine())["rows"]:
        depth, width = map(int, row["network"].split("x"))
        across, down = map(int, row["size"].split("x"))
        layers = bench_preset(depth, width).network().drawn
        flop = 2 * sum(layer.weight.size for layer in layers) * across * down
        assert row["gflop_s"] == pytest.approx(flop / row["ms"] / 1e6)
        assert row["mpixel_s"] == pytest.approx(across * down / row["ms"] / 1e3)
        assert row["share"] == pytest.approx(row["gflop_s"] / 100)


@pytest.mark.parametrize("network", [(1, 1), (1, 30), (2, 7), (3, 10), (14, 40)])
def test_flop_per_pixel(network: tuple[int, int]) -> None:
    layers = bench_preset(*network).network().drawn
    assert flop_per_pixel(network) == 2 * sum(layer.weight.size for layer in layers)


def test_networks_may_have_a_structure() -> None:
    network = network_value("vgg-4x10")
    assert network == (4, 10, "vgg")
    assert name_of(network) == "vgg-4x10"
    layers = [10 * 2 * 9, 10 * 10 * 9, 10 * 10 * 9, 3 * 10]
    assert flop_per_pixel(network) == 2 * sum(layers)
    with pytest.raises(ValueError, match="no structure 'vvg'; did you mean 'vgg'"):
        network_value("vvg-4x10")


@pytest.mark.parametrize("budget", [1, 5, 20, 120])
@pytest.mark.parametrize("slow", ["measure", "tune", "cold", "hello", "open", "peak"])
def test_the_budget_holds_whatever_hangs(budget: float, slow: str) -> None:
    machine = Machine(**{slow: 1e9})
    report = measured(machine, budget=budget, against=("numpy",))
    assert machine.now <= budget
    assert all(row["ms"] or row["reason"] for row in report["rows"])
    if slow not in ("measure", "hello") and budget == 120:
        assert all(row["ms"] for row in report["rows"])


def test_the_most_useful_comes_first() -> None:
    machine = Machine()
    cells = product(((10, 30), (3, 10)), ((1920, 1080), (640, 360)))
    measured(machine, cells=tuple(cells))
    asked = [request for request in machine.asked if request["do"] == "measure"]
    asked_cells = [(request["network"], request["size"][1]) for request in asked]
    assert asked_cells == [((3, 10), 360), ((10, 30), 360), ((3, 10), 1080), ((10, 30), 1080)]
    before = [request["do"] for request in machine.asked]
    assert before[:4] == ["hello", "peak", "tune", "measure"]


def test_a_short_budget_is_spent_on_pictures() -> None:
    machine = Machine()
    report = measured(machine, budget=10, against=("numpy", "torch"))
    assert {request["do"] for request in machine.asked} <= {"hello", "open", "peak", "measure"}
    done = [row for row in report["rows"] if row["ms"]]
    assert done
    assert {row["size"] for row in done} == {"640x360"}
    assert "no time left of 10 s" in {row["reason"] for row in report["rows"]}


def test_an_engine_asked_for_is_not_tuned() -> None:
    machine = Machine()
    measured(machine, engine="fragment")
    assert "tune" not in {request["do"] for request in machine.asked}


def test_each_number_of_threads_has_a_process_and_half_of_the_time() -> None:
    machine = Machine()
    report = measured(machine, cells=ONE, threads=(1, 3), budget=40)
    for name in THREADS:
        assert {environment[name] for environment in machine.environments} == {"1", "3"}
    assert len(report["rows"]) == len(report["peaks"]) == 2
    assert machine.now <= report["budget_s"] == 40
    assert [request["do"] for request in machine.asked].count("hello") == 2


@pytest.mark.parametrize(
    "plan", [Plan(threads=(1, 2)), Plan(growth=True, cells=CELLS), Plan(engine="numpy")]
)
def test_steps_are_counted(plan: Plan) -> None:
    machine, told = Machine(), []
    measure(plan, lambda *step: told.append(step), start=machine.start, clock=machine.clock)
    assert told == [(done, steps_of(plan)) for done in range(1, len(told) + 1)]
    assert len(told) == steps_of(plan)


def test_growth_is_fitted() -> None:
    report = measured(Machine(), growth=True, cells=CELLS, against=("torch",), budget=1000)
    fits = {fit["quantity"]: fit["exponents"] for fit in report["growth"]}
    assert fits["pixels"]["ours"] == pytest.approx(1)
    assert fits["hidden layers"]["ours"] == pytest.approx(1.07, abs=0.01)
    assert fits["width"]["torch"] == pytest.approx(1.99, abs=0.01)
    assert "^1.00" in table(report)


def test_growth_with_pixels_needs_whole_pictures() -> None:
    rows = [Row(*cell, ms=1.0, rounds=5, rows=360) for cell in CELLS]
    fits = {fit["quantity"]: fit for fit in growth_of(rows, ["torch"])}
    assert fits["pixels"]["exponents"] == {"ours": None, "torch": None}
    assert fits["width"]["exponents"] == {"ours": pytest.approx(0), "torch": None}


def test_a_network_that_hangs_is_asked_once() -> None:
    machine = Machine(measure=lambda request: 1e9 if request["network"] == (8, 16) else 0.1)
    report = measured(machine)
    assert sum(r.get("network") == (8, 16) and r["do"] == "measure" for r in machine.asked) == 1
    for row in report["rows"]:
        assert (row["ms"] is None) == (row["network"] == "8x16")
        assert row["ms"] or "longer than" in row["reason"]


def test_a_peer_that_hangs_is_left_out() -> None:
    def cost(request: dict[str, Any]) -> Any:
        late = LateError(3.0, {"preparing": "torch", "ms": 9.0, "estimated": True, "engine": "a"})
        return late if "torch" in request["peers"] else 0.1

    report = measured(Machine(measure=cost), against=("numpy", "torch"))
    assert all(set(row["peers"]) == {"numpy"} for row in report["rows"])
    assert any("torch" in note for note in report["notes"])


def test_what_a_first_look_told_is_kept() -> None:
    partial = {"engine": "compute-8", "ms": 9.0, "estimated": True, "preparing": "ours"}
    row = measured(Machine(measure=LateError(3.0, partial)), cells=ONE)["rows"][0]
    assert (row["engine"], row["ms"], row["estimated"]) == ("compute-8", 9.0, True)
    assert "rough estimate" in row["reason"]


def test_a_process_that_dies_is_told() -> None:
    machine = Machine(measure=DiedError(-11, ""))
    report = measured(machine, cells=ONE)
    assert {row["reason"] for row in report["rows"]} == {"its process ended with status -11"}


def test_errors_end_no_run() -> None:
    machine = Machine()
    machine.answers = {do: {"error": "no"} for do in ("open", "peak", "tune", "measure", "cold")}
    report = measured(machine, cells=ONE, against=("torch",))
    assert {row["reason"] for row in report["rows"]} == {"no"}
    assert report["peaks"] == []
    machine.answers["hello"] = {"error": "none. Buy one.", "context": ["none.", "Buy one."]}
    with pytest.raises(ContextError, match=r"none\. Buy one\."):
        measured(machine)


# The table


def test_the_table_marks_what_is_estimated() -> None:
    report = measured(Machine(), against=("numpy",))
    text = table(report)
    whole = [row for row in report["rows"] if not row["estimated"]]
    guessed = [row for row in report["rows"] if row["estimated"]]
    assert whole
    assert guessed
    for row in report["rows"]:
        ms = f"{'~' if row['estimated'] else ''}{figure(row['ms'])}"
        lines = [line.split() for line in text.splitlines()]
        assert [row["network"], row["size"], "fragment", "2", ms] in [line[:5] for line in lines]
    assert "~ estimated" in text
    assert "2.00" in text


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for load, told in ((1000.0, True), (0.0, False)):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        report = measured(Machine(), cells=ONE)
        assert report["load"] == load
        assert ("the machine was busy" in table(report)) == told


def test_a_table_of_nothing() -> None:
    report = measured(Machine(hello=1e9), budget=3)
    assert "no time left of 3 s" in table(report)
    assert Row((3, 10), (64, 36), ms=1.0).to_json(None)["share"] is None


# Measuring


@pytest.mark.parametrize(
    "engine", ["native", "numpy", pytest.param("fragment", marks=pytest.mark.gl)]
)
def test_peers_draw_our_picture(engine: str) -> None:
    if engine == "native" and native.library() is None:
        pytest.skip(native.problem())
    size, preset = (48, 27), bench_preset(4, 12)
    found = open_peers([name for name in peers.PEERS if peers.missing(name) is None])
    x, y = pixel_points(size, preset.view.center, preset.view.extent)
    inputs = features(preset.spec.inputs, x.ravel(), y.ravel(), Clock())
    exact = preset.network().evaluate(inputs)
    with Renderer(engine) as renderer:
        ours = renderer.render(preset, size, dtype="float32").reshape(-1, 3)
    np.testing.assert_allclose(ours, exact, atol=1e-5)
    for peer in found.values():
        peer.load(preset.network())
        peer.ready(inputs.astype(np.float32))
        for batch in (1, 100, 1024, len(inputs), 10**6):
            peer.batch = batch
            drawn = np.array(peer.draw(), np.float32)
            atol = 3e-3 if peer.on_gpu else 1e-5  # read back as 8 bits
            np.testing.assert_allclose(drawn / (255 if peer.on_gpu else 1), ours, atol=atol)
        peer.choose()
        assert peer.batch in (*peer.batches, len(inputs))
        assert np.asarray(peer.draw()).shape == (len(inputs), 3)


def test_peers_know_one_kind_of_network() -> None:
    with pytest.raises(ValueError, match="tanh"):
        NumpyPeer().load(bench_preset(3, 4).replace(activation="relu").network())


def test_a_batch_for_which_memory_lacks_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = NumpyPeer()
    tried = []

    def run(batch: int, count: int) -> None:
        tried.append(batch)
        if batch > 2048:
            raise MemoryError

    monkeypatch.setattr(peer, "_run", run)
    peer.count = 10**5
    peer.choose()
    assert peer.batch in (1024, 2048)
    assert 10**5 in tried


def drawn(depth: int, width: int) -> Network:
    return bench_preset(depth, width).network()


class Told:
    """Keeps what a measurement tells."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, **values: Any) -> None:
        self.values |= values


@pytest.fixture(scope="module")
def host() -> Iterator[Renderer]:
    with Renderer("numpy") as renderer:
        yield renderer


def test_a_picture_is_measured_whole(host: Renderer) -> None:
    told = Told()
    measurement = Measurement(host, drawn(3, 10), (64, 36), time.perf_counter() + 60, told)
    answer = measurement.run({"numpy": NumpyPeer()}, 10.0)
    assert (answer["estimated"], answer["rows"], answer["failed"]) == (False, 36, {})
    assert answer["rounds"] >= 5
    assert answer["ms"] >= answer["best_ms"] > 0
    assert answer["peers"]["numpy"] >= answer["peers_best"]["numpy"] > 0
    assert told.values == {
        "engine": "numpy",
        "estimated": True,
        "preparing": None,
        "ms": told.values["ms"],
    }


def test_a_heavy_picture_is_measured_on_a_band(host: Renderer) -> None:
    size = (1920, 1080)
    measurement = Measurement(host, drawn(4, 30), size, time.perf_counter() + 60, Told())
    answer = measurement.run({}, 0.01)
    assert answer["estimated"]
    assert answer["rows"] == rows_of(bench_measure.MIN_PIXELS, size) == 8
    assert answer["rounds"] >= 5


def test_a_peer_that_fails_is_named_and_left_out(host: Renderer) -> None:
    class Failing(NumpyPeer):
        def draw(self) -> Any:
            raise RuntimeError("no kernel image\nsecond line")

    ends = time.perf_counter() + 60
    measurement = Measurement(host, drawn(3, 4), (64, 36), ends, Told())
    answer = measurement.run({"numpy": Failing()}, 1.0)
    assert answer["failed"] == {"numpy": "RuntimeError: 'no kernel image'"}
    assert (answer["peers"], answer["ms"] > 0) == ({}, True)


def test_rounds_end_in_time() -> None:
    assert len(rounds({"ours": lambda: None}, time.perf_counter() + 60)["ours"]) == 25
    assert len(rounds({"ours": lambda: None}, time.perf_counter() - 1)["ours"]) == 1
    many = rounds({"ours": lambda: None}, time.perf_counter() + 60, 40)
    assert len(many["ours"]) == 40
    due = time.perf_counter() - 1
    assert len(rounds({"ours": lambda: None}, time.perf_counter() + 60, 40, due)["ours"]) == 5


def test_affordable_rows() -> None:
    size = (640, 360)
    assert affordable({"ours": 1e-6}, size, 1.0) == 360
    assert affordable({"ours": 1e-2}, size, 6.0) == 100
    assert affordable({"ours": 1.0}, size, 1.0) == rows_of(bench_measure.MIN_PIXELS, size) == 16
    assert affordable({"ours": 1.0}, (8, 6), 0.0) == 6


def test_the_peak_is_the_native_library_s_or_else_numpy_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for library, word in ((native.library(), "multiply-adds"), (None, "NumPy")):
        monkeypatch.setattr(native, "library", lambda library=library: library)
        rate, how = cpu_peak(0.02)
        assert rate > 0
        assert (word if library else "NumPy") in how


def test_the_peak_of_an_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    library = native.library()
    if library is None:
        pytest.skip(native.problem())
    for isa in library.isas:
        chosen = native.Library(native.PATH, isa)
        monkeypatch.setattr(native, "library", lambda chosen=chosen: chosen)
        rate, how = cpu_peak(0.0)
        assert rate > 0
        assert how.endswith(f", {isa}")


@pytest.mark.gl
def test_the_peak_of_a_graphics_processor() -> None:
    rate, how = gpu_peak(0.0)
    assert rate > 0
    assert "shader" in how


# The process


def test_a_worker_answers_and_can_be_ended() -> None:
    worker = start_worker()
    try:
        answer = worker.ask({"do": "hello", "engine": "numpy"}, 60)
        assert answer["software"]
        answer = worker.ask({"do": "measure", "network": (64, 512)}, 60)
        assert answer["error"].startswith("KeyError")
        hard = {"engine": "numpy", "network": (64, 512), "size": (3840, 2160), "peers": []}
        with pytest.raises(LateError):
            worker.ask({"do": "measure", **hard, "seconds": 1.0, "limit": 1.0}, 0.01)
    finally:
        worker.close()
    assert worker._process.poll() is not None


def test_last_words(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    (here / "sitecustomize.py").write_text("import sys; sys.exit('no\\n\\nlast words')")
    monkeypatch.setenv("PYTHONPATH", str(here))
    worker = start_worker()
    with pytest.raises(DiedError, match=r"status 1: 'last words'"):
        worker.ask({"do": "hello"}, 60)
    worker.close()


def test_the_process_imports_no_module_of_ours_or_of_the_current_folder_as_another(
    monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    (here / "json.py").write_text("raise SystemExit('the wrong json')")
    site = here / "site"
    site.mkdir()
    code = "import os, sys, trace; open('trace.txt', 'w').write(trace.__file__)"
    (site / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(site))
    worker = start_worker()
    assert worker.ask({"do": "hello", "engine": "numpy"}, 60)["software"]
    worker.close()
    assert ROOT / "cppn_gl" not in Path((here / "trace.txt").read_text()).parents


# The command


def test_bench(run: Run, here: Path) -> None:
    words = ["--against", "numpy", "--json", "a.json", "--budget", "60"]
    status, out, err = run(*SMALL, *words)
    assert (status, err) == (0, "")
    report = json.loads((here / "a.json").read_text())
    (row,) = report["rows"]
    assert set(row) == KEYS
    assert (row["network"], row["size"], row["engine"]) == ("3x10", "64x36", "numpy")
    assert row["ms"] > 0
    assert row["peers"]["numpy"] > 0
    (peak,) = report["peaks"]
    assert peak["gflops"] > 0
    assert row["share"] == pytest.approx(row["gflop_s"] / peak["gflops"])
    assert row["first_picture_s"] > 0
    assert out.splitlines()[0].startswith("cppn_gl ")
    assert "3x10     64x36  numpy" in out
    assert list(here.glob("*.json")) == [here / "a.json"]


WRONG = [
    (["--networks", "3"], "--networks: '3' is not a network as depth x width, like 10x30"),
    (["--networks", "3x10,99x3"], "--networks: '99x3': depth 99 is not an integer from 1 to 64"),
    (
        ["--networks", "3x10,"],
        "--networks: '3x10,' has an empty item; expected a comma-separated list",
    ),
    (["--sizes", "big"], "--sizes: 'big' is not a size in pixels like 640x360"),
    (["--sizes", "0x3"], "--sizes: "),
    (["--against", "tensorflow"], "--against: no 'tensorflow'; known: numpy, torch, jax"),
    (["--growth", "--sizes", "8x8"], "--growth has its own networks and sizes: leave"),
    (["--threads", "0"], "--threads: 0 is not an integer from 1 to 64"),
    (["--threads", "1,x"], "--threads: 'x' is not an integer from 1 to 64"),
    (["--rounds", "1"], "--rounds: 1 is not an integer from 5 to 1000"),
    (["--engine", "numpi"], "--engine: no engine 'numpi'; did you mean 'numpy'?"),
    (["--budget", "0"], "--budget: 0 is not a number from 1 to 86400"),
    (["--budget", "soon"], "--budget: 'soon' is not a number from 1 to 86400"),
    (["--json", "no/such.json"], "no/such.json: the folder no does not exist; make it first"),
    (["--json", "."], "."),
    (["extra"], "unexpected argument 'extra'"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_what_is_wrong_is_one_line(run: Run, words: list[str], message: str) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert err.startswith(f"cppn_gl: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["CPPN_GL_ISA", "CPPN_GL_THREADS"])
def test_a_wrong_environment_variable_is_one_line(name: str) -> None:
    words = ["-m", "cppn_gl", "bench", *SMALL]
    found = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=os.environ | {name: "x"}, capture_output=True
    )
    assert found.returncode == 2
    assert found.stderr.startswith(f"cppn_gl: {name}: ".encode())
    assert found.stderr.count(b"\n") == 1


def test_torch_that_is_missing_is_one_line() -> None:
    code = """if True:
        import sys
        sys.modules["torch"] = None
        from cppn_gl.cli.main import main
        sys.exit(main(["bench", "--against", "numpy,torch"]))"""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("cppn_gl: --against torch: the Python package torch is missing")
    assert "python -m pip install torch" in found.stderr
    assert found.stderr.count("\n") == 1

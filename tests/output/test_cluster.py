"""Many machines: a real scheduler, real workers, some killed; the bytes are one machine's."""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from folders import contents

from cppn_gl import Network
from cppn_gl.output import cluster as cluster_module
from cppn_gl.output import jobs, schedulers
from cppn_gl.output.cluster import Cluster, differs
from cppn_gl.output.jobs import ClusterError
from cppn_gl.output.poster import Poster, write_poster
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.schedulers import joined, started
from cppn_gl.output.sequence import Sequence, drawn, write_sequence
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.resources import child_environment

pytestmark = pytest.mark.native

FAILURES = "distributed.scheduler.allowed-failures"
PATIENCE = 60.0  # seconds, on a slow machine
PRESET = Preset(name=".odd name").replace(depth=3, width=6, inputs=["x", "y", "t"], seed=5)
SEQUENCE = Sequence(PRESET, frames=40, fps=24, size=(32, 18))
SHEET = PRESET.replace(view="sheet", **{"sweep.rows": "depth=1:3", "sweep.cols": "seed=1:4"})


def until(done: Callable[[], Any]) -> None:
    """Wait for a condition."""
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.01)


class Farm:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path):
        self.file = folder / "scheduler.json"
        self.processes = [self._run("scheduler", "--port=0", f"--scheduler-file={self.file}")]
        self.workers: list[subprocess.Popen[bytes]] = []

    def _run(self, what: str, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=child_environment(), cwd=self.file.parent, **quiet)

    def hire(self, count: int) -> None:
        """Start workers until there are so many."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _ in range(count - len(self.workers)):
            words = (f"--scheduler-file={self.file}", "--nthreads=1", "--no-nanny")
            self.workers.append(self._run("worker", *words))

    def close(self) -> None:
        for process in [*self.workers, *self.processes]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    farm = Farm(tmp_path_factory.mktemp("farm"))
    try:
        until(farm.file.exists)
        yield farm
    finally:
        farm.close()


@pytest.fixture
def cluster(farm: Farm) -> Iterator[Cluster]:
    farm.hire(2)
    with joined(str(farm.file), "native") as cluster:
        until(lambda: len(cluster.seen()) == 2)
        yield cluster


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("native") as renderer:
        yield renderer


@pytest.fixture(scope="module")
def frames(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The folder of SEQUENCE by one machine."""
    folder = tmp_path_factory.mktemp("frames")
    write_sequence(renderer, SEQUENCE, folder)
    return contents(folder)


def test_frames_are_those_of_one_machine(
    cluster: Cluster, frames: dict[str, bytes], tmp_path: Path
) -> None:
    done: list[int] = []
    assert write_sequence(cluster, SEQUENCE, tmp_path, progress=lambda k, _: done.append(k)) == 40
    assert contents(tmp_path) == frames
    assert done == list(range(1, 41))


def test_a_killed_worker_costs_only_its_frames(
    cluster: Cluster, farm: Farm, frames: dict[str, bytes], tmp_path: Path
) -> None:
    def kill(done: int, _: int) -> None:
        if done == 10:
            farm.workers[0].kill()
            farm.workers[0].wait()

    assert write_sequence(cluster, SEQUENCE, tmp_path, progress=kill) == 40
    assert contents(tmp_path) == frames
    assert len(cluster.seen()) == 1


def test_a_killed_client_resumes(farm: Farm, frames: dict[str, bytes], tmp_path: Path) -> None:
    farm.hire(2)
    preset = tmp_path / ".odd name.toml"
    preset.write_text(PRESET.to_toml())
    words = ["sequence", str(preset), "--frames", "40", "--fps", "24", "--size", "32x18"]
    command = [sys.executable, "-m", "cppn_gl", *words, "--scheduler", str(farm.file)]
    command += ["-o", str(tmp_path / "frames"), "--quiet"]
    client = subprocess.Popen(command, env=child_environment())
    until(lambda: (tmp_path / "frames" / "00002.png").exists())
    client.kill()
    assert client.wait() == -signal.SIGKILL
    assert len(list((tmp_path / "frames").glob("*.png"))) < 40
    done = subprocess.run(command, env=child_environment(), capture_output=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, b"")
    (tmp_path / "frames" / ".lock").unlink(missing_ok=True)
    assert contents(tmp_path / "frames") == frames


def test_posters_are_those_of_one_machine(
    cluster: Cluster, renderer: Renderer, tmp_path: Path
) -> None:
    for name in ("a.png", "a.tif"):
        for folder, drawer in (("one", renderer), ("many", cluster)):
            (tmp_path / folder).mkdir(exist_ok=True)
            shot = Shot(PRESET, (40, 23), 0.5, bits=16 if name == "a.tif" else 8)
            assert write_poster(drawer, Poster(shot, tmp_path / folder / name, 4)) == 6
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


@pytest.mark.gl
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("preset", [PRESET, SHEET], ids=["picture", "sheet"])
def test_pictures_in_parts_are_those_of_one_machine(
    cluster: Cluster, renderer: Renderer, preset: Preset, bits: int
) -> None:
    shot = Shot(preset, (400, 300), 0.5, bits=bits)
    whole = renderer.render(preset, shot.size, 0.5, dtype=shot.dtype)
    assert np.array_equal(cluster.picture(shot), whole)


def test_pixels_come_for_videos(cluster: Cluster, renderer: Renderer) -> None:
    for ours, theirs in zip(drawn(renderer, SEQUENCE), drawn(cluster, SEQUENCE), strict=True):
        assert np.array_equal(ours, theirs)


def test_another_compression_library_makes_no_difference(
    cluster: Cluster, frames: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "compression", lambda: "another")
    assert not isinstance(next(drawn(cluster, SEQUENCE, files=True)), bytes)
    write_sequence(cluster, SEQUENCE, tmp_path)
    assert contents(tmp_path) == frames


def test_a_long_text_is_sent_once_to_each_worker(
    cluster: Cluster, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "LONG", 10)
    found = list(cluster.frames(SEQUENCE.shot(0, "native"), [(0, 0.0), (1, 0.25)]))
    assert np.array_equal(found[1], renderer.render(PRESET, (32, 18), 0.25))


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("__version__", "9.9", r"frame 0: worker on \S+: version \S+ of cppn_gl, not 9\.9: "),
        ("native.ABI", 99, "interface . of the native library, not 99: install"),
    ],
)
def test_other_versions_are_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, what: str, value: Any, words: str
) -> None:
    monkeypatch.setattr(f"cppn_gl.output.cluster.{what}", value)
    with pytest.raises(ClusterError, match=words):
        next(cluster.frames(SEQUENCE.shot(0, "native"), [(0, 0.0)]))


@pytest.mark.parametrize("more", ["", "redistribute = false\n"], ids=["own", "foreign"])
def test_workers_need_no_file_of_a_network(
    cluster: Cluster, renderer: Renderer, tmp_path: Path, more: str
) -> None:
    Network.random(depth=3, width=6, seed=3).save(tmp_path / "w.safetensors")
    (tmp_path / "my.toml").write_text(f'format = 1\n[network]\nfile = "w.safetensors"\n{more}')
    sequence = Sequence(load_preset(tmp_path / "my.toml"), 2, 2, (32, 18))
    write_sequence(renderer, sequence, tmp_path / "one")
    (tmp_path / "w.safetensors").unlink()
    write_sequence(cluster, sequence, tmp_path / "many")
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


def test_what_a_worker_cannot_draw_is_one_line(farm: Farm) -> None:
    farm.hire(1)
    odd = PRESET.replace(view="volume", inputs=["x", "y"])
    with joined(str(farm.file), "native") as cluster:
        with pytest.raises(ClusterError, match=r"^frame 7: worker on \S+: show\.view: the view "):
            next(cluster.frames(Shot(odd, (8, 8)), [(7, 0.0)]))
        with pytest.raises(ClusterError, match="the view units cannot be drawn in parts"):
            cluster.picture(Shot(PRESET.replace(view="units"), (8, 8)))
    wide = Shot(PRESET.replace(width=100), (8, 8))
    words = r"^frame 7: worker on [^\n]+at most 64 units[^\n]*$"
    with joined(str(farm.file), "baked") as cluster, pytest.raises(ClusterError, match=words):
        next(cluster.frames(wide, [(7, 0.0)]))


def end(*_: Any) -> None:
    """A job that its worker does not survive."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_of_this_machine_are_replaced_until_a_job_has_ended_them(
    frames: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert schedulers._CONFIG[FAILURES] == 2
    monkeypatch.setitem(schedulers._CONFIG, FAILURES, 1)  # so that none has to be started for it
    with started(2, "native") as cluster:
        pids = [nanny.pid for nanny in cluster.processes.values()]

        def kill(done: int, _: int) -> None:
            if done == 10:
                os.kill(pids[0], signal.SIGKILL)

        write_sequence(cluster, SEQUENCE, tmp_path, progress=kill)
        assert contents(tmp_path) == frames
        until(lambda: len(cluster.seen()) == 2)
        assert pids[0] not in [nanny.pid for nanny in cluster.processes.values()]
        monkeypatch.setattr(jobs, "draw_all", end)
        with pytest.raises(ClusterError, match=r"^frame 7: 2 workers ended while they drew it"):
            next(cluster.frames(SEQUENCE.shot(0, "native"), [(7, 0.0)]))
        pids = [nanny.pid for nanny in cluster.processes.values()]
    for pid in filter(None, pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="does not heed: no process groups")
def test_ctrl_c_ends_the_workers_of_this_machine_without_a_word(tmp_path: Path) -> None:
    words = ["sequence", "--frames", "9999", "--fps", "24", "--size", "32x18", "--workers", "2"]
    command = [sys.executable, "-m", "cppn_gl", *words, "-o", str(tmp_path / "frames"), "--quiet"]
    how: dict[str, Any] = {"env": child_environment(), "start_new_session": True}
    client = subprocess.Popen(command, stderr=subprocess.PIPE, **how)
    try:
        until(lambda: (tmp_path / "frames" / "00000.png").exists())
    finally:
        os.killpg(client.pid, signal.SIGINT)
    _, said = client.communicate(timeout=PATIENCE)  # until the workers have closed it, too
    assert (client.returncode, said) == (128 + signal.SIGINT, b"")
    assert [path for path in (tmp_path / "frames").iterdir() if path.suffix == ".part"] == []


def test_a_server_of_another_kind_is_told_from_a_scheduler() -> None:
    """Such as the dashboard's port: its words look like the length of an enormous message."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as talk:
                talk.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                talk.recv(2**16)

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(ClusterError, match="is no Dask scheduler"):
            joined(address, "native").__enter__()
        gc.collect()  # a client that is not connected would wait for 30 s
        assert time.monotonic() - started < 20
        thread.join()


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
    monkeypatch.setattr(schedulers, "CONNECT", 0.5)
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_bytes(b"\xff")
    for address, words in {
        "tcp://127.0.0.1:1": "no scheduler at tcp://127.0.0.1:1: ",
        "127.0.0.1": "missing port number",
        "gopher://a:1": "unknown address scheme",
        str(tmp_path / "no.json"): "no such file",
        str(tmp_path / "a.json"): "not the file of a Dask scheduler",
        str(tmp_path / "b.json"): "not the file of a Dask scheduler",
    }.items():
        with pytest.raises(ClusterError, match=words), joined(address, "native"):
            pass
    farm = Farm(tmp_path)
    with contextlib.closing(farm):
        until(farm.file.exists)
        with pytest.raises(ClusterError, match="has had no worker for"):
            joined(str(farm.file), "native").__enter__()
        farm.hire(1)
        monkeypatch.setattr(cluster_module, "PATIENCE", PATIENCE)
        with joined(str(farm.file), "native") as cluster:
            pictures = cluster.frames(SEQUENCE.shot(0, "native"), [(k, 0.0) for k in range(999)])
            next(pictures)
            monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
            farm.workers[0].kill()
            with pytest.raises(ClusterError, match="has had no worker for"):
                list(pictures)
            pictures = cluster.frames(SEQUENCE.shot(0, "native"), [(0, 0.0)])
            farm.processes[0].kill()
            with pytest.raises(ClusterError, match="was lost; run the same command again"):
                list(pictures)


@pytest.mark.parametrize(
    ("preset", "engine", "samples", "whole", "why"),
    [
        (PRESET, "native", "auto", True, ""),
        (PRESET.replace(mapping="ember"), "native", 2, True, ""),
        (PRESET, "numpy", 1, True, "the engine numpy draws with matrix products"),
        (PRESET, "compute-4", 1, True, "the engine compute-4 draws with OpenGL"),
        (PRESET.replace(view="gradient"), "native", 1, False, "the view gradient is drawn with"),
        (PRESET.replace(view="units"), "native", 1, True, "the view units has text and lines"),
        (SHEET, "native", 1, False, ""),
        (SHEET, "native", 1, True, "the view sheet has text and lines"),
        (SHEET, "native", 2, False, "the view sheet averages samples with OpenGL"),
        (SHEET.replace(mapping="ember"), "native", 1, False, "the view sheet colours its cells"),
    ],
)
def test_what_may_differ_between_machines_is_known(
    preset: Preset, engine: str, samples: Any, whole: bool, why: str
) -> None:
    found = differs(preset, engine, samples, whole=whole)
    assert found.startswith(why)
    assert bool(found) == bool(why)

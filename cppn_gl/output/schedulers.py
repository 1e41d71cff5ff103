"""Dask's schedulers: joining one, or starting one with workers on this machine.

    an address, or a number of workers -> a Client -> Cluster, which draws

Nothing of Dask's is imported before that, and its own log and warnings are kept from users.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.output.cluster import FAILURES, POLL, Cluster
from cppn_gl.output.jobs import ClusterError
from cppn_gl.utils.extras import require
from cppn_gl.utils.threads import VARIABLE, thread_count

if TYPE_CHECKING:
    from distributed import LocalCluster

CONNECT = 15.0  # seconds to find the scheduler, or to find it again

_LOGGERS = ("distributed", "tornado", "asyncio")
_CONFIG = {
    "distributed.scheduler.allowed-failures": FAILURES,
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # What Dask measures for its dashboard took a fifth of the processor's time.
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.worker.profile.enabled": False,
}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log and warnings are not for users: each problem is one line of ours."""
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    loggers = [logging.getLogger(name) for name in (*_LOGGERS, *known)]
    before = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            for name in ("distributed", "dask", "tornado"):
                warnings.filterwarnings("ignore", module=name)
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
    finally:
        gc.collect()  # asyncio reports what failed in a task when the task is deleted
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def joined(address: str, engine: str) -> Iterator[Cluster]:
    """The workers of a scheduler. Raises ClusterError.

    `address`: such as tcp://host:8786, or the .json file that Dask's scheduler writes. Connect only
    to a scheduler you trust: it can run any code here.
    """
    require("drawing with workers", "distributed")
    import dask
    from distributed import Client
    from distributed.comm import resolve_address

    with _quiet(), dask.config.set(_CONFIG):
        try:
            how: dict[str, Any] = {"scheduler_file": address}
            if not address.endswith(".json"):
                resolve_address(address)  # a client without an address has trouble to end
                how = {"address": address}
                _greet(address)
            elif not Path(address).is_file():
                raise OSError("no such file")
            else:
                _greet(_named_in(Path(address)))
            client = Client(**how, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            why = " ".join(str(error).split())
            raise ClusterError(f"no scheduler at {address}: {why}") from None
        try:
            yield Cluster(client, engine, f"the scheduler at {address}")
        finally:
            client.close(timeout=POLL)


def _named_in(path: Path) -> str:
    """The address in a scheduler's file. Raises OSError or ValueError."""
    try:
        return str(json.loads(path.read_bytes())["address"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise OSError("not the file of a Dask scheduler") from None


def _greet(address: str) -> None:
    """Raise OSError unless there is a server of Dask's. A client would end badly without one."""
    from distributed import Security
    from distributed.comm import connect

    async def greet() -> None:
        how = Security().get_connection_args("client")  # of Dask's configuration
        await (await connect(address, timeout=CONNECT, **how)).close()

    def run() -> None:
        try:
            asyncio.run(greet())
        except OSError as error:
            problems.append(error)
        except Exception:  # of bytes that are taken for a message: MemoryError, among others
            problems.append(OSError("what answers there is no Dask scheduler"))

    problems: list[OSError] = []
    thread = threading.Thread(target=run, daemon=True)  # the caller's may have an event loop
    thread.start()
    while thread.is_alive():
        thread.join(POLL)
    if problems:
        raise problems[0]


@contextlib.contextmanager
def started(workers: int, engine: str) -> Iterator[Cluster]:
    """A cluster of processes on this machine, which share its cores. Raises ClusterError.

    Its connections are encrypted with a key of their own, since other users of this machine reach
    them too.
    """
    for library in ("distributed", "cryptography"):
        require("drawing with workers", library)
    import dask
    from distributed import Client, LocalCluster, Security

    threads = str(max(1, thread_count() // workers))
    with _quiet(), dask.config.set(_CONFIG), _loop() as loop:
        try:
            cluster = LocalCluster(
                loop=loop,
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,  # no limit
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                security=Security.temporary(),
                env={VARIABLE: threads, "LP_NUM_THREADS": threads},
                preload="cppn_gl.output.jobs",
            )
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"the workers cannot be started: {error}") from None
        try:
            with Client(cluster, set_as_default=False, direct_to_workers=True) as client:
                yield Cluster(client, engine, "the local cluster", cluster.workers)
        except BaseException:
            _kill(cluster)
            raise
        finally:
            cluster.close()


@contextlib.contextmanager
def _loop() -> Iterator[Any]:
    """An event loop in a thread, whose child processes do not get a terminal's Ctrl+C.

    A thread inherits the blocked signals of the one that starts it, and a process those of a
    thread. So no worker is interrupted while it starts; the client ends them.
    """
    from distributed.utils import LoopRunner

    runner = LoopRunner()
    if hasattr(signal, "pthread_sigmask"):
        _start_tracker()  # first: it ends by unblocking the signals
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            runner.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    else:
        runner.start()
    try:
        yield runner.loop
    finally:
        runner.stop()


def _start_tracker() -> None:
    """Start the process that outlives a killed client, to remove its semaphores, without a word."""
    from multiprocessing import resource_tracker

    quiet = "ignore:resource_tracker"
    sys.warnoptions.append(quiet)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(quiet)


def _kill(cluster: "LocalCluster") -> None:
    """End the processes at once: their results are not wanted."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if pid := getattr(nanny, "pid", None):
            with contextlib.suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

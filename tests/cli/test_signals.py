"""Commands that a signal interrupts while the driver compiles: they end, with the right status.

Random moments, of a seeded generator: an exception in the wrong one crashed the process.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.gl,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="does not heed: no /proc"),
]

PATIENCE = 60  # seconds, on a slow machine
TRIES = 8
SPAN = 1.0  # seconds, within which the signal comes


def listens(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it has its handlers, or has ended."""
    if process.poll() is not None:
        return True
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("engine", ["fragment", "compute-4", "baked"])
def test_a_signal_while_the_driver_compiles_ends_the_command(tmp_path: Path, engine: str) -> None:
    moments = random.Random(engine)
    network = ["--depth", "10", "--width", "30", "--size", "64x36"]
    words = ["render", *network, "--engine", engine, "-o", str(tmp_path / "a.png")]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"MESA_SHADER_CACHE_DISABLE": "true", "PYTHONPATH": root}
    for attempt in range(TRIES):
        number = moments.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
        process = subprocess.Popen(
            [sys.executable, "-m", "cppn_gl", *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            while not listens(process):
                time.sleep(0.005)
            time.sleep(SPAN * moments.random())
            process.send_signal(number)
            _, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        ended = [(128 + number, b""), (0, b"")]
        if (tmp_path / "a.png").exists():  # it was done, and Python was about to end
            ended.append((-number, b""))
        assert (process.returncode, err) in ended, (attempt, number)
        (tmp_path / "a.png").unlink(missing_ok=True)
        assert {path.name for path in tmp_path.iterdir()} <= {"a.png"}

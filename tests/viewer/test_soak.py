"""Memory use stays bounded under random keys in a real window."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from desktop import virtual_display

pytestmark = pytest.mark.window

SOAK = Path(__file__).parents[2] / "tools" / "soak.py"
# MB; some 210 of it are Python, OpenGL, Dear ImGui and their libraries, and 220 what Mesa takes
# for the largest thumbnail, a surface, if the chooser comes to it.
LIMIT = 650


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_random_keys_in_a_small_window_take_bounded_memory() -> None:
    with virtual_display() as display:
        environment = os.environ | {"DISPLAY": display, "XDG_SESSION_TYPE": "x11"}
        words = ["--keys", "200", "--size", "320x200", "--limit", str(LIMIT)]
        done = subprocess.run(
            [sys.executable, SOAK, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 keys" in done.stdout

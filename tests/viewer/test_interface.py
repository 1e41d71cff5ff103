"""The widgets are loaded when needed, and the window works without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cppn_gl.viewer import interface
from tests.desktop import Desktop, wait_for


def test_importing_dear_imgui_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    assert interface._problem() == ""
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raise ModuleNotFoundError('no module')", interface.OFFER),
        ("raise ImportError('libX.so.6: missing\\nmore')", "cannot be shown: libX.so.6: missing"),
        ("raise OSError", "cannot be shown: OSError"),
        ("raise RuntimeError('no window system')", "cannot be shown: no window system"),
        ("from types import SimpleNamespace\nimgui = SimpleNamespace()", "cannot be shown: "),
    ],
)
def test_without_dear_imgui_the_keys_remain(
    display: str, tmp_path: Path, text: str, expected: str
) -> None:
    broken = tmp_path / "broken" / "imgui_bundle"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(text)
    code = "from cppn_gl.viewer import interface; print(interface._problem())"
    path = os.pathsep.join([str(broken.parent), *os.environ.get("PYTHONPATH", "").split(":")])
    environment = {"PYTHONPATH": path.rstrip(":")}
    said = run_python(code, environment)
    assert expected in said
    words = ["two-layers", "--size", "320x200"]
    desktop = Desktop(display, tmp_path, *words, hud=True, environment=environment)
    try:
        first = desktop.shows(lambda preset: True, "the preset")
        wait_for(lambda: desktop.pixels().any(), "a picture")
        desktop.key("Tab", "Tab", "shift+Tab", "Up")
        depth = first.spec.depth + 1
        desktop.shows(lambda preset: preset.spec.depth == depth, "a layer more")
        desktop.key("F9")  # there is no dialog of films: frames are recorded
        wait_for(lambda: list(tmp_path.glob("two-layers-*/00000.png")), "a frame")
        desktop.key("F9")
        desktop.tells("message", "a film: python -m cppn_gl video ")
        assert desktop.quit() == 0
        assert desktop.log.read_text() == ""
    finally:
        desktop.close()


def run_python(code: str, environment: dict[str, str]) -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout

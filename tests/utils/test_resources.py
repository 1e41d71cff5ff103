"""Where things are: for child processes, and for users without a home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cppn_gl
from cppn_gl.utils.resources import child_environment, user_folder

PACKAGE = Path(cppn_gl.__file__).resolve().parent


def test_a_child_imports_this_package_and_no_module_of_it_as_another(tmp_path: Path) -> None:
    code = "import trace, cppn_gl; print(trace.__file__); print(cppn_gl.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=child_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    trace, package = (Path(line).resolve().parent for line in done.stdout.splitlines())
    assert package == PACKAGE
    assert PACKAGE not in (trace, *trace.parents)


def test_the_users_own_path_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/one")
    assert child_environment()["PYTHONPATH"] == os.pathsep.join([str(PACKAGE.parent), "/one"])
    monkeypatch.delenv("PYTHONPATH")
    assert child_environment()["PYTHONPATH"] == str(PACKAGE.parent)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other folders")
def test_users_have_folders_unless_they_have_no_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import pwd

    def none(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/somebody")
    assert user_folder("cache") == Path("/home/somebody/.cache/cppn_gl")
    assert user_folder("state") == tmp_path / "cppn_gl"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", none)
    assert user_folder("cache") is None
    assert user_folder("state") == tmp_path / "cppn_gl"
    monkeypatch.setenv("XDG_STATE_HOME", "")
    assert user_folder("state") is None

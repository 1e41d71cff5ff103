"""The native library is compiled by the compiler that is there, and comes with wheels."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from cppn_gl.utils.native import ABI, PATH, Library

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "native" / "build.py"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="tests an installed package")


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*words: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: text for name, text in os.environ.items() if name not in ("CC", "CPPN_GL_NATIVE")
    }
    command = [sys.executable, *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, check=False
    )


def compiler(folder: Path, refuses: str = "nothing") -> Path:
    """A compiler in a folder that knows no option that contains `refuses`.

    It optimises little: that halves the time.
    """
    path = folder / "old-cc"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *{refuses}*) echo "error: what?" >&2; exit 1 ;; esac\n'
        'exec cc "$@" -O1\n'
    )
    path.chmod(0o755)
    return path


# The script


@pytest.mark.native
def test_the_library_is_compiled_without_a_warning(tmp_path: Path) -> None:
    done = run(SCRIPT, "--output", tmp_path / "new")
    path = tmp_path / "new" / PATH.name
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}\n", "")
    assert list(path.parent.iterdir()) == [path]
    assert Library(path).isas == Library(PATH).isas


@pytest.mark.native
def test_an_old_compiler_leaves_out_what_it_does_not_know(tmp_path: Path) -> None:
    known = Library(PATH).isas
    for refused, left in (("-mavx512", {"avx512"}), ("-mfma", {"avx512", "avx2"})):
        done = run(SCRIPT, "--output", tmp_path, CC=str(compiler(tmp_path, refused)))
        assert done.returncode == 0, done.stderr
        path = shutil.move(tmp_path / PATH.name, tmp_path / f"{len(left)}{PATH.name}")
        assert Library(path).isas == tuple(isa for isa in known if isa not in left)


@pytest.mark.native
def test_a_library_in_use_is_replaced(tmp_path: Path) -> None:
    old = Path(shutil.copy(PATH, tmp_path))
    before, functions = old.stat().st_ino, ctypes.CDLL(str(old))
    assert run(SCRIPT, "--output", tmp_path, CC=str(compiler(tmp_path))).returncode == 0
    assert old.stat().st_ino != before
    assert functions.cppn_abi() == ABI


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PATH": "/nonexistent"}, "there is no C compiler: none of cc, gcc, clang"),
        ({"CC": "nothing-here -O2"}, "there is no program nothing-here, which CC names"),
        ({"CC": "true"}, "true is neither gcc nor clang"),
        ({"CC": "false"}, "false failed: exit status 1"),
        ({"CC": "cc '"}, "No closing quotation"),
    ],
)
def test_a_compiler_that_is_none_is_one_line(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    done = run(SCRIPT, "--output", tmp_path, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cppn_gl: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.native
def test_a_failure_keeps_the_old_library(tmp_path: Path) -> None:
    old = tmp_path / PATH.name
    old.write_text("old")
    done = run(SCRIPT, "--output", tmp_path, CC=str(compiler(tmp_path, "PORTABLE")))
    assert (done.returncode, done.stderr) == (1, "cppn_gl: old-cc failed: error: what?\n")
    assert old.read_text() == "old"
    done = run(SCRIPT, "--output", old)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


# Wheels


def wheel(folder: Path, root: Path = ROOT, **variables: str) -> tuple[Path, str]:
    """A wheel of a checkout, and what its build said."""
    code = (
        "import sys; from hatchling.builders.wheel import WheelBuilder;"
        "print(*WheelBuilder(sys.argv[1]).build(directory=sys.argv[2]))"
    )
    done = run("-c", code, root, folder, **variables)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path, done.stdout + done.stderr


def files(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


@pytest.mark.native
def test_a_wheel_carries_the_library_for_any_python(tmp_path: Path) -> None:
    path, _ = wheel(tmp_path, CC=str(compiler(tmp_path)))
    assert "-py3-none-" in path.name
    assert not path.stem.endswith("-any")
    with zipfile.ZipFile(path) as archive:
        archive.extract(f"cppn_gl/{PATH.name}", tmp_path)
        (about,) = (name for name in archive.namelist() if name.endswith("/WHEEL"))
        assert "Root-Is-Purelib: false" in archive.read(about).decode()
    assert Library(tmp_path / "cppn_gl" / PATH.name).isas == Library(PATH).isas
    assert not any(name.startswith("native/") for name in files(path))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PATH": "/nonexistent"}, "without its native library: there is no C compiler"),
        ({"CC": "false"}, "without its native library: false failed"),
        ({"CPPN_GL_NATIVE": "0"}, ""),
    ],
)
def test_a_wheel_without_a_compiler_is_pure(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    """Also where the checkout has a library."""
    path, said = wheel(tmp_path, **variables)
    assert path.name.endswith("-py3-none-any.whl")
    assert not any("libcppn" in name for name in files(path))
    assert "cppn_gl/utils/native.py" in files(path)
    assert words in said
    assert ("without its native library" in said) == bool(words)


@pytest.mark.parametrize("script", [None, "def build(folder): return [][0]"])
def test_whatever_goes_wrong_there_is_a_wheel(tmp_path: Path, script: str | None) -> None:
    root = tmp_path / "checkout"
    for name in ("cppn_gl", "shaders", "presets", "web"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    if script:
        (root / "native").mkdir()
        (root / "native" / "build.py").write_text(script)
    path, said = wheel(tmp_path, root)
    assert path.name.endswith("-py3-none-any.whl")
    assert not any("libcppn" in name for name in files(path))
    assert "without its native library" in said


def test_the_sources_hold_what_builds_the_library(tmp_path: Path) -> None:
    assert run("-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path).returncode == 0
    (path,) = tmp_path.iterdir()
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {f"native/{p.name}" for p in SCRIPT.parent.iterdir() if p.is_file()}
    assert expected | {"hatch_build.py"} <= names
    assert not any("libcppn" in name for name in names)


def test_wheels_for_other_systems_are_tested_with_the_library() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]
    command = settings["test-command"].removeprefix('python -c "').removesuffix('"')
    done = run("-c", command)
    assert done.returncode == (0 if PATH.exists() else 1), done.stderr

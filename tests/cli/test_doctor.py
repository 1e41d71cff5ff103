"""The doctor reports what is there, what is missing and what mends it, and outlives a crash."""

import importlib.metadata
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desktop import DEAD, virtual_display
from rows import EXACT
from threads import forget_threads

from cppn_gl.cli import doctor
from cppn_gl.cli.doctor import Check, exit_status, report
from cppn_gl.engines.names import VARIABLE
from cppn_gl.utils import native
from cppn_gl.utils.extras import EXTRAS

GPU_INFO = {
    "renderer": "A GPU",
    "version": "4.6",
    "software": False,
    "max_texture_size": 16384,
    "max_fragment_uniform_blocks": 14,
    "max_uniform_block_size": 65536,
}
GPU = {"info": GPU_INFO, "chatter": "", "devices": 1, "engine": ""}
SOFTWARE = GPU | {"info": GPU_INFO | {"renderer": "llvmpipe", "software": True}}
NONE = {"message": "No graphics driver could be started.", "hint": "Run `mend`."}


def children(monkeypatch: pytest.MonkeyPatch, **replies: dict[str, object]) -> None:
    """Let child processes reply as told."""
    monkeypatch.setattr(doctor, "_child", lambda probe: replies[probe])


def test_report_is_aligned_and_gives_each_remedy_its_line() -> None:
    checks = [
        Check("Python", True, "3.11"),
        Check("headless GL", False, "No driver.", "apt-get install libegl1"),
        Check("speed", None, "slow", "GLCONTEXT_DEVICE_INDEX=1 python"),
    ]
    assert report(checks).splitlines() == [
        "ok   Python       3.11",
        "FAIL headless GL  No driver.",
        "     fix: apt-get install libegl1",
        "note speed        slow",
        "     try: GLCONTEXT_DEVICE_INDEX=1 python",
    ]
    assert report([]) == ""


def test_only_failures_make_the_exit_status() -> None:
    assert exit_status([Check("a", True, ""), Check("b", None, "")]) == 0
    assert exit_status([Check("a", True, ""), Check("b", False, "")]) == 1


def test_an_old_python_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._python().ok is True
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    assert doctor._python().remedy == "install Python 99.0 or newer"


def test_every_requirement_of_the_package_is_looked_at() -> None:
    names = [check.name for check in doctor._dependencies()]
    assert {"numpy", "moderngl", "moderngl-window", "glfw", "pillow"} <= set(names)
    assert not {"pytest", "ruff"} & set(names)


def test_requirements_come_from_metadata_without_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "cppn_gl" / "doctor.py"))
    stated = ["numpy>=1.26", "av>=18.1; extra == 'video'", 'pytest>=8.0; extra == "test"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: stated)
    assert doctor._requirements() == ["numpy>=1.26"]
    assert doctor._requirements("video") == ["av>=18.1"]
    stated[1] = "av>=18.1; sys_platform != 'win32' and extra == 'video'"
    assert doctor._requirements("video") == ["av>=18.1; sys_platform != 'win32'"]

    def missing(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert [check.ok for check in doctor._dependencies()] == [None]


@pytest.mark.parametrize(
    ("requirement", "ok", "found"),
    [
        ("pytest", True, pytest.__version__),
        ("pytest>=1.0", True, pytest.__version__),
        ("pytest>=999", False, "needs 999 or newer"),
        (f"pytest=={pytest.__version__}", True, pytest.__version__),
        ("pytest==1.0", False, "needs 1.0"),
        ("no-such-package-here>=1.0", False, "not installed"),
        ("no-such-package-here>=1.0; sys_platform != 'darwin'", None, "not installed"),
        ("???", None, "not checked: unknown form of requirement"),
    ],
)
def test_dependency(requirement: str, ok: bool | None, found: str) -> None:
    check = doctor._dependency(requirement)
    assert check.ok is ok
    assert found in check.found
    if ok is False:
        assert shlex.split(check.remedy)[-3:] == ["install", "--upgrade", requirement]
        assert sys.executable in check.remedy


def test_the_extras_are_looked_at_and_never_fail() -> None:
    names = [check.name for check in doctor._dependencies()]
    extras = {f"{library.replace('_', '-')} [{extra}]" for library, extra in EXTRAS.items()}
    assert extras == {name for name in names if "[" in name}
    for requirement in ("no-such-package-here", "pytest>=999"):
        check = doctor._dependency(requirement, "video")
        assert check.ok is None
        assert check.name == f"{requirement.partition('>')[0]} [video]"
        assert check.remedy.endswith(f"'{requirement}'" if ">" in requirement else requirement)


def test_versions_compare_as_numbers() -> None:
    numbers = doctor._numbers
    assert numbers("10.0") > numbers("9.9.9")
    assert numbers("5.12.0rc1") == numbers("5.12")
    assert numbers("odd") == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's libraries")
def test_a_missing_library_fails_only_where_nothing_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", missing)
    for needed, ok in ((True, False), (False, None)):
        checks = doctor._libraries(needed=needed)
        assert [(check.name, check.ok) for check in checks] == [
            ("libEGL.so.1", ok),
            ("libGL.so.1", ok),
        ]
        assert "libegl1 libgl1" in checks[0].remedy


def test_a_gpu_is_one_good_line(monkeypatch: pytest.MonkeyPatch) -> None:
    children(monkeypatch, headless=GPU)
    (check,) = doctor._headless()
    assert check.ok is True
    assert "A GPU, OpenGL 4.6, textures up to 16384" in check.found
    children(monkeypatch, headless=GPU | {"devices": 3})
    assert "GLCONTEXT_DEVICE_INDEX=1" in doctor._headless()[1].remedy


def test_software_is_a_note_with_the_other_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    children(monkeypatch, headless=SOFTWARE)
    note = doctor._headless()[1]
    assert (note.ok, note.remedy) == (None, "")
    assert (
        note.found
        == "a software renderer, which draws on the processor: works, but a GPU is faster"
    )
    children(monkeypatch, headless=SOFTWARE | {"devices": 2})
    assert "GLCONTEXT_DEVICE_INDEX=1" in doctor._headless()[1].remedy


def test_what_the_driver_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "MESA-LOADER: failed to open iris:\n version `GLIBCXX_3.4.30' not found\n"
    children(monkeypatch, headless=SOFTWARE | {"chatter": said})
    check = doctor._headless()[-1]
    assert (check.name, check.ok) == ("driver output", None)
    assert "\n" not in check.found
    assert "conda install" in check.remedy


def test_the_engine_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    children(monkeypatch, headless=GPU | {"engine": "compute-4 for the preset 'default' (why)"})
    check = doctor._headless()[1]
    assert (check.name, check.ok) == ("engine", True)
    assert check.found == "compute-4 for the preset 'default' (why)"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets environment variables that are read once."""

    def forget() -> None:
        native._found.cache_clear()
        forget_threads()

    def change(**variables: str) -> None:
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        forget()

    yield change
    monkeypatch.undo()
    forget()


@pytest.mark.native
def test_the_native_engine_is_told_in_one_line(environment: Callable[..., None]) -> None:
    for count, words in (("1", "1 thread"), ("7", "7 threads")):
        environment(CPPN_GL_THREADS=count, CPPN_GL_ISA="portable")
        assert doctor._native() == [Check("native engine", True, f"portable, {words}")]


def test_a_missing_native_engine_is_a_note_that_says_what_it_brings(
    environment: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "PATH", tmp_path / native.PATH.name)
    environment(CPPN_GL_ISA="", CPPN_GL_NATIVE="")
    (check,) = doctor._native()
    assert (check.ok, check.remedy) == (None, "")
    assert "several times faster" in check.found
    assert "C compiler" in check.found
    assert "\n" not in check.found


@pytest.mark.gl
@pytest.mark.parametrize("variable", ["CPPN_GL_ISA", "CPPN_GL_THREADS"])
def test_a_wrong_variable_of_the_native_engine_fails_once(
    environment: Callable[..., None], variable: str
) -> None:
    environment(**{variable: "nonsense"})
    (failed,) = (check for check in [*doctor._headless(), *doctor._native()] if check.ok is False)
    assert failed.found.startswith(f"{variable}: ")
    assert failed.remedy == f"unset {variable}"


@pytest.mark.gl
def test_an_engine_is_found_and_measures_nothing(tuning: Path) -> None:
    (check,) = (check for check in doctor._headless() if check.name == "engine")
    engine, _, rest = check.found.partition(" for the preset 'default' ")
    assert engine in EXACT
    assert str(tuning) in rest
    assert not tuning.exists()


@pytest.mark.gl
def test_a_variable_that_asks_for_no_engine_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "nonsense")
    (check,) = (check for check in doctor._headless() if check.name == "engine")
    assert check.ok is False
    assert f"{VARIABLE}: no engine 'nonsense'" in check.found
    assert VARIABLE in check.remedy


def test_no_driver_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    children(monkeypatch, headless=NONE)
    (check,) = doctor._headless()
    assert (check.ok, check.found, check.remedy) == (False, NONE["message"], NONE["hint"])


def test_no_display_is_a_note_that_says_what_happens_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "display_problem", lambda: "DISPLAY is :77, where nobody is")
    (check,) = doctor._display()
    assert (check.name, check.ok) == ("display", None)
    assert ":77" in check.found
    assert "saves a picture" in check.found


def test_a_window_is_tried_only_on_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "display_problem", lambda: None)
    monkeypatch.setenv("DISPLAY", ":5")
    children(monkeypatch, window={"renderer": "A GPU"})
    display, window = doctor._display()
    assert "DISPLAY=:5" in display.found
    assert (window.ok, window.found) == (True, "A GPU")
    children(monkeypatch, window=NONE)
    assert doctor._display()[1].ok is False


def test_variables_that_change_the_outcome_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESA_GL_VERSION_OVERRIDE", "2.1")
    monkeypatch.setenv(VARIABLE, "compute-8")
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null")
    (check,) = doctor._environment()
    assert "MESA_GL_VERSION_OVERRIDE=2.1" in check.found
    assert f"{VARIABLE}=compute-8" in check.found
    assert "__EGL_VENDOR_LIBRARY_FILENAMES=/dev/null" in check.found


def child_runs(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Let the processes that doctor starts run some code first."""
    (folder / "sitecustomize.py").write_text(f"import os, sys, time\n{code}\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_crash_in_a_driver_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = "os.write(2, b'libGL: about to crash\\n'); os.kill(os.getpid(), 11)"
    child_runs(monkeypatch, tmp_path, crash)
    monkeypatch.setattr("sys.platform", "linux")
    reply = doctor._child("headless")
    assert "crashed (status -11): libGL: about to crash" in reply["message"]
    assert "LIBGL_ALWAYS_SOFTWARE=1 python -m cppn_gl doctor" in reply["hint"]


def test_a_missing_package_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = "ModuleNotFoundError: No module named 'numpy'"
    child_runs(monkeypatch, tmp_path, f"sys.exit({words!r})")
    assert "numpy is missing" in doctor._child("headless")["message"]


def test_a_driver_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child_runs(monkeypatch, tmp_path, "time.sleep(1000)")
    monkeypatch.setattr(doctor, "CHILD_SECONDS", 0.2)
    assert "No answer" in doctor._child("window")["message"]


def test_a_child_does_not_import_from_the_current_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", os.devnull)
    assert "wrong json" not in json.dumps(doctor._child("headless"))


@pytest.mark.gl
def test_a_healthy_system_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    checks = doctor.doctor()
    assert exit_status(checks) == 0, report(checks)
    (drawn,) = (check for check in checks if check.name == "headless GL")
    assert "OpenGL" in drawn.found


@pytest.mark.gl
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's libraries")
def test_a_broken_system_fails_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", os.devnull)
    checks = doctor.doctor()
    assert exit_status(checks) == 1
    text = report(checks)
    assert "FAIL headless GL" in text
    assert "     fix: Run `unset __EGL_VENDOR_LIBRARY_FILENAMES`" in text
    assert "Traceback" not in text
    assert capfd.readouterr().err == ""


@pytest.mark.gl
@pytest.mark.window
def test_a_hidden_window_opens_and_its_failure_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with virtual_display() as display:
        monkeypatch.setenv("DISPLAY", display)
        assert "OpenGL" in doctor._child("window")["renderer"]
    monkeypatch.setenv("DISPLAY", DEAD)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    reply = doctor._child("window")
    assert "no display" in reply["message"]
    assert DEAD in reply["message"]

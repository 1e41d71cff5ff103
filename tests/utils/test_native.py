"""The loader of the native library: it is used, or one line says why not."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cppn_gl import Renderer
from cppn_gl.cli.main import main
from cppn_gl.engines.cpu.native import unsupported
from cppn_gl.preset.library import load_preset
from cppn_gl.utils import native
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.native import ABI, BEST, ISA, ISAS, PATH, SWITCH, Library

SMALL = ["--size", "8x5"]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Loads a file's content, or none, in the environment given; returns problem()."""

    def load(content: bytes | None = None, **variables: str) -> str:
        for name in (ISA, SWITCH):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}{PATH.name}"  # a loader keeps its files
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(native, "PATH", path)
        native._found.cache_clear()
        return native.problem()

    yield load
    monkeypatch.undo()
    native._found.cache_clear()


def compiled(folder: Path, text: str) -> bytes:
    """A shared library of C source text."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if not compiler:
        pytest.skip("does not heed: no C compiler")
    (folder / "a.c").write_text(text)
    command = [compiler, "-shared", "-fPIC", "a.c", "-o", "a.out"]
    subprocess.run(command, cwd=folder, check=True)
    return (folder / "a.out").read_bytes()


# What is there


@pytest.mark.native
def test_the_best_instruction_set_is_chosen(load: Callable[..., str]) -> None:
    assert load(PATH.read_bytes()) == ""
    library = native.library()
    assert library is not None
    assert library.isa == next(isa for isa in BEST if isa in library.isas)
    assert native.library() is library


@pytest.mark.native
def test_the_environment_chooses_another(load: Callable[..., str]) -> None:
    content = PATH.read_bytes()
    for isa in Library(PATH).isas:
        assert load(content, **{ISA: isa}) == ""
        assert (library := native.library()) is not None
        assert library.isa == isa
    assert load(content, **{ISA: ""}) == ""  # as good as unset


@pytest.mark.native
def test_an_absent_instruction_set_is_an_error(
    load: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    absent = next(isa for isa in ISAS if isa not in Library(PATH).isas)
    content = PATH.read_bytes()
    for isa in (absent, "sse", "AVX2"):
        with pytest.raises(PresetError, match=rf"^{ISA}: .*{isa}.* portable") as caught:
            load(content, **{ISA: isa})
        assert caught.value.key == ISA
        assert main(["render", "default", "-o", "a.png", *SMALL]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"cppn_gl: {ISA}: ")
        assert err.count("\n") == 1


@pytest.mark.native
def test_a_processor_without_fused_multiply_add(
    load: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = PATH.read_bytes()
    monkeypatch.setattr(native, "BEST", ())
    assert load(content) == "this processor has no fused multiply-add"
    assert native.library() is None
    assert load(content, **{ISA: "portable"}) == ""  # slow, but asked for


# What cannot be used


def refused(problem: str, *words: str) -> None:
    assert native.library() is None
    assert "\n" not in problem
    for word in words:
        assert word in problem
    assert "C compiler" in problem  # how to mend it


def test_a_missing_library(load: Callable[..., str]) -> None:
    refused(load(), "is missing", "make native")


def test_an_installed_program_is_not_told_to_make(
    load: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "SOURCES", tmp_path / "native")
    problem = load()
    refused(problem, "install a C compiler, then cppn_gl again")
    assert "make" not in problem


def test_it_is_switched_off(load: Callable[..., str]) -> None:
    assert load(**{SWITCH: "0"}) == "switched off by CPPN_GL_NATIVE=0"
    assert native.library() is None


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"no library at all\n" * 99])
def test_a_file_that_is_no_library(load: Callable[..., str], content: bytes) -> None:
    refused(load(content), "cannot be loaded")


@pytest.mark.native
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off(load: Callable[..., str], share: float) -> None:
    """The system's loader would kill the process."""
    content = PATH.read_bytes()
    refused(
        load(content[: int(share * len(content))]), "ca" if sys.platform == "darwin" else "cut off"
    )


@pytest.mark.native
@pytest.mark.skipif(sys.platform != "linux", reason="does not heed: no ELF files")
def test_a_file_for_another_processor(load: Callable[..., str]) -> None:
    content = bytearray(PATH.read_bytes())
    content[0x12:0x14] = (62 if platform.machine() == "aarch64" else 183).to_bytes(2, "little")
    refused(load(bytes(content)), "cannot be loaded")


def test_a_library_of_another_version(load: Callable[..., str], tmp_path: Path) -> None:
    other = compiled(tmp_path, f"int cppn_abi(void) {{ return {ABI + 1}; }}")
    refused(load(other), "another version")
    refused(load(compiled(tmp_path, f"int cppn_abi(void) {{ return {ABI}; }}")), "cppn_isas")
    refused(load(compiled(tmp_path, "int cppn(void) { return 1; }")), "cppn_abi")


def test_without_the_library_others_draw(load: Callable[..., str]) -> None:
    problem = load(**{SWITCH: "0"})
    preset = load_preset("default")
    assert unsupported(preset.network()) == f"needs the native library: {problem}"
    with Renderer("numpy") as renderer:
        assert renderer.render(preset, (8, 5)).shape == (5, 8, 3)


def test_a_program_starts_without_loading_it() -> None:
    code = "import cppn_gl; print('libcppn' in open('/proc/self/maps').read())"
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("does not heed: no /proc")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

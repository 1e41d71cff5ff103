"""The program selftest finds no difference between instruction sets, processors and compilers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cppn_gl.utils.native import PATH, Library

SCRIPT = Path(__file__).parents[2] / "native" / "build.py"

# The hash of all results by the number of networks: the same on every machine. Another one is right
# only if a result is meant to change, or the program itself: then all pictures' bytes may change.
HASHES = {30: "6d99d83f0bf6964b", 200: "30b56319fff094ed"}
EMULATORS = ("qemu-aarch64", "qemu-aarch64-static")

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not SCRIPT.exists(), reason="tests an installed package"),
]


def run(*words: str | Path, **variables: str) -> str:
    """What a command prints; it must succeed without a warning."""
    done = subprocess.run(
        list(map(str, words)),
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def selftest(folder: Path, *options: str, **variables: str) -> Path:
    """The program, compiled into a folder."""
    build: list[str | Path] = [sys.executable, SCRIPT, "--output", folder, "--selftest", *options]
    return Path(run(*build, **variables).strip())


def test_random_networks_have_the_same_bytes_for_all_instruction_sets(tmp_path: Path) -> None:
    program = selftest(tmp_path)
    assert run(program, "30").split() == [*Library(PATH).isas, HASHES[30]]
    one, other = run(program, "2", "5", "verbose").split("\n", 1)
    assert one.split()[:2] == ["5", "cppn_draw"]
    assert other.count("\n6 ") > 20


@pytest.mark.nightly
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sanitizers: on Linux only")
def test_sanitizers_find_nothing(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"not tested with {compiler}: it is missing")
    source = tmp_path / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    libraries = (compiler, "-fsanitize=address,undefined", source, "-o", tmp_path / "empty")
    if subprocess.run(libraries, capture_output=True, check=False).returncode:
        pytest.skip(f"not tested with {compiler}: its sanitizers are missing")
    program = selftest(tmp_path, "--sanitize", CC=compiler)
    assert run(program, "200").split()[-1] == HASHES[200]


@pytest.mark.nightly
def test_arm64_has_the_same_bytes(tmp_path: Path) -> None:
    compiler, emulator = "aarch64-linux-gnu-gcc", next(filter(shutil.which, EMULATORS), None)
    if not shutil.which(compiler) or emulator is None:
        pytest.skip(f"not tested for arm64: needs {compiler} and {EMULATORS[0]}")
    program = selftest(tmp_path, "--static", CC=compiler)
    assert run(emulator, program, "200").split() == ["portable", "neon", HASHES[200]]

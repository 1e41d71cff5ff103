"""Compiles the native library, with the standard library of Python and a C compiler alone.

    python native/build.py                     cppn_gl/libcppn.so, or .dylib or .dll
    python native/build.py --output build      build/libcppn.so
    python native/build.py --selftest          the program selftest instead, of native/selftest.c
    python native/build.py --sanitize          stops at undefined behaviour and bad addresses

The compiler is that of the environment variable CC (`CC="aarch64-linux-gnu-gcc"` compiles for
another processor), or cc, gcc or clang. Microsoft's cl has no vector types and cannot compile it.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "cppn_gl"
COMPILERS = ("cc", "gcc", "clang")
FLAGS = (
    *("-std=c11", "-O3", "-Wall", "-Wextra", "-Wno-psabi", "-fvisibility=hidden"),
    # The sources say what is fused, so that every machine gets the same bits.
    *("-ffp-contract=off", "-fno-math-errno"),
)
# The speed of a product changed by a fifth with the place of its loop, and so with other functions.
ALIGNED = ("-falign-loops=32",)
SANITIZE = (
    *("-g", "-O1", "-fno-omit-frame-pointer"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)

# Kernels besides the portable one: for the compiler's macro, the flags of each.
KERNELS = {
    "__x86_64__": {
        "AVX2": ("-mavx2", "-mfma"),
        "AVX512": ("-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"),
    },
    "__aarch64__": {"NEON": ()},
}


class BuildError(Exception):
    """The library cannot be compiled here. The message is one line."""


def compiler() -> list[str]:
    """The command of the C compiler: that of CC, or the first that is found. Raises BuildError.

    macOS passes the processor to compile for in ARCHFLAGS.
    """
    architecture = shlex.split(os.environ.get("ARCHFLAGS", "")) if sys.platform == "darwin" else []
    if text := os.environ.get("CC", "").strip():
        try:
            chosen = [text] if shutil.which(text) else shlex.split(text)
        except ValueError as error:
            raise BuildError(f"CC={text}: {error}") from None
        if not shutil.which(chosen[0]):
            raise BuildError(f"there is no program {chosen[0]}, which CC names")
        return [*chosen, *architecture]
    for name in COMPILERS:
        if found := shutil.which(name):
            return [found, *architecture]
    raise BuildError(f"there is no C compiler: none of {', '.join(COMPILERS)}")


def build(
    folder: Path,
    *,
    selftest: bool = False,
    sanitize: bool = False,
    static: bool = False,
    command: Sequence[str] | None = None,
) -> Path:
    """Compile the library into a folder, or the program selftest; the path of the file.

    An existing file is replaced atomically. `static`: a program without shared libraries, so that
    an emulator can run it. `command`: the compiler and its options. Raises BuildError.
    """
    cc = list(command or compiler())
    macros = _macros(cc)
    windows, mac = "_WIN32" in macros, "__APPLE__" in macros
    if selftest:
        name = "selftest.exe" if windows else "selftest"
    else:
        name = "libcppn" + (".dll" if windows else ".dylib" if mac else ".so")
    flags = [*FLAGS, *(SANITIZE if sanitize else ()), *(ALIGNED if _knows(cc, ALIGNED) else ())]
    if not windows:
        flags.append("-fPIC")
    elif "__clang__" not in macros:
        # GCC cannot align a stack to 32 bytes on Windows: let no instruction depend on it.
        flags.append("-Wa,-muse-unaligned-vector-move")

    sets = next((sets for macro, sets in KERNELS.items() if macro in macros), {})
    sets = {isa: options for isa, options in sets.items() if _knows(cc, options)}
    units = []
    for stem in ("kernel", "train", "many", "conv", "vision"):
        source = HERE / f"{stem}.c"
        units.append((source, ["-DCPPN_BUILD_PORTABLE"]))
        units += [(source, [f"-DCPPN_BUILD_{isa}", *options]) for isa, options in sets.items()]
    units.append((HERE / "cppn.c", [f"-DCPPN_HAVE_{isa}" for isa in sets]))
    if selftest:
        units.append((HERE / "selftest.c", []))

    def compiled(number: int) -> str:
        source, options = units[number]
        target = str(Path(objects, f"{number}.o"))
        _run([*cc, *flags, *options, "-c", str(source), "-o", target])
        return target

    link = [*cc, *(SANITIZE if sanitize else ())]
    link += ([] if selftest else ["-shared"]) + (["-static"] if static else [])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="cppn_gl-") as objects,
            tempfile.TemporaryDirectory(prefix=".cppn_gl-", dir=folder) as beside,
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            linked = Path(beside, name)
            libraries = _windows_libraries(cc, macros) if windows else ["-lm"]
            parts = pool.map(compiled, range(len(units)))
            _run([*link, *parts, *libraries, "-o", str(linked)])
            os.replace(linked, folder / name)
    except OSError as error:
        raise BuildError(f"{folder / name} cannot be written: {error.strerror or error}") from None
    return folder / name


def _run(command: Sequence[str], text: str = "") -> str:
    """What a command prints. Raises BuildError with its first line of complaint."""
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise BuildError(f"{command[0]} does not run: {error.strerror or error}") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        complaint = next((line for line in lines if "error" in line.lower()), None)
        words = complaint or next(iter(lines), f"exit status {done.returncode}")
        raise BuildError(f"{Path(command[0]).name} failed: {words}")
    sys.stderr.write(done.stderr)  # warnings
    return done.stdout


def _macros(cc: Sequence[str]) -> set[str]:
    """The macros that the compiler predefines: they tell its target."""
    printed = _run([*cc, "-dM", "-E", "-x", "c", "-"])
    macros = {line.split()[1].split("(")[0] for line in printed.splitlines() if "#define" in line}
    if not macros & {"__GNUC__", "__clang__"}:
        raise BuildError(f"{cc[0]} is neither gcc nor clang")
    return macros


def _knows(cc: Sequence[str], options: Sequence[str]) -> bool:
    """Whether the compiler accepts options."""
    try:
        _run([*cc, "-Werror", *options, "-E", "-x", "c", "-"])
    except BuildError:
        return False
    return True


def _windows_libraries(cc: Sequence[str], macros: set[str]) -> list[str]:
    """What __builtin_cpu_supports needs: from GCC's library, or clang's beside Microsoft's."""
    if "_MSC_VER" not in macros:
        return ["-lm", "-static-libgcc"]
    found = _run([*cc, "--rtlib=compiler-rt", "-print-libgcc-file-name"]).strip()
    return [found] if Path(found).is_file() else []


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compile cppn_gl's native library.")
    parser.add_argument(
        "--output", type=Path, default=PACKAGE, metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument("--selftest", action="store_true", help="the program of native/selftest.c")
    parser.add_argument("--sanitize", action="store_true", help="with gcc's or clang's sanitizers")
    parser.add_argument("--static", action="store_true", help="link without shared libraries")
    options = vars(parser.parse_args(arguments))
    try:
        print(build(options.pop("output"), **options))
    except BuildError as error:
        print(f"cppn_gl: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

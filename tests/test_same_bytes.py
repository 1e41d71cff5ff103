"""With the native library, a picture has the same bytes whatever instructions NumPy uses."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cppn_gl.utils import native

if native.library() is None:
    pytest.skip(native.problem(), allow_module_level=True)

# Clocks, walks, geometric interpolation, normalisation, r, waves, and mappings with formulas.
PRESETS = "peacock azulejo walk fly-in complexity-wide-sigmoid rings embers lab oklch agate"
SCRIPT = """
import hashlib, sys
from cppn_gl import Renderer
from cppn_gl.preset.library import load_preset

with Renderer("native") as renderer:
    for name in sys.argv[1:]:
        pictures = [
            renderer.render(load_preset(name), (64, 36), time, dtype="float32").tobytes()
            for time in (0.0, 1.7, 4.3)
        ]
        print(name, hashlib.sha256(b"".join(pictures)).hexdigest())
"""


def dispatched() -> list[str]:
    """The features of this processor for which NumPy has code of its own."""
    umath = np._core._multiarray_umath if np.__version__ >= "2" else np.core._multiarray_umath
    return [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]


def pictures(**changes: str) -> str:
    command = [sys.executable, "-c", SCRIPT, *PRESETS.split()]
    done = subprocess.run(command, env=os.environ | changes, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def usual() -> str:
    return pictures()


# What can be switched off, and the processor that OpenBLAS is to see; only what this one has.
CASES = {
    "without AVX-512": ([n for n in dispatched() if n.startswith(("AVX512", "X86_V4"))], "Haswell"),
    "baseline": (dispatched(), "Nehalem"),
}
HERE = {name: case for name, case in CASES.items() if case[0]}


@pytest.mark.parametrize(("features", "core"), HERE.values(), ids=HERE)
def test_they_do_not_depend_on_numpys_instructions(
    usual: str, features: list[str], core: str
) -> None:
    assert pictures(NPY_DISABLE_CPU_FEATURES=" ".join(features), OPENBLAS_CORETYPE=core) == usual


@pytest.mark.parametrize("isa", [] if (found := native.library()) is None else found.isas)
def test_nor_on_the_librarys_instructions(usual: str, isa: str) -> None:
    assert pictures(CPPN_GL_ISA=isa) == usual

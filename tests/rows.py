"""The engines of the table: as constants, and as parameters of tests."""

import pytest

from cppn_gl.engines.names import ENGINES as EXACT

__all__ = ["BAKED", "COMPUTE", "EACH", "EXACT", "FRAGMENT", "GRIDS", "NAMES", "NATIVE", "NUMPY"]
__all__ += ["TILED"]

FRAGMENT, BAKED, TILED = (EXACT[name] for name in ("fragment", "baked", "tiled"))
NATIVE, NUMPY = EXACT["native"], EXACT["numpy"]
COMPUTE = {pixels: EXACT[f"compute-{pixels}"] for pixels in (1, 2, 4, 8, 16)}

GRIDS = [engine for engine in EXACT.values() if engine.family == "grid"]

# Those that draw networks of dense layers.
_DENSE = {name: engine for name, engine in EXACT.items() if engine not in GRIDS}
_MARKS = {"native": [pytest.mark.native]}
EACH = [pytest.param(e, id=name, marks=_MARKS.get(name, [])) for name, e in _DENSE.items()]
NAMES = [pytest.param(name, marks=_MARKS.get(name, [])) for name in _DENSE]

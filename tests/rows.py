"""The engines of the table as constants."""

from cppn_gl.engines.names import ENGINES as EXACT

__all__ = ["BAKED", "COMPUTE", "EXACT", "FRAGMENT", "NUMPY", "TILED"]

FRAGMENT, BAKED, TILED, NUMPY = (EXACT[n] for n in ("fragment", "baked", "tiled", "numpy"))
COMPUTE = {pixels: EXACT[f"compute-{pixels}"] for pixels in (1, 2, 4, 8, 16)}

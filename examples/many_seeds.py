"""A thousand networks through one Renderer, in flat memory: the most colourful ones are kept.

python examples/many_seeds.py [FOLDER]

The command `render --seeds 0:999 -o DIR` saves them all; this looks at each and saves few.

A new seed uploads new weights; it compiles nothing. Memory is read after the first hundred seeds,
when caches are full, and at the end.
"""

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

import cppn_gl

SEEDS, WARM_UP, KEPT = 1000, 100, 3
BOUND = 16e6  # bytes; a leak of one picture a seed would be 25e6


def memory() -> int:
    """Bytes of memory in use, as Linux tells; 0 elsewhere."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
preset = cppn_gl.load_preset("default").replace(depth=5, width=12)
colourful = {}
with cppn_gl.Renderer() as renderer:
    for seed in range(SEEDS):
        pixels = renderer.render(preset.replace(seed=seed), size=(128, 72))
        colourful[seed] = pixels.reshape(-1, 3).std(axis=0).mean()
        if seed == WARM_UP:
            before = memory()
    growth = memory() - before
    print(f"{SEEDS} seeds, memory grew by {growth / 1e6:.1f} MB after the first {WARM_UP}")
    assert growth < BOUND, f"memory grew by {growth} bytes"
    for seed in sorted(colourful, key=lambda seed: -colourful[seed])[:KEPT]:
        picture = renderer.render(preset.replace(seed=seed), size=(320, 180))
        Image.fromarray(picture).save(folder / f"seed-{seed}.png")
        print(folder / f"seed-{seed}.png")

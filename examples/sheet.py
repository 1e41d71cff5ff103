"""A sheet of pictures in ten lines: one network, four depths against five weight scales.

python examples/sheet.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

import cppn_gl

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
preset = cppn_gl.load_preset("neylon-18").replace(width=12)
depths, scales, cell = (2, 4, 8, 16), (0.5, 0.7, 0.9, 1.1, 1.3), (160, 100)
sheet = Image.new("RGB", (len(scales) * cell[0], len(depths) * cell[1]))
with cppn_gl.Renderer() as renderer:  # one OpenGL context for all pictures
    for row, depth in enumerate(depths):
        for column, scale in enumerate(scales):
            pixels = renderer.render(preset.replace(depth=depth, weight_scale=scale), cell)
            sheet.paste(Image.fromarray(pixels), (column * cell[0], row * cell[1]))
sheet.save(folder / "sheet.png")
print(folder / "sheet.png")

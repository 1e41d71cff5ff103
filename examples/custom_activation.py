"""An activation function of your own: one row of a table, in NumPy and in GLSL.

python examples/custom_activation.py [FOLDER]

Write the GLSL for the type REAL, which is float, vec2 or vec4: a unit at one, two or four pixels.
The derivative is for the view `gradient` and for signal statistics. It needs OpenGL, to compare.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import cppn_gl
from cppn_gl.nn.activations import ACTIVATIONS, Activation

ACTIVATIONS["softsign"] = Activation(
    formula="x / (1 + |x|)",
    function=lambda x: x / (1 + np.abs(x)),
    derivative=lambda x: 1 / np.square(1 + np.abs(x)),
    glsl="x / (1.0 + abs(x))",
    glsl_derivative="1.0 / ((1.0 + abs(x)) * (1.0 + abs(x)))",
    js="x / (1 + Math.abs(x))",
    bounded=True,
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
preset = cppn_gl.load_preset("neuralart").replace(activation="softsign", weight_scale=1.2)
size = (160, 100)
pictures = {}
for engine in ("fragment", "numpy"):  # the row's GLSL, and its NumPy
    with cppn_gl.Renderer(engine) as renderer:
        pictures[engine] = renderer.render(preset, size)
differences = np.abs(pictures["fragment"].astype(int) - pictures["numpy"])
assert (differences > 1).mean() < 0.001, "GLSL and NumPy compute different functions"
Image.fromarray(pictures["fragment"]).save(folder / "softsign.png")
print(folder / "softsign.png")

"""A network from your own weights: drawn, evaluated at a point, and saved as a preset.

python examples/own_layers.py [FOLDER]

Three units are planes at 120° to each other; the output layer mixes them to red, green and blue.
Both files open in the window: python -m cppn_gl FOLDER/planes.toml, or FOLDER/planes.safetensors
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import cppn_gl
from cppn_gl.nn.sources import Layers

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

angles = np.radians([90, 210, 330])
planes = 4 * np.column_stack([np.cos(angles), np.sin(angles)])  # (units, inputs)
mixed = np.array([[3, -1, -1], [-1, 3, -1], [-1, -1, 3]])  # (outputs, units)
layers = (
    cppn_gl.Layer(planes, np.zeros(3), "tanh"),
    cppn_gl.Layer(mixed, np.zeros(3), "sigmoid"),
)
network = cppn_gl.Network(layers, inputs=("x", "y"))
print("red, green, blue at (0, 1):", network.evaluate([[0, 1]])[0].round(3))

preset = cppn_gl.Preset(Layers(layers, inputs=("x", "y")), title="Three planes")
(folder / "planes.toml").write_text(preset.to_toml(), "utf-8")
again = cppn_gl.load_preset(folder / "planes.toml")
pixels = cppn_gl.render(again, size=(320, 200))
assert np.array_equal(pixels, cppn_gl.render(network, size=(320, 200)))
network.save(folder / "planes.safetensors")  # what PyTorch, JAX and NumPy read, too
loaded = cppn_gl.Network.load(folder / "planes.safetensors")
assert np.array_equal(pixels, cppn_gl.render(loaded, size=(320, 200)))
Image.fromarray(pixels).save(folder / "planes.png")
print(*(folder / f"planes.{suffix}" for suffix in ("toml", "safetensors", "png")), sep="\n")

"""Train the presets that are shipped with their weights, and write these beside them.

python tools/train_presets.py [PRESET …]

Without names all presets whose [train] table names a checkpoint are trained, from step 0 to their
`steps`. Their weights are those of the native library on any machine: running it again changes no
byte. Prints the seconds, and the error as the view painting shows it.
"""

import argparse
import time as wall
from pathlib import Path

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.painting import words_of

FOLDER = Path(__file__).parents[1] / "presets"

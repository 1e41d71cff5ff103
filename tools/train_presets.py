"""Train the presets that are shipped with their weights, and write these beside them.

python tools/train_presets.py [PRESET …]

Without names all presets whose [train] table names a checkpoint are trained, from step 0 to their
`steps`. Their weights are those of the native library on any machine: running it again changes no
byte. Prints the seconds, and the error as the view painting shows it.
"""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "presets"

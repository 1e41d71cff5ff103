"""Train the presets that are shipped with their weights, and write these beside them.

python tools/train_presets.py [PRESET …]

Without names, all presets whose [train] table names a checkpoint. Each is trained from step 0 to
its `steps`. By the native library the weights are the same on any machine; the measures beside them
are NumPy's, whose last digits may differ. Prints the seconds that it took, the size, and what the
view painting tells.
"""

import argparse
import time as wall
from pathlib import Path

from cppn_gl.nn.training.writing import train_into
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.painting import words_of

LARGEST = 200_000  # bytes of a file


def trained(preset: Preset, path: Path) -> str:
    """Train a preset into a file; what came of it, in words."""
    new = path.with_name(f"new-{path.name}")  # the old one stays until this one is complete
    started = wall.perf_counter()
    train_into(preset, new, preset.train.steps, overwrite=True, every=1e6)
    seconds = wall.perf_counter() - started
    new.replace(path)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST}")
    kind = preset.dataset.kind
    found = words_of(scene_of(preset), "network")[0] if kind in ("picture", "distance") else kind
    return f"{path.name}: {found}; {seconds:.0f} s, {path.stat().st_size / 1000:.0f} kB"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("preset", nargs="*", help="names of shipped presets")
    for name in parser.parse_args().preset or shipped():
        text = shipped()[name].read_text()
        if "checkpoint" in text:
            path = shipped()[name].with_suffix(".safetensors")
            print(trained(load_preset(name).replace(**{"train.checkpoint": ""}), path), flush=True)


if __name__ == "__main__":
    main()

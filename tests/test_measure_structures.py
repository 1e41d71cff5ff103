"""tools/measure_structures.py: what it gives PyTorch, and our own stages."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "measure_structures.py"

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package"),
]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """With pictures of 64 × 36."""
    spec = importlib.util.spec_from_file_location("measure_structures", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SIZE = module.WIDTH, module.HEIGHT = 64, 36
    return module


def test_the_other_program_gets_all_of_a_network(tool: ModuleType, tmp_path: Path) -> None:
    row = tool.structure("inception", 3, 7, "[normalize]\nwhich = 'all'\n")
    row.save(tmp_path)
    read = json.loads((tmp_path / "stages.json").read_text())
    arrays = np.load(tmp_path / "arrays.npz")
    assert read["radius"] == row.radius == 4
    kinds = [stage["type"] for stage in read["stages"]]
    assert {"Conv", "MaxPool", "Concat"} == set(kinds)
    weights = [arrays[name] for name in arrays if name.startswith("weight")]
    assert len(weights) == kinds.count("Conv")
    assert row.operations == 2 * 64 * 36 * sum(weight.size for weight in weights)
    assert arrays["source"].shape == (2, 36 + 8, 64 + 8)


def test_stages_over_planes_give_the_outputs_of_the_picture(tool: ModuleType) -> None:
    row = tool.structure("vgg", 4, 5)
    grid = row.source.transpose(1, 2, 0).astype(float)
    truth = row.network.evaluate_grid(grid, border="none")
    assert np.allclose(row.outputs().transpose(1, 2, 0), truth, atol=1e-4)
    assert tool.stack(4, 2).outputs().shape == (4, 36, 64)

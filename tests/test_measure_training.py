"""tools/measure_training.py: what it gives the programs that it compares, and our own steps."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "measure_training.py"

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package"),
]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_training", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_programs_get_one_network_and_its_batches(tool: ModuleType) -> None:
    row = tool.playground()
    read = json.loads(json.dumps(row.described()))
    weights = [np.float32(layer["weight"]) for layer in read["layers"]]
    assert [weight.shape for weight in weights] == [(8, 2), *[(8, 8)] * 5, (1, 8)]
    expected = np.concatenate([part.ravel() for part in (weights[0], weights[1])])
    assert np.array_equal(row.state().parameters[:16], expected[:16])
    order = np.array(read["order"])
    assert order.shape[1] == 10
    assert order.max() < len(read["inputs"]) == len(read["targets"]) == 250
    assert row.operations == 2 * 10 * (3 * (16 + 5 * 64 + 8) - 16)


def test_our_steps_lower_the_loss_and_go_through_the_batches_in_order(tool: ModuleType) -> None:
    one, other = tool.Ours(tool.playground()), tool.Ours(tool.playground())
    before = one.loss()
    assert one.run(300) > 0
    for count in (1, 99, 200):
        other.run(count)
    assert one.loss() < before
    assert one.loss() == other.loss()

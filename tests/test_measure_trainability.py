"""tools/measure_trainability.py: what it gives its peers, and our own losses."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "measure_trainability.py"

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package"),
]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_trainability", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # for its dataclasses
    spec.loader.exec_module(module)
    return module


def test_a_row_is_one_network_for_all_and_its_losses_are_those_of_the_formula(
    tool: ModuleType,
) -> None:
    row = tool.Row(16, 4, 30, 5)
    data = row.described(row.trainer())
    assert data["w1"].shape == (5, 4, 16)
    assert data["w2"].shape == (5, 1, 4)
    assert data["inputs"].shape == (16, 16)
    ours = tool.Ours(row)
    assert ours.run() > 0
    for which in (0, 1):  # small rates: others amplify rounding
        w1, b1, w2, b2 = (data[name][which].astype(float) for name in ("w1", "b1", "w2", "b2"))
        for step in range(30):
            hidden = np.tanh(data["inputs"] @ w1.T + b1)
            outputs = np.tanh(hidden @ w2.T + b2)
            off = outputs - data["targets"]
            assert ours.losses[step, which] == pytest.approx(
                0.5 * np.square(off).sum(1).mean(), rel=1e-5
            )
            last = off * (1 - outputs**2) / 16
            first = last @ w2 * (1 - hidden**2)
            rate = float(data["rates"][which])
            w2, b2 = w2 - rate * last.T @ hidden, b2 - rate * last.sum(0)
            w1, b1 = w1 - rate * first.T @ data["inputs"], b1 - rate * first.sum(0)

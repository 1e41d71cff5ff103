"""tools/measure_runs.py: the lengths of runs, and the errors of squares."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "measure_runs.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package")


def test_runs_end_with_the_row_and_clipped_pixels_are_counted_apart() -> None:
    tool = _tool()
    exact = np.repeat(np.array([[[0.5], [0.501], [0.7], [0.0], [-1.0], [0.001]]] * 2), 3, axis=2)
    pixels = np.clip(np.round(exact * 255), 0, 255).astype(np.uint8)
    assert pixels[0, :, 0].tolist() == [128, 128, 178, 0, 0, 0]
    everything, shades = tool.runs(pixels, exact.astype(np.float32))
    assert everything.tolist() == [2, 1, 3] * 2
    assert shades.tolist() == [2, 1, 1] * 2


def test_the_error_of_a_step_is_seen_and_that_of_noise_is_not() -> None:
    tool = _tool()
    exact = np.full((40, 70, 3), 100.3 / 255, np.float32)
    step = tool.errors(np.full(exact.shape, 100, np.uint8), exact)
    noise = np.random.default_rng(1).random(exact.shape) < 0.3
    assert step.shape == (1, 2, 3)
    assert np.allclose(step, -0.3, atol=1e-4)
    assert np.abs(tool.errors((100 + noise).astype(np.uint8), exact)).max() < 0.06


def _tool():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("measure_runs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""tools/measure_page.py: pictures a second, by the fastest half of the pictures."""

import importlib.util
import time
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "measure_page.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package")


def test_slow_pictures_do_not_count_and_one_is_always_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = importlib.util.spec_from_file_location("measure_page", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    durations = iter([0.5, 0.25, 9.0, 0.25, 9.0])
    drawn: list[float] = []

    def draw(at: float) -> None:
        drawn.append(at)
        clock[0] += next(durations)

    assert tool.pictures_per_second(draw, 10.0) == 4.0
    assert drawn == [0, 1 / 30, 2 / 30, 3 / 30]
    assert tool.pictures_per_second(draw, 0.0) == pytest.approx(1 / 9)

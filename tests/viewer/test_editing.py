"""Setting weights and biases of an exploration: the network, the history, the words."""

from pathlib import Path

import numpy as np
import pytest

from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.journal import Journal
from cppn_gl.views.text import significant


def explored(**keys: object) -> Explorer:
    return Explorer(Preset(spec=Random(**keys), name="drawn"))  # type: ignore[arg-type]


def weight(explorer: Explorer, layer: int, unit: int, source: int) -> float:
    return float(explorer.preset.network().layers[layer - 1].weight[unit, source])


def test_a_weight_set_fixes_the_network_and_z_takes_it_back() -> None:
    explorer = explored(depth=4, width=8, seed=3)
    drawn, old = explorer.preset, weight(explorer, 3, 6, 1)
    explorer.set_weight((3, 6), 1, 0.61)
    assert isinstance(explorer.preset.spec, Layers)
    assert weight(explorer, 3, 6, 1) == pytest.approx(0.61)
    assert explorer.message == (
        f"weight layer 3, 7←2: {significant(old)} → 0.61; "
        "the weights are now fixed: Z takes it back"
    )
    explorer.set_weight((3, 6), 1, 0.5)
    assert explorer.message == "weight layer 3, 7←2: 0.61 → 0.5"
    explorer.history_back()
    explorer.history_back()
    assert explorer.preset == drawn


def test_a_drag_is_one_step_of_the_history_and_says_where_it_began() -> None:
    explorer = explored(depth=3, width=4)
    steps, old = len(explorer.history), float(explorer.preset.network().layers[0].bias[2])
    explorer.gesture = "drag"
    for value in np.linspace(0, 1, 30):
        explorer.set_bias((1, 2), float(value))
    explorer.history.finish()
    explorer.gesture = None
    assert len(explorer.history) == steps + 1
    assert explorer.message.startswith(f"bias layer 1, unit 3: {significant(old)} → 1;")
    assert float(explorer.preset.network().layers[0].bias[2]) == 1.0
    explorer.history_back()
    assert explorer.preset.spec.redrawable


def test_the_value_that_a_weight_has_changes_nothing() -> None:
    explorer = explored(depth=3, width=4)
    steps = len(explorer.history)
    explorer.set_weight((2, 1), 3, weight(explorer, 2, 1, 3))
    assert len(explorer.history) == steps
    assert explorer.preset.spec.redrawable


def test_the_first_layers_weights_are_named_by_their_input() -> None:
    explorer = explored(inputs=("x", "r"), depth=2, width=4)
    explorer.set_weight((1, 0), 1, 2.0)
    assert explorer.message.startswith("weight layer 1, 1←r: ")


def test_large_networks_and_numbers_are_refused_in_one_line() -> None:
    explorer = explored(depth=14, width=400)
    steps = len(explorer.history)
    explorer.set_weight((2, 0), 0, 1.0)
    assert "in networks of up to 65,536 each can be set" in explorer.message
    explorer.open_unit((2, 0))
    assert "in networks of up to 65,536 each can be set" in explorer.message
    explorer = explored(depth=2, width=4)
    explorer.set_weight((2, 0), 0, float("nan"))
    assert explorer.message
    assert len(explorer.history) == 1
    assert steps == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e39, 2e30])
def test_a_number_out_of_range_is_refused_by_its_range(value: float) -> None:
    explorer = explored(depth=3, width=4)
    explorer.set_weight((1, 0), 0, value)
    assert explorer.message == "a weight ranges from −1e+30 to 1e+30"
    explorer.set_bias((1, 0), value)
    assert explorer.message == "a bias ranges from −1e+30 to 1e+30"
    assert len(explorer.history) == 1


def test_the_keys_of_a_random_network_say_why_they_do_nothing_then() -> None:
    explorer = explored(depth=3, width=4)
    explorer.set_weight((2, 1), 3, 0.5)
    fixed = explorer.preset
    for key in ("deeper", "wider", "stronger", "random_seed", "next_activation", "next_init"):
        explorer.message = ""
        explorer.act(key)
        assert explorer.message == "setting a weight fixes the weights: Z takes it back"
        assert explorer.preset == fixed


def test_the_layer_shown_stays_shown() -> None:
    explorer = explored(depth=5, width=6)
    explorer.layer_down()
    assert explorer.layer == 4
    explorer.set_weight((2, 1), 3, 0.5)
    assert explorer.layer == 4
    assert explorer.shown.spec.depth == 4


def test_a_weight_of_a_moving_network_is_set_at_the_time_shown() -> None:
    explorer = Explorer(load_preset("scale-animated"), time=3.0)
    before = explorer.moment.network().layers
    explorer.set_weight((2, 1), 3, 0.5)
    after = explorer.preset.network().layers
    assert not explorer.preset.network_moves
    np.testing.assert_array_equal(before[0].weight, after[0].weight)


def test_a_unit_opens_as_a_network_and_backspace_returns() -> None:
    explorer = explored(depth=5, width=6)
    before = explorer.preset
    explorer.open_unit((3, 4))
    assert explorer.preset.spec.depth == 3
    assert explorer.message == "unit 5 of layer 3 as a network of its own; Backspace returns"
    explorer.leave()
    assert explorer.preset == before
    explorer.open_unit((0, 1))
    assert explorer.message == "an input has no weights of its own"


def test_weights_set_are_there_in_the_next_session(tmp_path: Path) -> None:
    journal = tmp_path / "history.jsonl"
    explorer = Explorer(Preset(spec=Random(depth=3, width=4)), journal=Journal(journal))
    explorer.set_weight((2, 1), 3, 0.5)
    later = Explorer(Preset(spec=Random(depth=2)), journal=Journal(journal))
    later.history_back()
    assert later.preset == explorer.preset
    large = explored(depth=27, width=30)
    large.set_weight((2, 1), 3, 0.5)
    assert large.message.endswith("Z takes it back, Ctrl+S saves them")


def test_a_unit_that_the_network_has_not_is_refused_in_one_line() -> None:
    explorer = explored()
    for action in (
        lambda: explorer.set_weight((99, 0), 0, 1.0),
        lambda: explorer.set_weight((2, 0), 999, 1.0),
        lambda: explorer.set_bias((1, 999), 1.0),
        lambda: explorer.open_unit((99, 0)),
    ):
        explorer.message = ""
        action()
        assert explorer.message
    assert len(explorer.history) == 1

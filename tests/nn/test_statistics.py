"""Normalisation of structures: what is measured, where, and what it is applied to."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import draws, native_grid, statistics
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.operations import Norm
from cppn_gl.nn.sources import Random
from cppn_gl.nn.statistics import complete, measured, placed, positions
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import at_once

STRUCTURES = ("conv", "nin", "vgg", "inception", "resnet")


def made(how: Normalize, seed: int = 0, **keys: Any) -> GraphNetwork:
    depth = {} if "blocks" in keys else {"depth": 5}
    network = Random.of({"grid": 24, "width": 6, "seed": seed, **depth, **keys}).network()
    assert isinstance(network, GraphNetwork)
    return complete(placed(network, how, seed))


def on_the_grid(network: GraphNetwork) -> np.ndarray:
    """The features at the positions that are measured, (grid, grid, inputs)."""
    return at_once(positions(network, Clock(), 0)).transpose(1, 2, 0).astype(float)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("native", [True, False])
def test_statistics_are_those_of_the_reference(
    structure: str, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:
        monkeypatch.setattr(native_grid, "unsupported", lambda stages: "is not there")
    network = made(Normalize("all", gain=2, shift_spread=1), structure=structure)
    expected = network.grid_statistics(on_the_grid(network))
    assert network.statistics is not None
    assert len(network.statistics) == len(expected) >= network.depth
    for own, other in zip(network.statistics, expected, strict=True):
        np.testing.assert_allclose(own.mean, other.mean, atol=2e-5 * other.std.max())
        np.testing.assert_allclose(own.std, other.std, rtol=2e-5)


def test_every_channel_gets_its_gain_and_its_shift() -> None:
    how = Normalize("all", gain=3, gain_spread=0.5, shift=1, shift_spread=2)
    network = made(how, seed=7, structure="vgg", activation="identity")
    for number, stage in enumerate(network.stages):
        if not stage.weight_layer:
            continue
        gain = 3 + 0.5 * draws.draw_row(7, stage.weight_layer, draws.GAIN, stage.units, "normal")
        shift = 1 + 2 * draws.draw_row(7, stage.weight_layer, draws.SHIFT, stage.units, "normal")
        part = network.changed(
            **{k: list(v)[: _last(network, number) + 1] for k, v in _listed(network).items()}
        )
        if number == len(network.stages) - 1:
            continue  # its activation is not the identity
        units = part.evaluate_grid(on_the_grid(network), statistics=network.statistics)
        np.testing.assert_allclose(units.mean(axis=(0, 1)), shift, atol=1e-4)
        np.testing.assert_allclose(units.std(axis=(0, 1)), np.abs(gain), rtol=1e-4)


def _listed(network: GraphNetwork) -> dict[str, Any]:
    return {
        "nodes": network.nodes,
        "modules": network.modules,
        "weight_layers": network.weight_layers,
    }


def _last(network: GraphNetwork, stage: int) -> int:
    """The last node of a stage: each stage here is a layer, or a layer and its normalisation."""
    stages = network.stages[: stage + 1]
    return sum(2 if one.normalize is not None else 1 for one in stages) - 1


def test_which_layers_are_normalised() -> None:
    for which, expected in (("none", 0), ("hidden", 4), ("all", 5)):
        network = made(Normalize(which), structure="vgg")
        assert sum(isinstance(node.layer, Norm) for node in network.nodes) == expected
    last = made(Normalize("hidden"), structure="vgg").stages[-1]
    assert (last.label, last.normalize) == ("1×1", None)


def test_a_normalise_block_is_the_same_as_that_of_the_table() -> None:
    conv = {"type": "conv", "activation": "identity"}
    blocks = [conv, {"type": "normalize", "activation": "tanh"}] * 2
    given = made(Normalize(gain=2, shift_spread=1), blocks=blocks)
    table = made(Normalize("hidden", gain=2, shift_spread=1), structure="conv", depth=3)
    both = made(Normalize("hidden", gain=2, shift_spread=1), blocks=blocks)
    assert given.digest == table.digest == both.digest


def test_a_normalise_block_may_stand_anywhere() -> None:
    blocks = [{"type": "conv"}, {"type": "max_pool"}, {"type": "normalize"}, {"type": "normalize"}]
    network = made(Normalize(gain_spread=1), blocks=blocks)
    first, second = (s.normalize for s in network.stages if s.normalize is not None)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(
        first.gain, 1 + draws.draw(0, 1, draws.GAIN, 2, 6, "normal")[1].astype(float)
    )
    assert not np.array_equal(first.gain, second.gain)
    normal = complete(placed(network, Normalize(), 0))
    flat = network.statistics, normal.statistics
    assert all(found is not None for found in flat)
    np.testing.assert_allclose(normal.statistics[1].std, 1, rtol=1e-5)  # type: ignore[index]


def test_the_region_is_that_of_the_table() -> None:
    how = Normalize("hidden", region_center=(3.0, -1.0), region_extent=0.5)
    network = made(how, structure="conv")
    x, y = on_the_grid(network)[..., 0], on_the_grid(network)[..., 1]
    assert network.step == 1 / 24
    assert (x[0, 0], x[0, -1]) == pytest.approx((2.5 + 1 / 48, 3.5 - 1 / 48))
    assert (y[0, 0], y[-1, 0]) == pytest.approx((-0.5 - 1 / 48, -1.5 + 1 / 48))
    other = made(Normalize("hidden"), structure="conv")
    assert network.statistics is not None
    assert other.statistics is not None
    assert not np.allclose(network.statistics[0].mean, other.statistics[0].mean)


def test_inputs_that_move_are_measured_at_time_0() -> None:
    network = made(Normalize("all"), structure="conv", inputs=("x", "y", "t"))
    still = on_the_grid(network)
    assert (still[..., 2] == 0).all()
    expected = network.grid_statistics(still)
    assert network.statistics is not None
    np.testing.assert_allclose(network.statistics[-1].std, expected[-1].std, rtol=1e-5)


def test_it_is_measured_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "SLICE", 0.0)
    network = Random(structure="vgg", depth=5, width=6, grid=24).network()
    assert isinstance(network, GraphNetwork)
    steps, count = measured(placed(network, Normalize("all"), 0), Clock()), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            sliced = end.value
            break
        count += 1
    assert count > 20
    assert sliced.digest == made(Normalize("all"), structure="vgg").digest


def test_a_network_that_is_drawn_by_itself_is_measured() -> None:
    blocks = [{"type": "conv", "activation": "identity"}, {"type": "normalize"}]
    network = Network.random(blocks=blocks, grid=16)
    assert isinstance(network, GraphNetwork)
    assert network.statistics is not None
    assert len(network.statistics) == 1
    assert Random.of({"blocks": blocks}).network().statistics is None  # type: ignore[attr-defined]


def test_more_memory_than_there_may_be_is_refused() -> None:
    network = Random(structure="conv", depth=3, width=300, grid=1024).network()
    assert isinstance(network, GraphNetwork)
    with pytest.raises(PresetError, match=r"network.grid: normalising 600 channels at a time"):
        complete(placed(network, Normalize("all"), 0))


def test_measuring_in_small_slices_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    how = Normalize("all", gain=2)
    whole = made(how, structure="vgg")
    monkeypatch.setattr(statistics, "VALUES", 1)
    monkeypatch.setattr(statistics, "SLICE", 0.0)
    draft = Random.of({"structure": "vgg", "grid": 24, "width": 6, "depth": 5}).network()
    assert isinstance(draft, GraphNetwork)
    steps = measured(placed(draft, how, 0), Clock())
    assert sum(1 for _ in iter(lambda: next(steps, steps), steps)) > 24 + 2 * draft.radius
    assert complete(placed(draft, how, 0)).digest == whole.digest

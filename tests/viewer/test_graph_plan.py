"""The network diagram of graphs: where stages, modules and connections lie; the map of units."""

import itertools

import numpy as np
import pytest

from cppn_gl.nn.blocks import Block
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.operations import Concat, Conv
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.viewer.graph_plan import plan_of
from cppn_gl.viewer.network_map import (
    Plan,
    PointValues,
    Row,
    couplings,
    draw,
    last_layer,
    of_unit,
    probed,
)

SIZES = (150, 420), (190, 760), (60, 200)
NAMES = ("conv", "nin", "vgg", "inception", "resnet")
NESTED = (
    Block("conv"),
    Block("concat", branches=((Block("inception"),), (Block("residual"), Block("avg_pool")), ())),
    Block("dense"),
    Block("add", branches=((Block("conv"),), ())),
)


def scene(**keys: object) -> Scene:
    whole = {"width": 6, "network.grid": 12, "activation": "tanh"} | keys
    return scene_of(Preset().replace(**whole))


def graph(**keys: object) -> GraphNetwork:
    network = scene(**keys).network
    assert isinstance(network, GraphNetwork)
    return network


def apart(one: Row, other: Row) -> bool:
    return (
        one.right <= other.left + 0.5
        or other.right <= one.left + 0.5
        or one.bottom <= other.top + 0.5
        or other.bottom <= one.top + 0.5
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "keys", [*({"structure": n, "depth": 8} for n in NAMES), {"blocks": NESTED}]
)
def test_stages_lie_apart_below_what_they_read(keys: dict[str, object], size: tuple) -> None:
    network = graph(**keys)
    board = plan_of(network, size, 14.0, 1.5)
    assert len(board.rows) == len(network.stages) + 1
    assert board.tile[0] <= size[0]
    for one, other in itertools.combinations(board.rows, 2):
        assert apart(one, other), (one, other)
    for row, stage in zip(board.rows[1:], network.stages, strict=True):
        assert 0 <= row.left < row.right <= size[0] + 1
        for i in stage.inputs:
            assert board.rows[i + 1].bottom <= row.top + 0.5
        assert row.bare == isinstance(stage.operation, Concat)
    assert board.rows[-1].bottom <= board.outcome[1] + 1
    assert board.outcome[3] <= size[1] + 1


def test_branches_lie_side_by_side_in_their_modules_frame() -> None:
    network = graph(structure="inception", depth=3)
    board = plan_of(network, (190, 760), 14.0)
    assert [frame.name for frame in board.frames] == ["inception 1", "inception 2"]
    left, top, right, bottom = board.frames[0].box
    inside = [k for k, s in enumerate(network.stages, 1) if s.modules[0:1] == ("inception 1",)]
    for row in (board.rows[k] for k in inside):
        assert left <= row.left < row.right <= right
        assert top <= row.top < row.bottom <= bottom
    branches = [board.rows[k] for k in inside if isinstance(network.stages[k - 1].operation, Conv)]
    assert all(a.right <= b.left + 0.5 for a, b in itertools.pairwise(branches))


def test_a_skip_passes_by_at_the_right() -> None:
    network = graph(structure="resnet", depth=4)
    board = plan_of(network, (190, 760), 14.0)
    (skip,) = [link for link in board.links if link.skips]
    add = next(row for row in board.rows if row.label == "add")
    assert max(x for x, _ in skip.points) > max(row.right for row in board.rows)
    assert skip.points[-1] == (add.right, (add.top + add.bottom) / 2)
    assert not plan_of(graph(structure="conv", depth=4), (190, 760), 14.0).links


def test_lines_go_to_all_that_reads_a_unit() -> None:
    network = graph(structure="inception", depth=3, width=8)
    concat = next(k for k, s in enumerate(network.stages, 1) if isinstance(s.operation, Concat))
    readers = {target[0] for target, source, _ in of_unit(network, (concat, 2), 99) if
               source == (concat, 2)}  # fmt: skip
    assert readers == {k for k, s in enumerate(network.stages, 1) if concat - 1 in s.inputs}
    first, *_ = couplings(network, 1)
    assert first[0] == 0
    weight = network.stages[0].operation.weight  # type: ignore[attr-defined]
    norms = np.sqrt(np.square(weight.astype(float)).sum(axis=(2, 3)))
    np.testing.assert_allclose(np.abs(first[1]), norms, rtol=1e-5)


@pytest.mark.parametrize("structure", ["vgg", "inception", "resnet"])
def test_the_map_has_a_picture_of_every_unit(structure: str) -> None:
    of = scene(structure=structure, depth=4, **{"normalize.which": "hidden"})
    board: Plan = plan_of(of.network, (190, 500), 14.0)
    drawn = at_once(draw(of, board, (64, 48)))
    for row in board.rows:
        shown = []
        for index in range(row.count):
            left, top, right, bottom = row.box(index)
            tile = drawn.atlas[top:bottom, left:right]
            assert (tile[..., 3] == (0 if row.bare else 255)).all()
            shown.append(tile[..., :3].std())
        assert row.bare or max(shown) > 0
    assert drawn.outcome[..., :3].std() > 0
    assert last_layer(of.network) == len(board.rows) - 1


def test_values_at_the_pointer_are_those_of_the_reference() -> None:
    of = scene(structure="vgg", depth=4)
    network, (x, y) = of.network, (0.21, -0.4)
    side = np.arange(-network.radius, network.radius + 1) * network.step
    across, down = np.meshgrid(x + side, y - side)
    inputs = network.features(across.ravel(), down.ravel(), of.clock)
    grid = inputs.reshape(*across.shape, -1)
    expected = network.evaluate_grid(grid, border="none")[0, 0]
    values = PointValues()
    values.follow(of, x, y)
    while not values.advance(0.1):
        assert values.busy
    np.testing.assert_allclose(values.layers[-1].units[0], expected, atol=1e-5)
    found, _, point = at_once(probed(of, (40, 30), (20.0, 15.0)))
    assert len(found) == len(network.stages) + 1
    assert point == (0.0, 0.0)
    values.forget()
    assert (values.layers, values.busy) == ([], False)

"""Image networks: shapes, receptive fields, the reference, and what they refuse."""

import itertools
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import MAX_VALUES, ImageNetwork, ImageNode, staged
from cppn_gl.utils.checks import PresetError

rng = np.random.default_rng(3)


def conv(inside: int, outside: int, kernel: int = 3, **more: Any) -> of.Conv2d:
    weight = rng.normal(size=(outside, inside, kernel, kernel)).astype(np.float32)
    return of.Conv2d(weight, rng.normal(size=outside).astype(np.float32), **more)


def nodes() -> list[ImageNode]:
    """A network with a stride, pools, two branches and a skip connection, for 2 × 21 × 26."""
    return [
        ImageNode("first", conv(2, 3, stride=(2, 2)), "tanh", (SOURCE,)),
        ImageNode("pool", of.AvgPool2d((3, 3), (2, 2), (1, 1, 1, 1)), "identity", (0,)),
        ImageNode("narrow", conv(3, 4, 1), "tanh", (1,)),
        ImageNode("wide", conv(3, 2, 3, padding=(2, 2, 2, 2), dilation=(2, 2)), "sin", (1,)),
        ImageNode("joined", of.Concatenate(), "identity", (2, 3)),
        ImageNode("padded", of.Pad2d((1, 0, 0, 2)), "identity", (4,)),
        ImageNode("sum", of.Sum(), "identity", (5, 5)),
        ImageNode("scores", conv(6, 5, 1), "relu", (6,)),
        ImageNode("mean", of.GlobalAvgPool(), "identity", (7,)),
        ImageNode("flat", of.Flatten(), "identity", (8,)),
        ImageNode("softmax", of.Softmax(), "identity", (9,)),
    ]


def network() -> ImageNetwork:
    return ImageNetwork.of_nodes(nodes(), 2, (21, 26), list("abcde"))


def test_stages_have_shapes_and_counts() -> None:
    made = network()
    assert [tuple(stage.shape) for stage in made.stages[:3]] == [(3, 10, 12), (3, 5, 6), (4, 5, 6)]
    assert made.depth == 3
    assert made.width == 6
    assert made.outputs == made.scores == 5
    assert made.logits == 8
    assert made.class_name(1) == "b"
    assert ImageNetwork.of_nodes(nodes(), 2, (21, 26)).class_name(1) == "class 2"
    assert (made.size, made.channels_in, made.inputs) == ((21, 26), 2, ("channel 1", "channel 2"))


def test_the_reference_is_in_float64_and_follows_the_graph() -> None:
    made = network()
    picture = rng.normal(size=made.picture)
    units = made.evaluate_image(picture.astype(np.float32))
    assert all(one.dtype == np.float64 for one in units)
    assert [one.shape for one in units] == [tuple(stage.shape) for stage in made.stages]
    assert np.array_equal(units[4], np.concatenate([units[2], units[3]]))
    assert np.array_equal(units[6], 2 * units[5])
    assert units[-1].sum() == pytest.approx(1)
    both = made.evaluate_image(np.stack([picture, -picture]))
    assert np.allclose(both[-1][0], made.evaluate_image(picture)[-1])
    with pytest.raises(ValueError, match="expected 2×21×26"):
        made.evaluate_image(picture[:, :-1])


def test_a_receptive_field_holds_all_pixels_that_matter_and_its_edges_do() -> None:
    """Pixels are changed one by one; those that change a unit reach the sides of its box."""
    rows, columns = 29, 34  # whose middle is far from all padding
    made = ImageNetwork.of_nodes(nodes(), 2, (rows, columns))
    picture = rng.normal(size=made.picture)
    places = [divmod(k, columns) for k in range(rows * columns)]
    changed = np.repeat(picture[None], 1 + len(places), axis=0)
    for k, (y, x) in enumerate(places, 1):
        changed[k, :, y, x] += 1
    for stage, (_, units) in enumerate(itertools.islice(made.reference(changed), 8)):
        row, column = (n // 2 for n in made.stages[stage].shape[1:])
        left, top, right, bottom = made.receptive_field(stage).box(row, column)
        calm, *others = units[:, :, row, column]
        seen = [p for p, u in zip(places, others, strict=True) if not np.array_equal(u, calm)]
        ys, xs = zip(*seen, strict=True)
        assert (min(ys), max(ys) + 1) == (max(top, 0), min(bottom, rows))
        assert (min(xs), max(xs) + 1) == (max(left, 0), min(right, columns))


def test_a_unit_after_a_mean_over_all_sees_everything() -> None:
    field = network().receptive_field(8)
    assert field.stride == (0, 0)
    assert field.offset[0] <= 0
    assert field.offset[0] + field.size[0] >= 21


def test_a_network_of_pictures_is_no_network_of_points() -> None:
    made = network()
    assert made.on_plane.outputs == 3
    for refused in (
        lambda: made.drawn,
        lambda: made.layers,
        lambda: made.evaluate(np.zeros((1, 2))),
        lambda: made.evaluate_grid(np.zeros((2, 2, 2))),
        lambda: made.truncated(1),
        lambda: made.to_numpy_source(),
    ):
        with pytest.raises(PresetError, match="sees pictures"):
            refused()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([ImageNode("a", conv(3, 1), "relu", (SOURCE,))], "layer 1, 'a', has weights for 3"),
        ([ImageNode("a", conv(2, 1), "relu", (0,))], "expected earlier layers"),
        ([ImageNode("a", conv(2, 1), "relu", ())], "expected earlier layers"),
        ([ImageNode("a", conv(2, 1), "relo", (SOURCE,))], "did you mean 'relu'"),
        ([], "0 layers"),
        ([ImageNode("", of.Pad2d((4096,) * 4), "relu", (SOURCE,))], "at most"),
        ([ImageNode("", of.Concatenate(), "relu", (SOURCE,) * 40000)], "expected at most"),
    ],
)
def test_layers_that_do_not_fit_are_named(made: list[ImageNode], words: str) -> None:
    with pytest.raises(PresetError, match=words):
        staged(made, 2, (9, 9))


def test_sizes_are_bounded_before_anything_is_computed() -> None:
    big = [ImageNode(str(k), of.Identity(), "identity", (k - 1,)) for k in range(99)]
    with pytest.raises(PresetError, match="values in layers 1 to"):
        staged(big, 3, (2048, 2048))
    for size in ((0, 5), (5, 5000), (-1, 3)):
        with pytest.raises(PresetError, match="expected sides of"):
            staged(big, 3, size)
    with pytest.raises(PresetError, match=str(MAX_VALUES)):
        staged(big, 64, (4096, 4096))
    with pytest.raises(PresetError, match="3 names of classes; the network has 5 scores"):
        ImageNetwork.of_nodes(nodes(), 2, (21, 26), list("abc"))

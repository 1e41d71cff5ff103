"""Passes again after a change in a box: to the bit those of whole passes."""

from typing import Any

import numpy as np
import pytest
import small_eyes

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.native_changes import window_of
from cppn_gl.nn.vision.native_kernel import NativeKernel
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.occlusion import cover
from cppn_gl.nn.vision.running import forward
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.tasks import at_once

SIZE = 45, 70
rng = np.random.default_rng(7)


def conv(inside: int, outside: int, side: int, **more: Any) -> of.Conv2d:
    weight = rng.normal(size=(outside, inside // more.get("groups", 1), side, side))
    return of.Conv2d((weight / side).astype(np.float32), np.ones(outside, np.float32), **more)


def network() -> ImageNetwork:
    """Strides, dilation, groups, pools that overhang, branches, a sum, other activations."""
    nodes = [
        ImageNode("conv1", conv(3, 8, 3, stride=(2, 2)), "relu", (SOURCE,)),
        ImageNode("pool1", of.MaxPool2d((3, 3), (2, 2), ceil=True), "identity", (0,)),
        ImageNode("narrow", conv(8, 5, 1), "relu", (1,)),
        ImageNode("wide", conv(8, 7, 3, padding=(2, 2, 2, 2), dilation=(2, 2)), "tanh", (1,)),
        ImageNode("both", of.Concatenate(), "identity", (2, 3)),
        ImageNode("grouped", conv(12, 12, 3, padding=(1, 1, 1, 1), groups=4), "relu", (4,)),
        ImageNode("sum", of.Sum(), "relu", (4, 5)),
        ImageNode("mean3", of.AvgPool2d((3, 3), (1, 1), (1, 1, 1, 1)), "identity", (6,)),
        ImageNode("scores", conv(12, 9, 1), "relu", (7,)),
        ImageNode("mean", of.GlobalAvgPool(), "identity", (8,)),
        ImageNode("softmax", of.Softmax(), "identity", (9,)),
    ]
    return ImageNetwork.of_nodes(nodes, 3, SIZE)


TARGETS = [
    Target(8, 4, before=True),
    Target(8, 2, (3, 5)),
    Target(6, 7),
    Target(3, 1, (0, 0)),
    Target(0, 5),
    Target(9, 3),
]
BOXES: list[Box] = [
    (20, 10, 40, 30),
    (0, 0, 12, 9),
    (60, 40, 70, 45),
    (0, 20, 70, 24),
    (5, 5, 6, 6),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_value_is_that_of_a_whole_pass_to_the_bit(target: Target, threads: int) -> None:
    net, kernel = network(), NativeKernel(threads=threads)
    picture = rng.normal(size=(3, *SIZE)).astype(np.float32)
    fill = np.full((3, *SIZE), 0.3, np.float32)
    done = at_once(forward(net, picture, kernel=kernel))
    changes = kernel.changes(done, target)
    assert changes is not None
    for box in BOXES:
        covered = cover(picture, fill, box)
        expected = target.value(at_once(forward(net, covered, kernel=kernel)))
        assert at_once(changes.value(covered, box)) == expected
    assert at_once(changes.value(picture, (0, 0, 0, 0))) == target.value(done)


def test_an_interrupted_change_leaves_nothing_behind() -> None:
    net, kernel = network(), NativeKernel()
    picture = rng.normal(size=(3, *SIZE)).astype(np.float32)
    done = at_once(forward(net, picture, kernel=kernel))
    changes = kernel.changes(done, TARGETS[0])
    assert changes is not None
    covered = cover(picture, np.zeros_like(picture), (10, 10, 40, 40))
    steps = changes.value(covered, (10, 10, 40, 40))
    next(steps)
    steps.close()
    box = (50, 30, 60, 40)
    covered = cover(picture, np.zeros_like(picture), box)
    expected = TARGETS[0].value(at_once(forward(net, covered, kernel=kernel)))
    assert at_once(changes.value(covered, box)) == expected


def test_the_window_holds_all_that_changes_and_little_else() -> None:
    net = network()
    picture = rng.normal(size=(3, *SIZE))
    before = net.evaluate_image(picture)
    for box in BOXES:
        left, top, right, bottom = box
        changed = picture.copy()
        changed[:, top:bottom, left:right] += rng.normal(size=(3, bottom - top, right - left))
        windows: dict[int, Box | None] = {SOURCE: box}
        for k, (stage, old, new) in enumerate(
            zip(net.stages, before, net.evaluate_image(changed), strict=True)
        ):
            windows[k] = window_of(stage, [windows[i] for i in stage.inputs])
            differs = (old != new).any(axis=0)
            window = windows[k]
            if window is None:
                assert not differs.any()
                continue
            a, b, c, d = window
            outside = differs.copy()
            outside[b:d, a:c] = False
            assert not outside.any()
            if k == 0:
                assert differs[b:d, a:c].mean() > 0.95


def test_what_is_not_the_librarys_is_left_to_whole_passes() -> None:
    net, kernel = small_eyes.network(), NativeKernel()
    done = at_once(forward(net, small_eyes.picture(), kernel=kernel))
    assert kernel.changes(done, Target(7, 1)) is None  # a softmax
    assert kernel.changes(done, Target(5, 1)) is not None

"""The line or plane by which the output layer separates classes, on its way to a number of its own.

In the last hidden layer it is where an output's weighted sum with its bias is 0. From there it is
moved like any point: at the end it stands at right angles to the output's axis.
"""

import itertools

import numpy as np

from cppn_gl.nn.activations import activate
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import RGB, Float64
from cppn_gl.utils.class_colors import CLASS_COLORS
from cppn_gl.views.warp.drawing import INK, Cut
from cppn_gl.views.warp.journey import Frame, Journey, Stage, eased

_REACH = 4.0  # half sides of the frame that a plane reaches


def cuts_of(scene: Scene, journey: Journey, position: float) -> list[Cut]:
    """The cuts at a position: one, or one for each of three classes and more, in its colour.

    They appear while the last hidden layer's activation bends space. Where that layer is shown by
    components there is no such plane, and they appear with the last b.
    """
    depth, network = journey.depth, scene.network
    if scene.preset.dataset.kind != "classes" or network.outputs > 3:
        return []
    stage = journey.stage(position)
    exact = journey.projections[depth - 1].exact and journey.projections[depth].exact
    if stage.layer == depth:
        opacity = 1.0 if exact else eased(2 * stage.shifted)
    else:
        opacity = eased(3 * (position - depth + 1) + 1) if exact else 0.0
    if opacity <= 0:
        return []
    frame = journey.frame(position)
    layer = network.layers[-1]
    found = []
    for k in range(network.outputs):
        ink: RGB = INK if network.outputs == 1 else CLASS_COLORS[k]
        if exact:
            normal = np.zeros(3)
            normal[: layer.weight.shape[1]] = layer.weight[k]
            corners = _patch(normal, -float(layer.bias[k]), journey, depth - 1)
            if stage.layer == depth:
                corners = _moved(corners, journey, stage, layer.activation)
        else:
            zero = float(activate(layer.activation, np.zeros(1))[0])
            at = (stage.shifted - 1) * float(layer.bias[k]) + stage.bent * zero
            corners = _patch(np.eye(3)[k], at, journey, depth)
        one = _cut(corners, frame, ink, opacity, flat=journey.flat)
        if one is not None:
            found.append(one)
    return found


def _patch(normal: Float64, offset: float, journey: Journey, layer: int) -> Float64:
    """A large square (4, 3) of the plane normal · place = offset, about a layer's points."""
    length = float(np.linalg.norm(normal))
    if not length:
        return np.full((4, 3), np.nan)
    normal, offset = normal / length, offset / length
    frame = journey.frames[layer]
    middle = frame.center + (offset - frame.center @ normal) * normal
    least = np.eye(3)[2] if journey.flat else np.eye(3)[int(np.argmin(np.abs(normal)))]
    one = np.cross(normal, least)
    one /= np.linalg.norm(one)
    other = np.cross(normal, one)
    size = _REACH * float(frame.half.max())
    ways = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([middle + size * (a * one + b * other) for a, b in ways])


def _moved(corners: Float64, journey: Journey, stage: Stage, activation: str) -> Float64:
    """Places of the last hidden layer (N, 3) at a stage of the output layer."""
    passage, axes = journey.passages[-1], journey.projections[-1].axes
    moved = corners @ passage.morph.at(stage.turned, stage.stretched).T
    moved = moved + stage.shifted * passage.shift
    if stage.bent:
        moved[:, :axes] += stage.bent * (activate(activation, moved[:, :axes]) - moved[:, :axes])
    return np.asarray(moved)


def _cut(corners: Float64, frame: Frame, ink: RGB, opacity: float, *, flat: bool) -> Cut | None:
    """A square, cut off at the frame."""
    if not np.isfinite(corners).all():
        return None
    if flat:  # of the square, which stands upright on the plane, the line on it
        ends = (corners[[0, 1]] + corners[[3, 2]]) / 2
        middle, along = ends.mean(axis=0), ends[1] - ends[0]
        along *= _REACH * float(frame.half.max()) / max(float(np.linalg.norm(along)), 1e-300)
        ends = np.array([middle - along, middle + along])
        return Cut(np.zeros(3), 0.0, ends, ink, opacity)
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    if not np.linalg.norm(normal):
        return None
    normal /= np.linalg.norm(normal)
    half = frame.half.copy()
    half[:2] = half[:2].max()
    inside = list(corners)
    for axis, side in itertools.product(range(3), (-1.0, 1.0)):
        limit = side * float(frame.center[axis]) + float(half[axis])
        inside = _clipped(inside, axis, side, limit)
    if len(inside) < 3:
        return None
    return Cut(normal, float(normal @ corners[0]), np.array(inside), ink, opacity)


def _clipped(corners: list[Float64], axis: int, side: float, limit: float) -> list[Float64]:
    """The part of a convex outline where side · coordinate ≤ limit (Sutherland and Hodgman)."""
    found = []
    for k, here in enumerate(corners):
        before = corners[k - 1]
        a, b = limit - side * before[axis], limit - side * here[axis]
        if (a < 0) != (b < 0):
            found.append(before + a / (a - b) * (here - before))
        if b >= 0:
            found.append(here)
    return found

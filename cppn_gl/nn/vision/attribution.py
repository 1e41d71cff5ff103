"""Attribution: what in a picture a class or a unit of an image network depends on.

    Pass, Target -> gradient, guided, deconvnet, times_input, integrated, smooth
                 -> a contribution of every value of the picture, (channels, rows, columns)
    Pass, Target, layer -> class_activation -> of every place of a layer, (rows, columns)

All are generators over `forward` and `backward`; they yield their progress from 0 to 1. Sources:
gradient: Simonyan, Vedaldi, Zisserman 2013; deconvnet: Zeiler, Fergus 2013; guided: Springenberg et
al. 2014; integrated: Sundararajan, Taly, Yan 2017; smooth: Smilkov et al. 2017; Grad-CAM: Selvaraju
et al. 2017.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.running import Pass, Rule, backward, forward, kernel_of
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Steps, share

BLUR = 0.08  # standard deviation of a blurred picture, in its shorter sides
FORWARD = 0.4  # of the time of a pass forward and back, about


@dataclass(frozen=True)
class Method:
    """What a method is called, and what its numbers mean.

    of_values: it gives a number for every value of the picture, so it has colours.
    """

    label: str
    meaning: str
    of_values: bool = True


METHODS: dict[str, Method] = {
    "gradient": Method("gradient", "how the score changes if the pixel gets brighter"),
    "input": Method("gradient × input", "the pixel's part of the score, to first order"),
    "guided": Method(
        "guided backpropagation", "the gradient along paths that raise the score at every ReLU"
    ),
    "deconvnet": Method("deconvnet", "the activation projected back to the pixels"),
    "integrated": Method(
        "integrated gradients", "the pixel's part of the difference from the baseline"
    ),
    "smooth": Method("SmoothGrad", "the mean gradient of pictures with noise added"),
    "gradcam": Method("Grad-CAM", "where a layer's channels speak for it", of_values=False),
    "occlusion": Method("occlusion", "how much the score falls if a patch covers the place", False),
}


def gradient(done: Pass, target: Target, rule: Rule = "gradient") -> Steps[Float32]:
    """The derivative of a target by the picture, or what another rule of `backward` makes of it."""
    found: Float32 = yield from backward(
        done, target.seed(done), before=target.before, rule=rule, to=SOURCE
    )
    return found


def guided(done: Pass, target: Target) -> Steps[Float32]:
    """The gradient without what is negative at a ReLU on the way back."""
    return (yield from gradient(done, target, "guided"))


def deconvnet(done: Pass, target: Target) -> Steps[Float32]:
    """A channel's positive activations, projected back: pools by their switches, ReLU on the way.

    Weighted as the mean over the channel's places.
    """
    values = (done.pre if target.before else done.units)[target.stage]
    seeds = {
        stage: np.asarray(seed * np.maximum(values, 0), np.float32)
        for stage, seed in target.seed(done).items()
    }
    found: Float32 = yield from backward(
        done, seeds, before=target.before, rule="deconvnet", to=SOURCE
    )
    return found


def times_input(done: Pass, target: Target) -> Steps[Float32]:
    """The gradient times the picture's values as the network gets them."""
    found = yield from gradient(done, target)
    return np.asarray(found * done.source, np.float32)


def integrated(
    done: Pass, target: Target, baseline: Float32, steps: int = 32
) -> Steps[tuple[Float32, float]]:
    """Integrated gradients from a baseline to the picture, by the midpoint rule in so many steps.

    Also the difference of the target's values at both ends, which is the sum of the attributions up
    to the error of the rule.
    """
    picture = done.source
    way, total = picture - baseline, np.zeros(picture.shape, np.float64)
    for k in range(steps):
        at = np.asarray(baseline + np.float32((k + 0.5) / steps) * way, np.float32)
        total += yield from share(_slope(done, at, target), k / steps, (k + 1) / steps)
        yield (k + 1) / steps
    low = yield from _value(done, baseline, target)
    return np.asarray(way * total / steps, np.float32), target.value(done) - low


def smooth(
    done: Pass, target: Target, spread: float = 0.15, count: int = 16, seed: int = 0
) -> Steps[Float32]:
    """The mean gradient of `count` pictures with normal noise, `spread` of the picture's range."""
    picture = done.source
    noise = np.random.Generator(np.random.PCG64(seed))
    scale = np.float32(spread * float(np.ptp(picture)))
    total = np.zeros(picture.shape, np.float64)
    for k in range(count):
        at = picture + scale * noise.standard_normal(picture.shape, np.float32)
        total += yield from share(_slope(done, at, target), k / count, (k + 1) / count)
        yield (k + 1) / count
    return np.asarray(total / count, np.float32)


def class_activation(done: Pass, target: Target, layer: int) -> Steps[Float32]:
    """Grad-CAM at the units of stage `layer`, from 0: (rows, columns), none negative."""
    if layer not in before(done.network, target):
        name = getattr(done.network.stages[layer], "name", "")
        raise PresetError(f"layer {layer + 1} ({name}) is not before what Grad-CAM explains")
    found = yield from backward(done, target.seed(done), before=target.before, to=layer)
    weights = found.mean(axis=(1, 2), dtype=np.float64)
    seen = np.einsum("c,crk->rk", weights, done.units[layer].astype(np.float64))
    return np.asarray(np.maximum(seen, 0), np.float32)


def before(network: ImageNetwork, target: Target) -> list[int]:
    """The stages, from 0, that have several places and on which a target depends."""
    found, open_ = set(), [target.stage]
    while open_:
        for stage in network.stages[open_.pop()].inputs:
            if stage != SOURCE and stage not in found:
                found.add(stage)
                open_.append(stage)
    return sorted(k for k in found if network.stages[k].shape[1] * network.stages[k].shape[2] > 1)


def strongest(done: Pass, target: Target) -> Target:
    """The target at the place where its channel is largest; the first of equal ones."""
    values = (done.pre if target.before else done.units)[target.stage][target.channel]
    row, column = np.unravel_index(int(np.argmax(values)), values.shape)
    return replace(target, place=(int(row), int(column)))


def placed(network: ImageNetwork, target: Target, at: tuple[float, float]) -> Target:
    """The target at the unit whose field has its centre nearest to a point of the picture.

    `at`: from 0 to 1, to the right and down.
    """
    shape, field = network.stages[target.stage].shape, network.receptive_field(target.stage)
    place = []
    for axis in (0, 1):
        pixel = at[1 - axis] * network.size[axis]
        first = field.offset[axis] + field.size[axis] / 2
        found = round((pixel - first) / field.stride[axis]) if field.stride[axis] else 0
        place.append(min(max(found, 0), shape[1 + axis] - 1))
    return replace(target, place=(place[0], place[1]))


def blurred(picture: Float32, spread: float = BLUR) -> Float32:
    """A picture (channels, rows, columns) blurred by a Gaussian, its edges continued.

    spread: the standard deviation in shorter sides.
    """
    deviation = max(spread * min(picture.shape[1:]), 1e-6)

    def weights(count: int) -> Any:
        away = np.subtract.outer(np.arange(count), np.arange(count)) / deviation
        found = np.exp(-(away**2) / 2)
        return found / found.sum(axis=1, keepdims=True)

    rows, columns = (weights(count) for count in picture.shape[1:])
    return np.asarray(np.einsum("ab,cbd->cad", rows, picture @ columns.T), np.float32)


def _elsewhere(done: Pass, picture: Float32, target: Target) -> Steps[Pass]:
    """A pass of another picture, as far as the target, by the same network."""
    return (yield from forward(done.network, picture, until=target.stage, kernel=kernel_of(done)))


def _slope(done: Pass, picture: Float32, target: Target) -> Steps[Float32]:
    """The gradient at another picture."""
    there = yield from share(_elsewhere(done, picture, target), 0, FORWARD)
    return (yield from share(gradient(there, target), FORWARD, 1))


def _value(done: Pass, picture: Float32, target: Target) -> Steps[float]:
    return target.value((yield from _elsewhere(done, picture, target)))

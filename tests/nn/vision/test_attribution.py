"""Attribution: gradients and what is made of them, on a small network."""

from typing import Any

import numpy as np
import pytest
from small_eyes import SIZE, TARGET, network, picture

from cppn_gl.nn.vision import attribution
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.occlusion import LEVELS, Occlusion
from cppn_gl.nn.vision.running import NumPyKernel, Pass, forward, preferred, under
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import at_once


def a_pass(net: ImageNetwork | None = None) -> Pass:
    return at_once(forward(net or network(), picture()))


def score(net: ImageNetwork, at: Any, target: Target) -> float:
    """The target's value by the reference, in float64."""
    pre, units = list(net.reference(at))[target.stage]
    values = (pre if target.before else units)[target.channel]
    return float(values.mean() if target.place is None else values[target.place])


@pytest.mark.parametrize("place", [None, (3, 7)])
def test_the_gradient_is_the_change_of_the_score(place: tuple[int, int] | None) -> None:
    done = a_pass()
    target = Target(TARGET, 2, place, before=True)
    found = at_once(attribution.gradient(done, target))
    assert found.shape == done.source.shape
    rng = np.random.default_rng(0)
    for _ in range(3):
        way = rng.normal(size=done.source.shape)
        step = 1e-7
        ends = [score(done.network, done.source + s * step * way, target) for s in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        assert np.sum(found * way) == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_gradient_times_input_is_a_product() -> None:
    done, target = a_pass(), Target.of_class(network(), 1)
    product = at_once(attribution.times_input(done, target))
    np.testing.assert_array_equal(
        product, at_once(attribution.gradient(done, target)) * done.source
    )


@pytest.mark.parametrize(("steps", "tolerance"), [(8, 0.05), (128, 0.01)])
def test_integrated_gradients_are_complete(steps: int, tolerance: float) -> None:
    """The sum of attributions is the difference of scores, within a part of it."""
    done, target = a_pass(), Target.of_class(network(), 0)
    baseline = np.zeros_like(done.source)
    found, difference = at_once(attribution.integrated(done, target, baseline, steps))
    expected = score(done.network, done.source, target) - score(done.network, baseline, target)
    assert difference == pytest.approx(expected, abs=1e-5)
    assert float(found.sum(dtype=np.float64)) == pytest.approx(
        difference, abs=tolerance * abs(difference)
    )


def test_nothing_is_attributed_where_the_picture_is_the_baseline() -> None:
    done, target = a_pass(), Target.of_class(network(), 0)
    baseline = done.source.copy()
    baseline[:, :, 16:] = 0
    found, _ = at_once(attribution.integrated(done, target, baseline, 4))
    assert not found[:, :, :16].any()
    assert found[:, :, 16:].any()


def test_rules_agree_where_no_relu_bends_anything() -> None:
    """With all units active and all weights positive, the three rules are the gradient."""
    net = network()
    for stage in net.stages:
        for name in ("weight", "bias"):
            if (array := getattr(stage.operation, name, None)) is not None:
                array.flags.writeable = True
                np.abs(array, out=array)
    done = at_once(forward(net, np.abs(picture())))
    target = Target(TARGET, 1, (2, 2), before=True)
    plain = at_once(attribution.gradient(done, target))
    np.testing.assert_allclose(at_once(attribution.guided(done, target)), plain, atol=1e-7)
    back = at_once(attribution.deconvnet(done, target))
    np.testing.assert_allclose(back, plain * done.pre[TARGET][1, 2, 2], rtol=1e-4, atol=1e-6)


def test_deconvnet_ignores_what_is_negative_and_guided_what_was_off() -> None:
    done = a_pass()
    off = np.argwhere(done.pre[2][0] < 0)[0]
    unit = Target(2, 0, (int(off[0]), int(off[1])))
    assert not at_once(attribution.deconvnet(done, unit)).any()  # its activation is 0
    assert not at_once(attribution.guided(done, unit)).any()
    assert not at_once(attribution.gradient(done, unit)).any()


def test_grad_cam_of_mean_scores_is_the_last_layers_class_activation_map() -> None:
    done = a_pass()
    target = Target.of_class(done.network, 3)
    assert attribution.before(done.network, target) == [0, 1, 2, 3, 4]
    found = at_once(attribution.class_activation(done, target, 4))
    weights = done.network.stages[TARGET].operation.weight[3, :, 0, 0]
    expected = np.einsum("c,crk->rk", weights, done.units[4]) / found.size
    np.testing.assert_allclose(found, np.maximum(expected, 0), atol=1e-6)
    assert found.shape == (12, 16)


def test_grad_cam_needs_an_earlier_layer() -> None:
    done = a_pass()
    with pytest.raises(PresetError, match=r"layer 6 \(scores\) is not before"):
        at_once(attribution.class_activation(done, Target(TARGET, 0), TARGET))
    assert attribution.before(done.network, Target(0, 0)) == []


def test_smooth_gradients_are_the_same_every_time() -> None:
    done, target = a_pass(), Target.of_class(network(), 2)
    one, other = (at_once(attribution.smooth(done, target, count=3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    none = at_once(attribution.smooth(done, target, spread=0, count=2))
    np.testing.assert_allclose(none, at_once(attribution.gradient(done, target)), atol=1e-7)


def test_a_channel_is_explained_at_its_strongest_place_or_at_a_chosen_one() -> None:
    done = a_pass()
    strongest = attribution.strongest(done, Target(3, 2))
    assert strongest.place is not None
    assert done.units[3][2][strongest.place] == done.units[3][2].max()
    at = attribution.placed(done.network, Target(3, 2), (0.99, 0.01))
    assert at.place == (0, 15)
    row, column = attribution.placed(done.network, Target(3, 2), (0.5, 0.5)).place or (0, 0)
    left, top, right, bottom = done.network.receptive_field(3).box(row, column)
    assert abs((left + right) / 2 - SIZE[1] / 2) <= 2
    assert abs((top + bottom) / 2 - SIZE[0] / 2) <= 2


def test_blurring_keeps_what_is_even_and_softens_edges() -> None:
    flat = np.full((2, *SIZE), 3, np.float32)
    np.testing.assert_allclose(attribution.blurred(flat), flat, rtol=1e-6)
    flat[:, :, 16:] = -3
    soft = attribution.blurred(flat)
    assert np.abs(np.diff(soft, axis=2)).max() < 2
    assert (np.diff(soft, axis=2) <= 1e-6).all()


def test_progress_is_told_and_grows() -> None:
    done, target = a_pass(), Target.of_class(network(), 0)
    steps = attribution.integrated(done, target, np.zeros_like(done.source), 4)
    told: list[float] = []
    try:
        while True:
            fraction = next(steps)
            if fraction is not None:
                told.append(fraction)
    except StopIteration:
        pass
    assert told == sorted(told)


class Gone(NumPyKernel):
    """As a device's kernel: its context may be gone where it is not preferred."""

    lent = True

    def forward(self, *given: Any) -> Any:
        assert preferred() is self
        return super().forward(*given)


def test_a_devices_kernel_is_used_only_where_it_is_preferred() -> None:
    kernel, target = Gone(), Target(TARGET, 2, before=True)
    done = at_once(under(kernel, forward(network(), picture())))
    assert done.kernel is kernel
    low = np.zeros_like(done.source)
    alone, _ = at_once(attribution.integrated(done, target, low, 2))
    there, _ = at_once(under(kernel, attribution.integrated(done, target, low, 2)))
    np.testing.assert_allclose(alone, there, atol=1e-5)
    patches = Occlusion(target, low, 0.4, 4)
    at_once(patches.refine(done, LEVELS - 1))
    assert np.isfinite(patches.values).all()

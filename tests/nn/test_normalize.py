"""Normalised units: mean 0 and spread 1 over the region, folded into a network as any other."""

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.nn import draws
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.normalize import Normalize, normalized
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils import native
from cppn_gl.utils.checks import PresetError


def sums(network: Network, how: Normalize) -> list[np.ndarray]:
    """Each layer's sums before its activation at the points of the grid, worked out apart."""
    side = how.region_extent / how.grid
    steps = [(2 * k + 1) * side - how.region_extent for k in range(how.grid)]
    x = np.array([how.region_center[0] + s for s in steps for _ in steps])
    y = np.array([how.region_center[1] + s for _ in steps for s in steps])
    values, found = features(network.inputs, x, y, Clock(), network.latent), []
    for layer in network.layers:
        found.append(values @ layer.weight.T.astype(float) + layer.bias)
        values = activate(layer.activation, found[-1])
    return found


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "sin", "gelu"])
@pytest.mark.parametrize(("depth", "width"), [(2, 100), (11, 10), (10, 30)])
def test_every_unit_has_mean_0_and_spread_1(activation: str, depth: int, width: int) -> None:
    preset = Preset().replace(depth=depth, width=width, activation=activation, init="he_normal")
    preset = preset.replace(which="all", region_center=[0.3, -0.2], region_extent=0.5)
    for layer in sums(preset.network(), preset.normalize):
        live = layer.std(axis=0) > 0.5  # a relu unit whose inputs are all dead is constant
        assert live.mean() > 0.9
        assert np.abs(layer.mean(axis=0)).max() < 2e-5
        assert np.abs(layer.std(axis=0)[live] - 1).max() < 2e-5


def test_gain_and_shift_are_the_spread_and_mean_then() -> None:
    preset = Preset().replace(depth=5, width=8, which="hidden", gain=3, shift=0.5, shift_spread=2)
    preset = preset.replace(seed=12)
    found = sums(preset.network(), preset.normalize)
    drawn = []
    for number, layer in enumerate(found[:-1], 1):
        shifts = preset.normalize.shifts(12, number, 8)
        assert layer.mean(axis=0) == pytest.approx(shifts, abs=1e-5)
        assert layer.std(axis=0) == pytest.approx([3] * 8, rel=1e-5)
        drawn.append(shifts)
    assert len(set(np.ravel(drawn))) == 32
    assert np.mean(drawn) == pytest.approx(0.5, abs=1)
    assert np.std(drawn) == pytest.approx(2, rel=0.4)


def test_gains_can_be_drawn_too() -> None:
    preset = Preset().replace(depth=9, width=32, which="hidden", gain=3, gain_spread=0.5, seed=12)
    found = sums(preset.network(), preset.normalize)
    drawn = []
    for number, layer in enumerate(found[:-1], 1):
        gains = preset.normalize.gains(12, number, 32)
        assert layer.std(axis=0) == pytest.approx(np.abs(gains), rel=1e-5)
        assert layer.mean(axis=0) == pytest.approx([0] * 32, abs=1e-4)
        drawn.append(gains)
    assert np.mean(drawn) == pytest.approx(3, abs=0.15)
    assert np.std(drawn) == pytest.approx(0.5, rel=0.15)
    words = draws.words(12, 2, 4, 1, 8)[0]  # kind 4, and no other number's
    expected = 3 + 0.5 * draws.normal(words).astype(np.float32).astype(float)
    assert drawn[1][:8].tolist() == expected.tolist()
    how = Normalize(gain_spread=2)
    assert how.gains(3, 2, 8)[:5].tolist() == how.gains(3, 2, 5).tolist()
    assert how.gains(3, 2, 8).tolist() != how.gains(3, 3, 8).tolist()
    assert Normalize(gain=1.5).gains(3, 2, 2).tolist() == [1.5, 1.5]
    apart = (how.gains(3, 2, 99) - 1) / 2, Normalize(shift_spread=1).shifts(3, 2, 99)
    assert abs(np.corrcoef(*apart)[0, 1]) < 0.3


def test_a_gain_below_0_turns_a_unit_over() -> None:
    network = Preset().replace(depth=2, width=32).network()
    one, other = (
        normalized(network, Normalize("hidden", gain_spread=s), Clock(), 3) for s in (0, 9)
    )
    gains = Normalize(gain_spread=9).gains(3, 1, 32)
    assert gains.min() < 0
    weight = one.layers[0].weight * gains[:, None]
    assert other.layers[0].weight == pytest.approx(weight, rel=1e-5)


def test_shifts_belong_to_their_unit() -> None:
    how = Normalize(shift_spread=2)
    assert how.shifts(3, 2, 8)[:5].tolist() == how.shifts(3, 2, 5).tolist()
    assert how.shifts(3, 2, 8).tolist() != how.shifts(3, 3, 8).tolist()
    assert how.shifts(3, 2, 8).tolist() != how.shifts(4, 2, 8).tolist()
    assert Normalize(shift=1.5).shifts(3, 2, 2).tolist() == [1.5, 1.5]


def test_hidden_layers_alone_or_all() -> None:
    plain = Preset().replace(depth=4, width=5)
    hidden, whole = (plain.replace(which=which).network() for which in ("hidden", "all"))
    assert np.array_equal(hidden.layers[-1].weight, plain.network().layers[-1].weight)
    assert np.array_equal(hidden.layers[2].weight, whole.layers[2].weight)
    assert not np.array_equal(hidden.layers[-1].weight, whole.layers[-1].weight)
    assert [layer.activation for layer in whole.layers] == [
        layer.activation for layer in plain.network().layers
    ]
    network = plain.network()
    assert normalized(network, Normalize(), Clock()) is network


def test_weight_scale_has_no_part_in_normalised_layers() -> None:
    preset = Preset().replace(depth=4, width=5, which="all")
    small, large = (preset.replace(weight_scale=s).network() for s in (0.3, 1))
    first = [network.layers[0].weight for network in (small, large)]
    assert first[0] == pytest.approx(first[1], rel=1e-6)


def test_with_all_a_layers_picture_is_the_shallower_network() -> None:
    preset = Preset().replace(depth=6, width=5, which="all", shift_spread=1)
    deep, cut = preset.network(), preset.layer_picture(3).network()
    assert np.array_equal(cut.layers[2].weight, deep.layers[2].weight[:3])
    assert np.array_equal(cut.layers[2].bias, deep.layers[2].bias[:3])


def test_a_constant_unit_is_moved_and_nothing_more() -> None:
    dead = Layer(np.array([[0, 0], [1, 2]]), np.array([5, 1]), "relu")
    far = Layer(np.array([[0, 1e-30], [1, 0], [0, 0]]), np.array([-3, 0, 2]), "tanh")
    network = Network((dead, far, Layer(np.ones((1, 3)), np.zeros(1), "sigmoid")), ("x", "y"))
    how = Normalize("all", gain=2, shift=0.5)
    again = normalized(network, how, Clock())
    for layer in again.layers:
        assert np.isfinite(layer.weight).all()
        assert np.isfinite(layer.bias).all()
    first, second, _ = sums(again, how)
    assert first[:, 0] == pytest.approx([0.5] * len(first))
    assert first[:, 1].std() == pytest.approx(2)
    assert second[:, 2] == pytest.approx([0.5] * len(first))
    assert again.layers[0].weight[0].tolist() == [0, 0]
    assert again.layers[1].weight[2].tolist() == [0, 0]


@pytest.mark.parametrize("gain", [0.0, 1.0, 7.0])
def test_a_unit_fed_by_the_time_alone_keeps_its_weights(gain: float) -> None:
    first = Layer(np.array([[0, 0.7], [2, 0.7]]), np.array([5, 1]), "tanh")
    network = Network((first, Layer(np.ones((1, 2)), np.zeros(1), "sigmoid")), ("x", "cos_t"))
    how = Normalize("hidden", gain=gain, shift=0.5)
    flat, steep = normalized(network, how, Clock()).layers[0].weight
    assert flat.tolist() == [0, np.float32(0.7)]
    assert steep[1] == pytest.approx(steep[0] * 0.35)
    before = sums(normalized(network, how, Clock()), how)[0]
    assert before[:, 0] == pytest.approx([0.5] * len(before))
    assert before[:, 1].std() == pytest.approx(gain, abs=1e-6)


def test_moving_inputs_are_those_of_time_0_and_latents_their_own() -> None:
    preset = Preset().replace(depth=3, width=6, inputs=["x", "t", "cos_t", "z0"], which="all")
    for layer in sums(preset.network(), preset.normalize):
        assert layer.mean(axis=0) == pytest.approx([0] * layer.shape[1], abs=1e-5)
    assert preset.at(5.0).network() is preset.network()  # kept, and at no other time another


def test_a_network_given_by_its_layers_is_normalised_too() -> None:
    layers = (Layer(np.array([[1, 2], [3, -1]]), np.ones(2), "tanh"),) * 2
    spec = Layers((*layers, Layer(np.array([[1, 1]]), np.ones(1), "sigmoid")))
    preset = Preset(spec).replace(which="all", gain=2)
    for layer in sums(preset.network(), preset.normalize):
        assert layer.std(axis=0) == pytest.approx([2] * layer.shape[1], rel=1e-5)
    cut = preset.layer_picture(2).network()
    assert np.array_equal(cut.layers[0].weight, preset.network().layers[0].weight)


def test_the_table_is_read_and_written() -> None:
    text = "[normalize]\nwhich = 'hidden'\nregion_extent = 0.5\ngain = 3\nshift_spread = 2\n"
    preset = parse_preset(text)
    assert preset.normalize == Normalize("hidden", region_extent=0.5, gain=3, shift_spread=2)
    assert parse_preset(preset.to_toml()) == preset
    assert "[normalize]" not in Preset().to_toml()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"which": "hiden"}, r"normalize\.which: no 'hiden'; did you mean 'hidden'"),
        ({"grid": 1}, r"normalize\.grid: 1 is not an integer from 2 to 128"),
        ({"region_extent": 0}, r"normalize\.region_extent: 0 is not a number"),
        ({"region_center": [1]}, r"normalize\.region_center: a list of 1; expected 2"),
        ({"gain": -1}, r"normalize\.gain: -1 is not a number from 0"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(PresetError, match=words):
        Preset().replace(**keys)


@given(
    st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=1, max_size=6),
    st.sampled_from(list(INITS)),
    st.integers(1, 7),
    st.sampled_from([0.0, 1e-3, 1.0, 1000.0]),
    st.floats(0, 1000),
    st.sampled_from(["hidden", "all"]),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_no_network_becomes_infinite(
    activations: list[str],
    init: str,
    width: int,
    scale: float,
    gain: float,
    which: str,
    extent: float,
) -> None:
    preset = Preset().replace(
        depth=len(activations) + 1, activation=activations, init=init, width=width
    )
    preset = preset.replace(weight_scale=scale, gain=gain, which=which, region_extent=extent)
    with contextlib.suppress(PresetError):
        for layer in preset.replace(grid=4).network().layers:
            assert np.isfinite(layer.weight).all()
            assert np.isfinite(layer.bias).all()


@pytest.mark.gl
def test_shaders_draw_what_the_reference_says_of_a_normalised_network(renderer: Any) -> None:
    from truth import check_truth

    preset = Preset().replace(depth=6, width=10, activation="sigmoid", which="hidden", gain=3)
    check_truth(renderer, preset.replace(shift_spread=2, region_extent=0.5, extent=0.5))


def test_the_library_normalises_alike_by_every_instruction_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    best = native.library()
    if best is None:
        pytest.skip(native.problem())
    network = Network.random(depth=4, width=37, activation=["sin", "gelu", "tanh"], seed=3)
    digests = []
    for isa in best.isas:
        library = native.Library(native.PATH, isa)
        monkeypatch.setattr(native, "library", lambda library=library: library)
        digests.append(normalized(network, Normalize("all"), Clock()).digest)
    assert len(set(digests)) == 1


def test_without_the_library_it_is_the_same_but_for_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, how = Network.random(depth=4, width=9, seed=3), Normalize("all")
    usual = normalized(network, how, Clock())
    monkeypatch.setattr(native, "library", lambda: None)
    for a, b in zip(usual.layers, normalized(network, how, Clock()).layers, strict=True):
        assert np.allclose(a.weight, b.weight, rtol=1e-4, atol=1e-5)
        assert np.allclose(a.bias, b.bias, rtol=1e-4, atol=1e-5)

"""Weights that take longer to draw than the time budget."""

from collections.abc import Iterator
from typing import Any

import pytest

from cppn_gl.nn import draws
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer import weights
from cppn_gl.viewer.weights import Weights, alike

PRESET = Preset(spec=Random(depth=5, width=7, seed=123))


def refuse(*arguments: object) -> None:
    raise AssertionError("something was drawn again")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The specs whose layers were drawn, in order."""
    found: list[Any] = []

    draw = Random.draw

    def spy(spec: Random) -> Iterator[object]:
        for layer in draw(spec):
            found.append(spec)
            yield layer

    monkeypatch.setattr(Random, "draw", spy)
    return found


@pytest.mark.parametrize("init", ["uniform", "he_normal"])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_all_that_a_network_needs_is_drawn(
    monkeypatch: pytest.MonkeyPatch, depth: int, init: str
) -> None:
    preset = PRESET.replace(depth=depth, init=init, inputs=["x", "t", "y"])
    held = list(preset.spec.draw())
    assert len(held) == depth
    assert preset.spec.latents == ()  # of which there are few
    monkeypatch.setattr(draws, "words", refuse)
    preset.network()


def test_both_seeds_of_a_network_between_two_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = PRESET.replace(between=[9, 0.5], inputs=["x", "y"])
    assert preset.spec.latents == ()
    held = list(preset.spec.draw())
    assert len(held) == preset.spec.depth
    monkeypatch.setattr(draws, "words", refuse)
    preset.network()


def test_a_network_larger_than_the_cache_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, other = (PRESET.replace(depth=12, width=512, seed=seed) for seed in (1, 2))
    assert 4 * wide.network().parameters > draws.CACHE_LIMIT
    followed = Weights()
    _, network = followed.follow(wide, 60.0)
    other.network()
    monkeypatch.setattr(draws, "words", refuse)
    assert followed.follow(wide.replace(weight_scale=2.0), 60.0)[1] is not network


def test_another_normalisation_is_another_network() -> None:
    followed = Weights()
    _, network = followed.follow(PRESET, 0.0)
    other = PRESET.replace(which="hidden")
    assert followed.follow(other, 60.0)[1] is other.network() is not network


def test_given_layers_are_there_already() -> None:
    layer = Layer([[1.0, 0.0]] * 3, [0.0] * 3, "tanh")
    preset = Preset(spec=Layers((layer,)))
    assert Weights().follow(preset, 0.0)[0] is preset


def test_the_first_is_waited_for(drawn: list[Any]) -> None:
    followed = Weights()
    preset, network = followed.follow(PRESET, 0.0)
    assert preset is PRESET
    assert network.depth == 5
    assert not followed.busy


def test_the_same_network_where_only_the_view_differs(drawn: list[Any]) -> None:
    followed = Weights()
    _, network = followed.follow(PRESET, 0.0)
    count = len(drawn)
    other = PRESET.replace(extent=0.5)
    assert followed.follow(other, 0.0) == (other, network)
    assert len(drawn) == count


def test_what_was_begun_is_finished_first(drawn: list[Any]) -> None:
    followed = Weights()
    old = followed.follow(PRESET, 0.0)
    first, second = (PRESET.replace(seed=seed) for seed in (1, 2))
    assert followed.follow(first, 0.0) == old
    assert followed.busy
    seen = []
    while followed.busy or followed.follow(second, 0.0)[0] is not second:
        seen.append(followed.follow(second, 0.0)[0])
    assert seen.index(first) > 0
    assert drawn[5:] == [first.spec] * 5 + [second.spec] * 5


def test_time_enough_is_one_step(drawn: list[Any]) -> None:
    followed = Weights()
    followed.follow(PRESET, 0.0)
    other = PRESET.replace(seed=1)
    assert followed.follow(other, 60.0)[0] is other


def test_while_the_window_opens_a_structure_stands_in_that_needs_no_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "OPENING", 0.0)
    monkeypatch.setattr(weights, "PATIENCE", 0.0)
    preset = Preset(spec=Random(structure="vgg", depth=4), normalize=Normalize("hidden"))
    follower = Weights()
    shown, network = follower.follow(preset, 0.0)
    assert follower.busy
    assert "normalisation" in follower.message
    assert shown.normalize.which == "none"
    assert [stage.normalize for stage in network.stages if stage.normalize] == []
    while follower.busy:
        shown, network = follower.follow(preset, 0.0)
    assert follower.message == ""
    assert shown == preset
    assert network is preset.network()


def test_blocks_that_normalise_are_measured_before_the_window_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "OPENING", 0.0)
    blocks = [{"type": "conv"}, {"type": "normalize"}]
    preset = Preset(spec=Random.of({"blocks": blocks, "width": 4, "grid": 16}))
    follower = Weights()
    assert follower.follow(preset, 0.0)[0] == preset
    assert not follower.busy


def test_what_is_said_of_a_network_waits_for_one_of_its_kind() -> None:
    blocks = PRESET.replace(**{"network.structure": "vgg"})
    pictures = parse_preset(
        '[[network.nodes]]\ntype = "conv"\nchannels = 2\n[preprocess]\nsize = [4, 4]\n'
        'order = "grey"\nrange = 1\nmean = [0]\nstd = [1]\n'
    )
    assert alike(PRESET, PRESET.replace(seed=5))
    for one, other in ((PRESET, blocks), (blocks, pictures), (pictures, PRESET)):
        assert not alike(one, other)

"""The weight scale that keeps the signal for another activation or initialisation."""

from typing import cast

import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.sources import Random
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.tasks import at_once
from cppn_gl.viewer.keeping import Keeper, Probe

SIZE = (480, 300)


def around(preset: Preset, field: str, names: list[str]) -> list[Preset]:
    """The presets of a key that goes through all `names`, each keeping the signal."""
    keeper, now, found = Keeper(), preset, []
    first = names.index(getattr(preset.spec, field))
    for name in names[first + 1 :] + names[: first + 1]:
        new = now.replace(**{field: name})
        kept = keeper.scale(now, new, 0.0, SIZE)
        assert kept is not None, name
        now = new.replace(weight_scale=kept[0])
        found.append(now)
    return found


@pytest.mark.parametrize("name", ["neylon-27", "neuralart", "siren", "tie-dye"])
@pytest.mark.parametrize(("field", "names"), [("activation", ACTIVATIONS), ("init", INITS)])
def test_every_activation_and_init_keeps_a_picture(
    name: str, field: str, names: dict[str, object]
) -> None:
    preset = load_preset(name)
    found = around(preset, field, list(names))
    for new in found:
        probe = Probe(new, 0.0, SIZE, points=200)
        look = probe.seen(at_once(probe.at()))
        # Never negative: in a deep network all outputs drift to an end together.
        drifts = new.spec.hidden_activations[0] in ("sigmoid", "softplus")
        hopeless = name == "neylon-27" and drifts
        assert not look.flat or hopeless, new.spec
        assert not look.static, new.spec
    assert found[-1].spec == preset.spec  # the way round ends where it began


def test_nothing_is_kept_of_a_picture_without_contrast() -> None:
    faded = load_preset("neylon-27").replace(weight_scale=0.2)
    assert Keeper().scale(faded, faded.replace(activation="relu"), 0.0, SIZE) is None


def test_normalised_networks_keep_their_scale() -> None:
    preset = load_preset("complexity-deep-relu")
    assert Keeper().scale(preset, preset.replace(activation="tanh"), 0.0, SIZE) is None


def test_a_scale_is_the_same_at_every_search() -> None:
    preset = load_preset("neylon-27")
    relu = preset.replace(activation="relu")
    assert Keeper().scale(preset, relu, 0.0, SIZE) == Keeper().scale(preset, relu, 0.0, SIZE)


def test_draws_of_another_distribution_stand_in_for_those_of_a_large_network() -> None:
    preset = load_preset("neylon-27")
    other = preset.replace(init="normal")
    stand_in = Probe(other, 0.0, SIZE, network=preset.network(), stand_in=True)
    drawn = Probe(other, 0.0, SIZE)
    own = cast(Random, other.spec).weight_scale
    ratio = at_once(stand_in.at(own / 2)).before / at_once(drawn.at(own / 2)).before
    assert 0.5 < ratio < 2

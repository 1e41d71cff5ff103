"""What can be done with the selected unit by clicks: enlarge, pin and boost it."""

import pytest

from cppn_gl import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.base import Hit
from cppn_gl.views.units.actions import actions_of, boost_to, factor_of, hit_of

PRESET = Preset().replace(view="units", structure="vgg", depth=3, width=4, **{"network.grid": 24})
BOX = (600, 20, 900, 500)


def labelled(preset: Preset, unit: tuple[int, int] = (1, 1)) -> dict[str, Hit]:
    return {a.label: a.hit for a in actions_of(scene_of(preset), unit, BOX, 16)}


def test_a_unit_is_enlarged_pinned_and_boosted() -> None:
    found = labelled(PRESET)
    opened = found["enlarge"].opens
    assert opened is not None
    assert opened.to_toml().count("zoom = true") == 1
    assert found["pin"].changes == {"units.pinned": ((1, 2),)}
    assert found["boost ×2"].changes == {"network.boost": ((1, 2, 2.0),)}
    pinned = PRESET.replace(**found["pin"].changes)
    assert labelled(pinned)["unpin"].changes == {"units.pinned": ()}
    assert "all units" in labelled(PRESET.replace(**{"units.zoom": True}))


def test_boosts_multiply_and_are_taken_back() -> None:
    once = PRESET.replace(**labelled(PRESET)["boost ×2"].changes)
    twice = once.replace(**labelled(once)["boost ×2"].changes)
    assert factor_of(twice, (1, 1)) == 4
    assert factor_of(twice, (1, 0)) == 1
    assert twice.replace(**labelled(twice)["×1"].changes) == PRESET
    none = twice.replace(**labelled(twice)["×0"].changes)
    assert factor_of(none, (1, 1)) == 0
    assert PRESET.replace(**boost_to(PRESET, (2, 0), 3.0)).spec.boost == ((2, 1, 3.0),)


def test_an_input_and_a_network_that_learns_have_no_boost() -> None:
    learns = Preset().replace(**{"train.data": "xor", "network.depth": 3, "show.view": "units"})
    for found in (labelled(PRESET, (0, 0)), labelled(learns)):
        assert not any("×" in label for label in found)
        assert "pin" in found


@pytest.mark.parametrize("box", [BOX, (0, 0, 70, 300), (600, 20, 610, 40)])
def test_labels_lie_at_the_bottom_of_the_panel(box: tuple[int, int, int, int]) -> None:
    found = actions_of(scene_of(PRESET), (1, 1), box, 16)
    for action in found:
        left, top, _, bottom = action.box
        assert left >= box[0]
        assert box[1] < top < bottom <= box[3]
        assert hit_of(found, (left + 1, top + 1)) is action.hit
    assert hit_of(found, (box[0] - 1, box[1])) is None

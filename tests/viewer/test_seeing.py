"""The keys of a network that sees pictures: layers, channels, pins, pictures, methods."""

from typing import Any

import pytest
from seers import color, grey

from cppn_gl.nn.image_file import SHIPPED
from cppn_gl.nn.vision.attribution import METHODS
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import ATTRIBUTIONS, AttributionOptions, ChannelsOptions, UnitsOptions
from cppn_gl.viewer.bindings import BINDINGS, PLANE
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import facts
from cppn_gl.viewer.seeing import MOST_PINNED, class_of, method_words, unit_words


def looked_at(of: Explorer) -> tuple[int, int] | None:
    return of.preset.options(ChannelsOptions).unit


def press(of: Explorer, *actions: str, large: bool = False) -> None:
    for action in actions:
        of.message = ""
        of.act(action, large)


def test_the_arrows_walk_layers_and_channels_and_stop_at_the_ends() -> None:
    of = Explorer(grey())
    press(of, "wider", "wider")
    assert looked_at(of) == (1, 3)
    assert of.message == "block/first, layer 1 of 5: channel 3 of 6, 28×20"
    press(of, "wider", large=True)
    assert looked_at(of) == (1, 6)
    press(of, "wider")
    assert looked_at(of) == (1, 6)
    assert "channel 6 of 6" in of.message
    press(of, "deeper", "layer_up")
    assert looked_at(of) == (3, 3)  # which has three channels
    assert (of.layer, of.layers) == (3, 5)
    press(of, "deeper", large=True)
    assert of.layer == 5
    press(of, "layer_down", "shallower", large=True)
    assert of.layer == 1


def test_a_layer_remembers_the_channel_that_was_looked_at() -> None:
    of = Explorer(grey())
    of.look_at(1, 5)
    press(of, "deeper", "deeper", "narrower", "shallower", "shallower")
    assert looked_at(of) == (1, 5)
    press(of, "layer_up", "layer_up")
    assert looked_at(of) == (3, 2)
    of.load(color())  # another network's channels are others
    press(of, "deeper")
    assert looked_at(of) == (2, 1)


def test_a_walk_is_history_and_a_held_key_one_step() -> None:
    of = Explorer(grey())
    of.gesture = object()
    press(of, "deeper", "deeper")
    of.gesture = object()
    press(of, "wider", "history_back")
    assert looked_at(of) == (3, 1)
    press(of, "history_back")
    assert looked_at(of) is None
    press(of, "history_on")
    assert looked_at(of) == (3, 1)


def test_the_last_layers_channels_are_classes() -> None:
    of = Explorer(grey())
    of.look_at(5, 2)
    assert of.message == "scores, layer 5 of 5: channel 2 of 4 (cup), 1×1"
    assert class_of(of.eye, (5, 4)) == "owl"
    assert class_of(of.eye, (3, 2)) == ""
    other = Explorer(color())
    assert "(" not in unit_words(other.eye, (2, 40))


@pytest.mark.parametrize(
    "action",
    [a for b in BINDINGS if b.seeing == PLANE and "pan" not in b.help for a in b.actions],
)
def test_a_key_that_means_nothing_here_says_what_does(action: str) -> None:
    of = Explorer(Preset().replace(**{"network.file": "squeezenet"}))
    before = of.preset
    press(of, action)
    assert of.preset == before
    learned = "the weights are those of squeezenet, learned from pictures: ↑ ↓ → ← look at"
    trained = "its weights are given; the preset train-fashion learns"
    whole, colors = "the network sees the whole picture", "the view channels uses its own colours"
    assert of.message.startswith((learned, trained, whole, colors))


def test_zoom_and_pan_leave_the_picture_whole() -> None:
    of = Explorer(grey())
    for action in ("zoom_in", "pan_up", "reset_view"):
        press(of, action)
        assert of.preset == grey()
        assert "whole picture" in of.message


def test_channels_are_kept_in_sight_and_released() -> None:
    of = Explorer(grey())
    for channel in range(1, 7):
        of.look_at(1, channel)
        press(of, "pin")
    of.look_at(3, 1)
    press(of, "pin", "wider", "pin", "wider", "pin")
    assert len(of.preset.options(ChannelsOptions).pinned) == MOST_PINNED
    assert of.message.startswith("8 are kept already")
    of.look_at(1, 4)
    press(of, "pin")
    assert of.message == "block/first, channel 4: no longer kept in sight"
    assert (1, 4) not in of.preset.options(ChannelsOptions).pinned


def test_the_key_keeps_the_selected_unit_of_other_networks() -> None:
    of = Explorer(Preset().replace(depth=3, width=4, **{"show.view": "units"}))
    press(of, "pin")
    assert "first click one" in of.message
    of.change(**{"units.unit": (2, 3)})
    press(of, "pin")
    assert of.preset.options(UnitsOptions).pinned == ((2, 3),)
    press(of, "pin")
    assert of.preset.options(UnitsOptions).pinned == ()


def test_the_key_shows_one_picture_after_the_other() -> None:
    of = Explorer(grey())
    seen = []
    for _ in SHIPPED:
        press(of, "next_init")
        seen.append(of.preset.input.image)
        assert of.message == f"picture {seen[-1]}"
    assert sorted(seen) == sorted(SHIPPED)
    press(of, "next_init", large=True)
    assert of.preset.input.image == seen[-2]


def test_the_key_steps_through_the_ways_of_telling_what_a_unit_sees() -> None:
    of, methods = Explorer(grey()), {*ATTRIBUTIONS, "all"}
    press(of, "next_activation")
    assert of.preset.show.view == "attribution"
    seen = {of.preset.options(AttributionOptions).method}
    for _ in methods:
        press(of, "next_activation")
        seen.add(of.preset.options(AttributionOptions).method)
    assert seen == methods
    assert of.message == method_words("gradcam") == f"Grad-CAM: {METHODS['gradcam'].meaning}"


def test_the_views_are_those_for_such_networks() -> None:
    of = Explorer(grey())
    assert "channels" in of.fitting_views
    assert "picture" not in of.fitting_views
    for _ in of.fitting_views:
        press(of, "next_view")
        assert of.view.name in of.fitting_views
    plain = Explorer(Preset())
    assert "channels" not in plain.fitting_views


def test_what_is_told_of_it() -> None:
    of = Explorer(grey())
    while not of.see(10.0):
        pass
    lines = facts(of, 0, (640, 360))
    words = [part for line in lines for part in line]
    assert words[0] == "channels"
    assert words[1] == "block/first, layer 1 of 5: channel 1 of 6, 28×20"
    assert "a unit sees 5×5 of 32×24 pixels" in words
    assert any("%" in part and part.split()[0] in ("cat", "cup", "dog", "owl") for part in words)
    shares = [share for _, share in of.sight.top(4)]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("view", "keys", "told"),
    [
        ("synthesis", {}, False),
        ("synthesis", {"synthesis.start": "picture"}, True),
        ("top_images", {}, False),
        ("attribution", {}, True),
    ],
)
def test_what_the_input_is_seen_as_is_told_where_it_is_shown(
    view: str, keys: dict[str, Any], told: bool
) -> None:
    of = Explorer(grey(**{"show.view": view, **keys}))
    words = [part for line in facts(of, 0, (640, 360)) for part in line]
    assert (f"image {of.preset.input.label}" in words) == told


def test_in_attribution_the_channel_that_is_walked_to_is_explained() -> None:
    of = Explorer(color().replace(view="attribution"))
    assert of.preset.options(AttributionOptions).of == "class"
    press(of, "deeper")
    assert of.preset.options(AttributionOptions).of == "unit"

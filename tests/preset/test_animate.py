"""What moves: keys between values, walks between seeds; at any time a preset as any other."""

import contextlib
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.cli.options import Parser, add_overrides, overrides
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.animation import EASINGS, ENDINGS, Animate, Animation
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import SurfaceOptions, UnitsOptions
from cppn_gl.utils.checks import PresetError

BASE = Preset().replace(depth=3, width=5, inputs=["x", "y", "z0", "z1"])


def moving(key: str, *values: Any, **keys: Any) -> Preset:
    keys = {"duration": 4, "easing": "linear", **keys}
    return BASE.replace(**{f"animate.{key}": list(values)}, **keys)


def walking(*seeds: int, **keys: Any) -> Preset:
    return BASE.replace(walk=list(seeds), duration=6, **keys)


def vector(preset: Preset, time: float) -> np.ndarray:
    """All numbers that a moment's network is made of, without their scales."""
    network = preset.at(time).network()
    parts = [a.ravel() for layer in network.drawn for a in (layer.weight, layer.bias)]
    return np.concatenate([*parts, network.latent]).astype(np.float64)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return 2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b))


# Keys.


def test_a_scale_grows_by_equal_factors() -> None:
    preset = moving("network.weight_scale", 0.4, 0.8)
    scales = [preset.at(t).spec.weight_scale for t in range(5)]
    assert scales == pytest.approx([0.4 * 2 ** (t / 4) for t in range(5)])
    assert (scales[0], scales[-1]) == (0.4, 0.8)
    assert preset.at(1.0).network().scales[0][1] == preset.at(1.0).network().scales[0][0]
    steps = preset.replace(spacing="steps")
    assert steps.at(2.0).spec.weight_scale == pytest.approx(0.6)


def test_other_numbers_grow_by_equal_steps_unless_told() -> None:
    assert moving("show.relief", 1, 4).at(2.0).options(SurfaceOptions).relief == 2.5
    assert moving("show.relief", 1, 4, spacing="factors").at(2.0).options(
        SurfaceOptions
    ).relief == pytest.approx(2)
    assert moving("show.turn", -90, 90, spacing="factors").at(2.0).options(SurfaceOptions).turn == 0


def test_lists_and_more_than_two_values() -> None:
    preset = moving("view.center", [0, 0], [1, -1], [1, 3])
    centers = [preset.at(t).view.center for t in (0, 1, 2, 3, 4)]
    assert centers == [(0, 0), (0.5, -0.5), (1, -1), (1, 1), (1, 3)]


def test_whole_numbers_step_at_the_half() -> None:
    preset = moving("network.depth", 1, 5)
    assert [preset.at(t).spec.depth for t in (0, 0.49, 0.51, 1, 2, 4)] == [1, 1, 2, 2, 3, 5]
    seeds = moving("seed", 2**62 + 1, 2**63 - 1)
    assert [seeds.at(t).spec.seed for t in (0, 4)] == [2**62 + 1, 2**63 - 1]
    assert moving("show.unit", [1, 2], [3, 3]).at(2.1).options(UnitsOptions).unit == (2, 3)


def test_a_list_of_activations_follows_a_moving_depth() -> None:
    preset = moving("depth", 2, 5).replace(activation=["sin", "cos"])
    assert preset.at(0).spec.activation == ("sin",)
    assert preset.at(4).spec.activation == ("sin", "cos", "cos", "cos")


@pytest.mark.parametrize(
    ("ending", "seen"),
    [
        ("bounce", [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]),
        ("repeat", [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]),
        ("stop", [0, 1, 2, 3, 4, 4, 4, 4, 4, 4]),
        ("loop", [0, 2, 4, 2, 0, 2, 4, 2, 0, 2]),
    ],
)
def test_endings(ending: str, seen: list[float]) -> None:
    preset = moving("show.turn", 0, 4, ending=ending)
    assert [preset.at(t).options(SurfaceOptions).turn for t in range(10)] == pytest.approx(seen)
    before = {"bounce": 1, "repeat": 3, "stop": 0, "loop": 2}[ending]
    assert preset.at(-1).options(SurfaceOptions).turn == pytest.approx(before)


def test_easings_rest_where_they_say() -> None:
    def speeds(easing: str) -> tuple[float, float]:
        preset = moving("show.turn", 0, 4, easing=easing)
        at = [preset.at(t).options(SurfaceOptions).turn for t in (0, 0.01, 3.99, 4)]
        return (at[1] - at[0]) / 0.01, (at[3] - at[2]) / 0.01

    assert speeds("linear") == pytest.approx((1, 1))
    assert speeds("smooth") == pytest.approx((0, 0), abs=0.01)
    assert speeds("in") == pytest.approx((0, 2), abs=0.01)
    assert speeds("out") == pytest.approx((2, 0), abs=0.01)


def test_a_pass_takes_the_loop_unless_told() -> None:
    assert Animation(loop=7).seconds == 7
    assert Animation(loop=7, duration=2).seconds == 2


tables = st.sampled_from(["network.weight_scale", "view.extent", "surface.turn", "network.width"])


@given(
    tables,
    st.lists(st.floats(1, 80), min_size=2, max_size=5),
    st.sampled_from(list(EASINGS)),
    st.sampled_from(ENDINGS),
    st.sampled_from(["auto", "steps", "factors"]),
    st.floats(-1e6, 1e6),
)
def test_a_moving_key_stays_within_its_values(
    key: str, values: list[float], easing: str, ending: str, spacing: str, time: float
) -> None:
    if key == "network.width":
        values = [int(v) for v in values]
    preset = moving(key, *values, easing=easing, ending=ending, spacing=spacing)
    then = preset.at(time)
    table, name = key.split(".")
    value = getattr(then.table(table), name)
    assert min(values) <= value <= max(values)
    assert then.at(time) == then
    assert then.at(time + 1) == preset.at(time + 1)


def test_nothing_that_moves_is_itself() -> None:
    assert BASE.at(3.0) is BASE
    assert not BASE.animated
    assert not BASE.moves
    assert moving("show.turn", 0, 4).animated
    assert walking(1, 2).animated
    assert BASE.replace(inputs=["x", "t"]).animated
    assert BASE.replace(inputs=["x", "t"]).at(1.0) == BASE.replace(inputs=["x", "t"])


def test_a_key_that_is_set_moves_no_more() -> None:
    preset = moving("weight_scale", 0.4, 0.8).replace(**{"animate.extent": [1, 2]})
    still = preset.replace(weight_scale=0.5)
    assert dict(still.animate.moving).keys() == {"view.extent"}
    assert still.at(1.0).spec.weight_scale == 0.5
    both = preset.replace(weight_scale=0.5, **{"animate.weight_scale": [1, 2]})
    assert both.at(0).spec.weight_scale == 1
    assert not preset.replace(**{"animate.weight_scale": None, "animate.view.extent": []}).moves
    assert walking(3, 9).replace(seed=5).at(2.0).spec == BASE.replace(seed=5).spec
    assert walking(3, 9).at(2.0).replace(seed=5).spec == BASE.replace(seed=5).spec


# Walks.


def test_a_walk_begins_at_its_first_seed_and_passes_through_all() -> None:
    preset = walking(3, 9, 27, ending="stop")
    assert preset.at(0).spec == BASE.replace(seed=3).spec
    assert preset.at(6).spec == BASE.replace(seed=27).spec
    path = np.array([vector(preset, t) for t in np.linspace(0, 6, 601)])
    apart = np.linalg.norm(path - vector(BASE.replace(seed=9), 0), axis=1)
    assert apart.min() < 0.01 * apart.max()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("init", ["uniform", "he_normal"])
def test_a_walk_turns_by_the_same_angle_in_the_same_time(ending: str, init: str) -> None:
    seeds = (3, 9, 27, 4)
    preset = walking(*seeds, ending=ending, init=init)
    ring = (*seeds, 3) if ending == "loop" else seeds
    ends = [vector(BASE.replace(seed=s, init=init), 0) for s in ring]
    whole = sum(itertools.starmap(angle, itertools.pairwise(ends)))
    times = np.linspace(0, 5.99, 60)
    turned = [angle(vector(preset, t), vector(preset, t + 1e-3)) for t in times]
    corners = np.isclose(turned, whole / 6000, rtol=2e-3)
    assert corners.mean() > 0.9  # at a seed the way bends: the chord is shorter than the arc
    assert max(turned) < whole / 6000 * 1.002


def test_a_loop_has_no_seam() -> None:
    preset = walking(3, 9, 27, ending="loop")
    assert preset.at(6.0).spec == preset.at(0.0).spec == BASE.replace(seed=3).spec
    assert angle(vector(preset, 5.999), vector(preset, 6.0)) < 2e-3
    key = moving("show.turn", 0, 4, 2, ending="loop")
    assert key.at(3.999).options(SurfaceOptions).turn == pytest.approx(
        key.at(4.0).options(SurfaceOptions).turn, abs=0.01
    )


def test_a_walk_of_networks_leaves_animated_latents_alone() -> None:
    preset = Preset().replace(inputs=["x", "y", "z0"], walk=[3, 9], ending="stop", easing="linear")
    preset = preset.replace(**{"animate.latent": [[-1.0], [1.0]]})
    assert preset.at(0).network().latent == (-1.0,)
    assert preset.at(9).network().latent == (0.5,)
    assert preset.at(9).spec.between is not None


def test_latents_can_walk_alone() -> None:
    preset = walking(3, 9, walker="latents", ending="stop")
    for time, seed in ((0, 3), (6, 9)):
        assert preset.at(time).network().latent == BASE.replace(seed=seed).network().latent
    half = preset.at(3)
    assert half.spec.seed == BASE.spec.seed
    assert half.network().drawn[0].weight is BASE.network().drawn[0].weight
    assert angle(np.array(half.spec.latent), np.array(preset.at(0).spec.latent)) == pytest.approx(
        angle(np.array(half.spec.latent), np.array(preset.at(6).spec.latent)), abs=1e-5
    )


def test_a_walk_that_goes_nowhere_stays() -> None:
    preset = walking(5, 5)
    assert {preset.at(t).spec for t in (0, 1, 7)} == {BASE.replace(seed=5).spec}


def test_a_moment_can_be_kept_by_itself() -> None:
    then = walking(3, 9).at(2.0)
    alone = then.replace(walk=[])
    again = parse_preset(alone.to_toml())
    assert not again.moves
    assert (vector(again, 0) == vector(walking(3, 9), 2.0)).all()


# In scenes.


def test_a_scene_is_the_moment() -> None:
    preset = moving("extent", 1, 3, easing="linear").replace(walk=[3, 9])
    scene = scene_of(preset, 2.0)
    assert scene.view == scene.preset.view == preset.at(2.0).view
    assert scene.network.drawn[0].weight.tolist() == (
        preset.at(2.0).network().drawn[0].weight.tolist()
    )
    assert scene.clock.time == 2.0
    old = preset.network()
    assert scene_of(preset, 2.0, old).network is not old  # it has moved on
    drawn = preset.at(2.0).network()
    assert scene_of(preset.at(2.0), 2.0, drawn).network is drawn
    still = BASE.network()
    assert scene_of(BASE, 2.0, still).network is still


@pytest.mark.gl
def test_a_long_job_is_not_baked_where_the_network_moves(tuning: Path) -> None:
    preset = Preset().replace(depth=2, width=3)
    for keys in ({"walk": [1, 2]}, {"animate.weight_scale": [1, 2]}, {"animate.gain": [1, 2]}):
        assert preset.replace(**keys).network_moves
        with Renderer() as one:
            assert "baked" not in one.plan(preset.replace(**keys), 1e15).engine
    assert not preset.replace(**{"animate.extent": [1, 2]}).network_moves


@pytest.mark.gl
def test_a_frame_is_the_picture_of_its_moment(renderer: Any) -> None:
    preset = walking(3, 9).replace(**{"animate.extent": [1, 3]})
    drawn = renderer.render(preset, (24, 16), 2.5)
    alone = preset.at(2.5).replace(walk=[], **{"animate.extent": None})
    assert (drawn == renderer.render(alone, (24, 16))).all()
    assert (drawn != renderer.render(preset, (24, 16), 0.0)).any()


# Files and words.

TEXT = """\
[animation]
duration = 3
easing = "out"
ending = "stop"
spacing = "steps"
walk = [3, 9]
walker = "latents"

[network]
inputs = ["x", "y", "z0"]

[animate]
"network.weight_scale" = [0.4, 0.8]
view.center = [[0, 0], [1.5, 2]]
depth = [2, 4]
"""


def test_keys_are_read_quoted_dotted_and_short() -> None:
    preset = parse_preset(TEXT)
    assert dict(preset.animate.moving) == {
        "network.depth": (2, 4),
        "network.weight_scale": (0.4, 0.8),
        "view.center": ((0, 0), (1.5, 2)),
    }
    assert parse_preset("animate.network.depth = [2, 4]").animate.table == {"network.depth": (2, 4)}
    assert parse_preset("[animate.network]\ndepth=[2, 4]").animate.table == {
        "network.depth": (2, 4)
    }
    again = parse_preset(preset.to_toml())
    assert again == preset
    assert '"network.weight_scale" = [' in preset.to_toml()


def test_keys_are_set_on_the_command_line() -> None:
    parser = Parser("render")
    add_overrides(parser)
    words = "animate.network.weight_scale=[0.4,0.8] animate.depth=2,5 walk=3,9 between=9,0.25"
    args = parser.parse([w for word in words.split() for w in ("--set", word)])
    preset = BASE.replace(**overrides(args))
    assert preset.animate.table == {"network.weight_scale": (0.4, 0.8), "network.depth": (2, 5)}
    assert preset.animation.walk == (3, 9)
    assert preset.spec.between == (9, 0.25)  # type: ignore[union-attr]


MISTAKES = {
    "[animate]\ndept = [1, 2]": "a:2: animate.dept: no such key; did you mean 'depth'?",
    "[animate]\n'network.dept' = [1, 2]": "a:2: animate.network.dept: no such key; did you mean",
    "[animate]\n'nework.depth' = [1, 2]": "a:2: animate.nework.depth: no such table; did you mean",
    "[animate]\n'network.depth' = [0, 2]": "a:2: animate.network.depth: 0 is not an integer from 1",
    "[animate]\n'network.depth' = [1.5, 2]": "a:2: animate.network.depth: 1.5 is not an integer",
    "[animate]\n'network.depth' = 3": "a:2: animate.network.depth: 3; expected a list of 2 to 256",
    "[animate]\n'network.depth' = [3]": "a:2: animate.network.depth: [3]; expected a list of 2",
    "[animate]\n'view.extent' = [1, 1e9]": "a:2: animate.view.extent: 1000000000.0 is not a number",
    "[animate]\n'view.extent' = [1, nan]": "a:2: animate.view.extent: nan is not a number; only",
    "[animate]\n'view.center' = [1, [1, 2]]": "a:2: animate.view.center: expected numbers, or",
    "[animate]\n'view.center' = [1, 2]": "a:2: animate.view.center: 1 is not a list",
    "[animate]\nactivation = ['sin', 'cos']": "a:2: animate.activation: 'sin' is not a number",
    "[animate]\n'color.invert' = [false, true]": "a:2: animate.color.invert: False is not a number",
    "[animate]\noutputs = [1, 3]": "a:2: animate.outputs: 2 is not one of 1, 3",
    "[animate]\nspeed = [1, 3]": "a:2: animate.speed: cannot be animated; numbers",
    "[animate]\ntitle = [1, 3]": "a:2: animate.title: cannot be animated",
    "[animate]\nmoving = [1, 3]": "a:2: animate.moving: no such key",
    "[animate]\ndepth = [1, 3]\n'network.depth' = [1, 3]": "a:3: animate.network.depth: a key",
    "[animate]\n'network.latent' = [[1], [2]]\n[network]\ninputs=['z1']": "network.latent: 1 val",
    "animate = 3": "a:1: animate: 3; expected a table [animate]",
    "[animation]\nwalk = [3]": "a:2: animation.walk: one seed; expected two or more",
    "[animation]\nwalk = [3, -1]": "a:2: animation.walk: -1 is not an integer from 0",
    "[animation]\nwalk = [3, 4]\nwalker = 'latents'": "a:3: animation.walker: no input is a latent",
    "[animation]\nwalk = [3, 4]\nwalker = 'latents'\n[network]\ninputs = ['z0']\n[animate]\n"
    "'latent' = [[1], [2]]": "animate.latent: the walk changes it; expected only one of the two",
    "[animation]\nwalk = [3, 4]\n[animate]\nseed = [1, 9]": "animate.seed: the walk changes it",
    "[animation]\nending = 'bonce'": "a:2: animation.ending: no 'bonce'; did you mean 'bounce'?",
    "[network]\nbetween = [3]": "a:2: network.between: [3]; expected a seed and a number",
    "[network]\nbetween = [3, 2]": "a:2: network.between: 2 is not a number from 0 to 1",
}


@pytest.mark.parametrize("toml", MISTAKES, ids=lambda toml: toml[:30])
def test_a_mistake_names_its_key(toml: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse_preset(toml, source="a")
    assert MISTAKES[toml] in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_network_given_by_its_layers_moves_as_far_as_it_can() -> None:
    layers = (Layer(np.ones((1, 2)), np.zeros(1), "sin"),)
    preset = Preset(Layers(layers, ("x", "z0")))
    with pytest.raises(PresetError, match=r"animation\.walk: this network has explicit layers"):
        preset.replace(walk=[1, 2])
    with pytest.raises(PresetError, match=r"animate\.network\.depth: cannot be changed"):
        preset.replace(**{"animate.depth": [1, 2]})
    latents = preset.replace(walk=[1, 2], walker="latents", duration=1)
    assert latents.at(0.5).network().latent != latents.at(0).network().latent
    assert preset.replace(**{"animate.extent": [1, 2]}).at(1.0).view.extent != 1


values = st.lists(
    st.floats() | st.integers(-(2**70), 2**70) | st.lists(st.floats(), max_size=3) | st.text(),
    max_size=4,
)


@given(
    st.sampled_from(["depth", "view.extent", "center", "latent", "unit", "between", "top", "x"]),
    values,
    st.floats(-1e3, 1e3),
)
def test_whatever_is_written_moves_or_is_one_error(key: str, values: Any, time: float) -> None:
    with contextlib.suppress(PresetError):
        preset = BASE.replace(**{f"animate.{key}": values})
        assert parse_preset(preset.to_toml()) == preset
        preset.at(time)


def test_the_order_of_keys_makes_no_difference() -> None:
    a, b = ("view.extent", (1, 2)), ("network.depth", (1, 2))
    assert Animate((a, b)) == Animate((b, a))

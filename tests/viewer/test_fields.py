"""The keys of a preset as the fields of a panel."""

import math

import pytest
from seers import grey

from cppn_gl.preset.given import given
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import TABLES, TOP, Preset
from cppn_gl.preset.show import VIEWS
from cppn_gl.preset.tables import fields_of
from cppn_gl.utils.checks import Integer, Number, PresetError
from cppn_gl.viewer import fields
from cppn_gl.viewer.explorer import titled
from cppn_gl.viewer.fields import Field

FIELDS = {field.dotted: field for field in fields.fields()}
SLIDERS = [field for field in FIELDS.values() if field.widget == "slider"]
GIVEN = """
format = 1
[network]
inputs = ["x", "y"]
[[network.layers]]
weight = [[1.0, 0.5], [0.25, -1.0]]
bias = [0.0, 0.1]
activation = "tanh"
[[network.layers]]
weight = [[1.0, 0.5], [0.25, -1.0], [2.0, 1.0]]
bias = [0.0, 0.1, 0.2]
activation = "sigmoid"
"""


def ids(field: Field) -> str:
    return field.dotted


def test_every_key_of_every_table_has_a_widget_and_help() -> None:
    keys = {f"{table}.{one.name}" for table in TABLES for one in fields_of(table)}
    assert set(FIELDS) == (keys | set(TOP)) - set(fields.NOT_EDITED)
    for field in FIELDS.values():
        assert field.widget in fields.WIDGETS, field.dotted
        assert field.help, field.dotted
        assert field.label, field.dotted


@pytest.mark.parametrize("start", [Preset(), grey()])
def test_every_key_that_fits_is_in_one_group_for_every_view(start: Preset) -> None:
    sees = start.classifies
    for view in (row for row in VIEWS.values() if row.images in (sees, None)):
        preset = start.replace(**{"show.view": view.name})
        listed = [one.dotted for group in fields.groups(preset) for one in group.fields]
        tables = {one.rpartition(".")[0] for one in listed}
        assert len(listed) == len(set(listed))
        assert tables & set(fields.PLANE) == (set() if sees else set(fields.PLANE))
        assert ("preprocess" in tables) == sees
        other = {row.name for row in VIEWS.values() if row.images is (not sees)}
        assert not tables & other
        left_out = {f for f in FIELDS if f.rpartition(".")[0] in tables} - set(listed)
        assert (
            left_out <= {*fields.HEAD, *fields.PLANE_KEYS} if sees else left_out <= {*fields.HEAD}
        )


def test_the_views_own_table_comes_after_the_common_keys_and_others_are_folded() -> None:
    surface = fields.groups(Preset().replace(**{"show.view": "surface"}))
    assert [group.name for group in surface[:3]] == ["common", "surface", "network"]
    assert [one.dotted for one in surface[0].fields] == list(fields.COMMON)
    folded = {group.name for group in surface if group.other}
    assert "surface" not in folded
    assert "volume" in folded
    assert "sweep" not in folded
    sheet = fields.groups(Preset().replace(**{"show.view": "sheet"}))
    assert sheet[1].name == "sweep"


@pytest.mark.parametrize("field", SLIDERS, ids=ids)
def test_a_sliders_range_is_allowed_and_useful(field: Field) -> None:
    low, high = field.slider
    assert isinstance(field.check, Integer | Number)
    assert field.check.low <= low < high <= field.check.high
    if field.factor:
        assert low > 0
        assert high / low <= 1e5
    else:
        assert high - low <= 600
    default = fields.value(Preset(), field)
    if default is not None:
        assert low <= default <= high


@pytest.mark.parametrize("field", SLIDERS, ids=ids)
def test_places_of_a_slider_and_their_values_agree(field: Field) -> None:
    ends = field.slider
    for where in (0, 0.2, 0.5, 0.83, 1):
        number = fields.at_place(field, where, ends)
        assert field.check(number) == number
        step = 0.5 / (ends[1] - ends[0]) if field.whole and not field.factor else 0.006
        if field.factor and field.whole:  # the next whole number
            step += 0.5 / number / math.log(ends[1] / ends[0])
        assert math.isclose(fields.place(field, number, ends), where, abs_tol=step)


@pytest.mark.parametrize("field", SLIDERS, ids=ids)
def test_steps_stay_in_range_and_can_be_undone(field: Field) -> None:
    preset = Preset()
    start = fields.at_place(field, 0.5, field.slider)
    for steps in (1, -1, 5):
        moved = fields.stepped(field, start, steps, preset)
        assert field.check(moved) == moved
        assert (moved > start) == (steps > 0)
    for steps in (-500, 500):
        assert field.check(fields.stepped(field, start, steps, preset)) is not None


def test_a_slider_extends_to_a_value_outside_its_range() -> None:
    depth = FIELDS["network.depth"]
    assert fields.span(depth, 60, Preset()) == (1, 60)
    scale = FIELDS["network.weight_scale"]
    assert fields.span(scale, 0.0, Preset()) == scale.slider  # a logarithm of 0 has no place
    assert fields.place(scale, 0.0, scale.slider) == 0
    layer = FIELDS["units.layer"]
    assert fields.span(layer, 0, load_preset("neylon-27")) == (0, 27)


def test_choices_and_flags_step_cyclically() -> None:
    init = FIELDS["network.init"]
    first, last = init.choices[0], init.choices[-1]
    assert fields.stepped(init, last, 1, Preset()) == first
    assert fields.stepped(FIELDS["color.invert"], False, 1, Preset()) is True
    assert fields.stepped(FIELDS["network.bias_scale"], None, 1, Preset()) > 1


def test_what_was_changed_can_be_restored() -> None:
    loaded = load_preset("neylon-27")
    preset = loaded.replace(depth=5, weight_scale=0.9, extent=7)
    preset = preset.replace(**{"animate.network.weight_scale": (0.1, 0.5), "title": "mine"})
    marked = [one for one in FIELDS.values() if fields.changed(preset, loaded, one)]
    assert {one.dotted for one in marked} == {
        *("network.depth", "network.weight_scale", "view.extent", "animate.moving", "title")
    }
    assert preset.replace(**fields.restored(preset, loaded, marked)) == loaded


def test_what_is_only_looked_at_is_not_changed() -> None:
    loaded = load_preset("neylon-27")
    looked = loaded.replace(**{"units.unit": (3, 7), "show.layer": 4})
    assert looked != loaded
    assert not fields.edited(looked, loaded)
    seeded = titled(looked.replace(seed=1), loaded)
    assert seeded.title != loaded.title
    assert fields.edited(seeded, loaded)
    marked = [one.dotted for one in FIELDS.values() if fields.changed(seeded, loaded, one)]
    assert marked == ["network.seed"]
    assert fields.edited(loaded.replace(**{"units.connections": True}), loaded)
    assert fields.edited(loaded.replace(title="mine"), loaded)
    assert fields.edited(given(loaded), loaded)


def test_a_seed_that_determines_nothing_is_fixed() -> None:
    seed, drawn = FIELDS["network.seed"], load_preset("neylon-27")
    assert not fields.fixed(drawn, seed)
    assert fields.fixed(given(drawn), seed)
    latent = drawn.replace(inputs=["x", "y", "z0"])
    assert not fields.fixed(latent, seed)


def test_keys_without_effect_say_why() -> None:
    plain = Preset()
    why = {name: fields.idle(plain, field) for name, field in FIELDS.items()}
    assert why["animation.ending"] == "no key is animated"
    assert "cos_t" in why["animation.loop"]
    assert why["normalize.gain"]
    assert why["sweep.rows"]
    assert not any(why[name] for name in (*fields.COMMON, "normalize.which", "title"))
    assert not fields.idle(plain.replace(inputs=["x", "cos_t"]), FIELDS["animation.loop"])
    moving = plain.replace(**{"animate.network.weight_scale": (0.1, 0.5)})
    names = ("loop", "duration", "ending", "easing", "spacing")
    assert not any(fields.idle(moving, FIELDS[f"animation.{name}"]) for name in names)
    assert fields.idle(plain.replace(depth=1), FIELDS["network.activation"])
    assert why["network.period"] == "no input is periodic, as sin_x"
    assert not fields.idle(plain.replace(inputs=["x", "cos_3y"]), FIELDS["network.period"])
    assert not why["color.dither"]
    for flat in ({"inks": 4}, {"mapping": "plates"}):
        assert "inks" in fields.idle(plain.replace(**flat), FIELDS["color.dither"])


def test_restoring_the_depth_restores_its_list_of_activations() -> None:
    loaded = Preset().replace(depth=4, activation=["tanh", "sin", "relu"])
    preset = loaded.replace(depth=2)
    keys = fields.restored(preset, loaded, [FIELDS["network.depth"]])
    assert preset.replace(**keys) == loaded


def test_a_given_network_fixes_the_keys_that_draw_one() -> None:
    preset = parse_preset(GIVEN)
    fixed = {name for name, field in FIELDS.items() if fields.fixed(preset, field)}
    assert "network.depth" in fixed
    assert "network.inputs" not in fixed
    assert all(name.startswith("network.") for name in fixed)
    facts = {name: fields.fact(preset, FIELDS[name]) for name in fixed}
    assert facts["network.depth"] == "2"
    assert facts["network.width"] == "2"
    assert facts["network.activation"] == "tanh"
    assert facts["network.init"] == ""
    assert not fields.changed(preset, Preset(), FIELDS["network.depth"])


def test_unset_keys_have_an_automatic_value_if_another_key_gives_it() -> None:
    preset = Preset().replace(weight_scale=0.7, inputs=["x", "y", "z0"])
    values = {
        name: fields.automatic(preset, field) for name, field in FIELDS.items() if field.optional
    }
    assert values["network.bias_scale"] == 0.7
    assert values["animation.duration"] == preset.animation.loop
    assert len(values["network.latent"]) == 1
    assert values["network.period"] == 2 * math.pi
    assert values["network.between"] is None


@pytest.mark.parametrize("name", list(shipped()))
def test_values_of_shipped_presets_are_shown_and_read_again(name: str) -> None:
    preset = load_preset(name)
    for field in FIELDS.values():
        number = fields.value(preset, field)
        if field.widget in ("slider", "seed") and number is not None:
            assert fields.shown(number)
            assert fields.typed(field, fields.written(number)) == number


def test_switches_and_no_inks_are_shown_in_words() -> None:
    assert [fields.shown(on) for on in (True, False, 1)] == ["on", "off", "1"]
    inks = FIELDS["color.inks"]
    assert [fields.chosen(inks, n) for n in inks.choices[:2]] == ["none", "2"]
    assert fields.chosen(FIELDS["network.activation"], "leaky_relu") == "leaky relu"


def test_typed_text_becomes_a_value_or_is_refused_by_the_check() -> None:
    depth, scale = FIELDS["network.depth"], FIELDS["network.weight_scale"]
    assert fields.typed(depth, " 12 ") == 12
    assert fields.typed(depth, "12.0") == 12
    assert fields.typed(scale, "0,5") == 0.5
    assert fields.typed(scale, ".5") == 0.5
    assert fields.typed(FIELDS["animation.speed"], "−2") == -2
    assert fields.typed(FIELDS["network.bias_scale"], "") is None
    for text in ("many", "1e9", ""):
        with pytest.raises(PresetError):
            Preset().replace(**{"network.depth": fields.typed(depth, text)})


def test_search_finds_names_help_and_choices() -> None:
    found = {
        text: {n for n, f in FIELDS.items() if f.matches(text)}
        for text in ("", "weight", "glorot", "camera azimuth", "nothing like this")
    }
    assert found[""] == set(FIELDS)
    assert "network.weight_scale" in found["weight"]
    assert found["glorot"] == {"network.init"}
    turned = {"surface.turn", "volume.turn", "warp.turn", "loss_landscape.turn"}
    assert found["camera azimuth"] == turned
    assert not found["nothing like this"]

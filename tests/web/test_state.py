"""The state of a page: changes, moments in time, TOML and words, as Python has them."""

import dataclasses
import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from browser import modules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cppn_gl.nn.draws import MAX_SEED, SEED, seed_words
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.output.web.description import VIEWS, alone, check_page, describe, describe_network
from cppn_gl.preset.library import load_preset, names
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError

pytestmark = pytest.mark.browser

# Big integers and float32 arrays as what Python can read.
_SHOW = """(value) => JSON.stringify(value, (_, one) =>
    typeof one === "bigint" ? String(one) : one instanceof Float32Array ? Array.from(one) : one)"""


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """A page with the modules, for all tests of this file: they leave nothing behind."""
    context = browser.new_context()
    page = modules(context.new_page())
    yield page
    context.close()


def told(tab: Any, code: str, *arguments: Any) -> Any:
    """What a function of JavaScript returns, with integers of any size as strings."""
    return json.loads(tab.evaluate(f"async (all) => ({_SHOW})(await ({code})(...all))", arguments))


def plain_description(preset: Preset, time: float = 0.0) -> dict[str, Any]:
    return describe(Shot(preset, (64, 36), time))


SPEC = {
    "weight_scale": "weightScale",
    "bias_scale": "biasScale",
    "output_activation": None,
    "activation": None,
}


def expected_moment(preset: Preset, time: float) -> dict[str, Any]:
    """The moment of a preset of a random network, as JavaScript has it."""
    now = preset.at(time)
    network = describe_network(now)
    spec = {SPEC.get(name, name): value for name, value in network.items()}
    spec.pop(None)
    spec["activations"] = [*network["activation"], network["output_activation"]]
    how = now.normalize
    normalize = {
        "which": how.which,
        "regionCenter": list(how.region_center),
        "regionExtent": how.region_extent,
        "grid": how.grid,
        "gain": how.gain,
        "gainSpread": how.gain_spread,
        "shift": how.shift,
        "shiftSpread": how.shift_spread,
    }
    clock = now.animation.clock(time)
    return {
        "spec": spec,
        "view": {"center": list(now.view.center), "extent": now.view.extent},
        "clock": {"time": clock.time, "speed": clock.speed, "loop": clock.loop},
        "normalize": None if how.which == "none" else normalize,
        "hue": now.color.hue,
        "inks": now.color.inks,
        "isolines": now.color.isolines,
    }


MOMENTS = """(description, times) => {
  const preset = modules.preset.presetOf(description);
  return times.map((time) => {
    const { spec, view, clock, color, normalize } = preset.at(time);
    delete spec.normalized;
    const { hue, inks, isolines } = color;
    return { spec, view, clock, normalize, hue, inks, isolines };
  });
}"""


def agree(tab: Any, preset: Preset, times: list[float]) -> None:
    found = told(tab, MOMENTS, plain_description(preset), times)
    for time, moment in zip(times, found, strict=True):
        assert moment == expected_moment(preset, time), time


TIMES = [0.0, 0.3, 1.7, 5.999, 6.0, 11.5, 12.0, 12.25, 19.0, 24.0, 31.4, -0.7, -13.1, 1e6 + 0.1]


def moving(**table: Any) -> Preset:
    """The default preset with an [animate] table, whose keys have "__" for dots."""
    keys = {f"animate.{name.replace('__', '.')}": values for name, values in table.items()}
    return load_preset().replace(**keys)


@pytest.mark.parametrize("ending", ["bounce", "loop", "repeat", "stop"])
@pytest.mark.parametrize("easing", ["linear", "smooth", "in", "out"])
def test_animated_keys_have_pythons_values(tab: Any, ending: str, easing: str) -> None:
    preset = moving(
        network__weight_scale=[0.4, 0.8, 0.3],
        network__depth=[3, 12, 5],
        view__center=[[0.0, 1], [2.5, -1.0]],
        view__extent=[0.01, 100.0],
        color__hue=[10.0, 350.0],
        color__inks=[2, 6],
        animation__ending=None,
    ) if False else moving(
        network__weight_scale=[0.4, 0.8, 0.3],
        network__depth=[3, 12, 5],
        view__center=[[0.0, 1], [2.5, -1.0]],
        view__extent=[0.01, 100.0],
        color__hue=[10.0, 350.0],
        color__inks=[2, 6],
    )
    changes = {"animation.ending": ending, "animation.easing": easing, "animation.duration": 6.5}
    agree(tab, preset.replace(**changes), TIMES)

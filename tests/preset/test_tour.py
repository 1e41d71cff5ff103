"""The tour: every figure of the essay, in its order, each with a caption."""

import pytest

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS
from cppn_gl.preset.tour import KEYS, Step, caption, figures, shown, steps

TOUR = steps()


def test_every_figure_has_a_step_in_its_order() -> None:
    assert {step.figure for step in TOUR} == set(range(1, 21))
    keys = [(step.figure, step.preset.name) for step in TOUR]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert all(step.preset == load_preset(step.preset.name) for step in TOUR)


def test_a_preset_that_shows_two_figures_is_two_steps() -> None:
    for name in shipped():
        preset = load_preset(name)
        mine = [step.figure for step in TOUR if step.preset.name == name]
        assert mine == sorted(figures(preset))


@pytest.mark.parametrize(
    ("text", "parts", "numbers"),
    [
        ("", [], []),
        ("Figure 3", ["Figure 3"], [3]),
        ("Figure 11; Figure 17", ["Figure 11", "Figure 17"], [11, 17]),
        (" Figure 2 ;; tie-dye ", ["Figure 2", "tie-dye"], [2]),
        (
            "Figure 2b; a Figure 4; figure 5; Figure",
            ["Figure 2b", "a Figure 4", "figure 5", "Figure"],
            [],
        ),
    ],
)
def test_what_a_preset_shows(text: str, parts: list[str], numbers: list[int]) -> None:
    preset = Preset(shows=text)
    assert shown(preset) == parts
    assert figures(preset) == numbers


def test_captions() -> None:
    preset = Preset(title="A title", description=" What to see. \n", name="name")
    assert caption(Step(7, preset), 3, 20) == ["3 of 20   Figure 7: A title", "What to see.", KEYS]
    assert caption(Step(7, Preset(name="name")), 1, 1) == ["1 of 1   Figure 7: name", KEYS]


@pytest.mark.parametrize("step", TOUR, ids=lambda step: f"{step.figure}-{step.preset.name}")
def test_each_step_says_what_to_see(step: Step) -> None:
    heading, words, keys = caption(step, 1, len(TOUR))
    assert keys == KEYS
    assert step.preset.title in heading
    assert len(words) > 20
    assert step.preset.show.view in VIEWS

"""Captions of a tour: that of the step shown, also after going back, and none outside the tour."""

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.tour import Step, caption
from cppn_gl.viewer.captions import Captions
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.preset_list import list_of

TOUR = [
    Step(11, load_preset("neylon-27")),
    Step(12, load_preset("neylon-40")),
    Step(17, load_preset("neylon-27")),
]


def on_tour(number: int = 1) -> Explorer:
    explorer = Explorer(TOUR[number - 1].preset)
    explorer.presets = list_of([step.preset for step in TOUR], number)
    return explorer


def test_each_step_has_its_own_though_two_show_one_preset() -> None:
    captions = Captions(TOUR)
    for number, step in enumerate(TOUR, 1):
        assert captions.of(on_tour(number)) == caption(step, number, 3)


def test_it_goes_with_the_preset_forwards_and_back() -> None:
    captions, explorer = Captions(TOUR), on_tour()
    explorer.act("next_preset")
    assert "Figure 12" in captions.of(explorer)[0]
    explorer.act("deeper")  # which is still about it
    assert "Figure 12" in captions.of(explorer)[0]
    explorer.act("history_back")
    explorer.act("history_back")
    assert "Figure 11" in captions.of(explorer)[0]


def test_what_is_no_step_has_none_and_without_a_tour_there_are_none() -> None:
    assert Captions(TOUR).of(Explorer(load_preset("default"))) == []
    assert Captions().of(on_tour()) == []

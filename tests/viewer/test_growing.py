"""Pictures that grow in the window: the thread, and the explorer's actions."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from desktop import wait_for
from small_eyes import preset

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.viewer import growing as growing_thread
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import growing
from cppn_gl.viewer.growing import growth_in, growths_in, step_of


def grows(**keys: Any) -> Preset:
    small = {"synthesis.size": 16, "synthesis.steps": 6, "show.view": "synthesis"}
    return preset().replace(**{**small, "channels.unit": (4, 2), **keys})


@pytest.fixture
def explore() -> Iterator[Callable[[Preset], Explorer]]:
    explorers: list[Explorer] = []

    def start(of: Preset) -> Explorer:
        explorers.append(Explorer(of))
        return explorers[-1]

    yield start
    for explorer in explorers:
        explorer.growing.close()


def reach(explorer: Explorer, step: int) -> None:
    """Turn the loop until a step is shown."""

    def look() -> bool:
        explorer.follow_growth()
        return step_of(explorer.preset) == step and not explorer.growing.busy

    wait_for(look, f"step {step}")


def test_it_grows_from_step_0_to_the_presets_own(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows())
    assert step_of(of.preset) == 0
    assert of.growing.playing
    reach(of, 6)
    assert of.growing_words() == "grown to step 6; L goes on"
    assert not of.growing.playing
    assert len(of.history) == 1  # a step is no step of the history
    grown = growth_in(of.preset)
    assert of.growing.growth is grown
    assert grown.ready(6)
    assert growing(of) == (("step 6", "paused"),)


def test_it_pauses_goes_on_and_steps(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows(**{"synthesis.steps": 2}))
    reach(of, 2)
    of.train_step()
    reach(of, 3)
    of.train_step(large=True)
    reach(of, 13)
    of.train_back()
    reach(of, 3)
    of.train_reset()
    reach(of, 0)
    of.train()
    assert of.message == "growing"
    wait_for(lambda: of.follow_growth() or step_of(of.preset) > 3, "some steps")
    of.train()
    assert of.message == "paused"
    assert not of.growing.playing


def test_another_channel_and_other_noise_begin_their_own(
    explore: Callable[[Preset], Explorer],
) -> None:
    of = explore(grows())
    reach(of, 6)
    of.wider()
    assert step_of(of.preset) == 0
    assert of.unit == (4, 3)
    reach(of, 6)
    of.random_seed()
    assert of.message == "other noise"
    assert of.preset.options(SynthesisOptions).seed
    reach(of, 6)
    assert len(of.history) == 3
    of.history_back()
    assert step_of(of.preset) == 6
    reach(of, 6)


def test_what_is_shown_needs_no_waiting(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows())
    reach(of, 6)
    far = grows(**{"synthesis.steps": 5000})
    near = of.growth_shown(far)
    assert 6 <= step_of(near) < 5000  # the growth is shared
    assert growth_in(near).ready(step_of(near))
    assert np.array_equal(growth_in(near).pixels(6), growth_in(grows()).pixels(6))
    other = grows(**{"channels.unit": (4, 4)})
    assert step_of(of.growth_shown(other)) == 0


def test_a_preset_that_moves_in_time_follows_the_time(
    explore: Callable[[Preset], Explorer],
) -> None:
    of = explore(grows(**{"animate.synthesis.steps": [0, 4], "animation.duration": 2.0}))
    assert not of.growing.playing
    of.train()
    assert "the time says which step is shown" in of.message
    of.time = 2.0
    wait_for(lambda: of.follow_growth() or of.growing.ready_step(of.moment) == 4, "step 4")


def test_another_view_stands_still(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows(**{"synthesis.steps": 100_000}))
    of.follow_growth()
    of.change(**{"show.view": "channels"})
    assert not of.growing.playing
    of.follow_growth()
    assert not of.growing.busy
    of.train()
    assert of.message != "growing"
    of.change(**{"show.view": "synthesis"})
    assert of.growing.playing


@pytest.mark.parametrize("held", [growing_thread.HELD, 0])
def test_a_sheet_is_shown_early_and_then_whole(
    held: int, explore: Callable[[Preset], Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_thread, "HELD", held)
    sheet = grows(
        **{"synthesis.form": "sheet", "synthesis.steps": 12, "synthesis.seed": 5 + held % 7}
    )
    of, seen = explore(sheet), set()
    assert step_of(of.preset) == 12

    def look() -> bool:
        of.follow_growth()
        seen.add(step_of(of.growth_shown(of.preset)))
        return 12 in seen

    wait_for(look, "the whole sheet")
    assert seen <= {0, 2, 12}
    assert all(growth.ready(12) for growth in growths_in(sheet))
    assert not of.growing.busy
    of.train()
    assert of.message != "growing"


def test_what_cannot_grow_is_told(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows(**{"synthesis.of": "direction"}))
    wait_for(lambda: of.follow_growth() or of.growing.problem, "a problem")
    assert "synthesis.direction: empty" in of.growing.problem
    of.change(**{"synthesis.of": "channel"})
    reach(of, 6)
    assert of.growing.problem == ""


def test_other_classes_grow_by_the_keys_of_channels(explore: Callable[[Preset], Explorer]) -> None:
    of = explore(grows(**{"synthesis.of": "class", "synthesis.class_name": "dog"}))
    reach(of, 6)
    of.wider()
    assert of.message == "class 3: cup of coffee"
    assert step_of(of.preset) == 0
    of.narrower(large=True)
    assert of.message == "class 1: cat"
    reach(of, 6)

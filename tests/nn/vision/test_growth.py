"""Growths: any step in any order, bounds of memory, files to go on from."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_eyes import preset

from cppn_gl.nn.vision import feature_files, growth
from cppn_gl.nn.vision.growth import Growth, feature_of, growth_of
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.nn.vision.running import finished
from cppn_gl.nn.vision.synthesis import Ascent


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder, and nothing remembered."""
    monkeypatch.setattr(feature_files, "folder", lambda: tmp_path / "features")
    growth._pictures.clear()
    growth._growths.clear()
    return tmp_path / "features"


def network() -> ImageNetwork:
    found = preset().network()
    assert isinstance(found, ImageNetwork)
    return found


def ascent(**keys: Any) -> Ascent:
    recipe = Recipe(**{"size": 16, "jitter": 2.0, **keys})
    return Ascent(network(), preset().preprocess, recipe, (4, 2))


def straight(of: Ascent, steps: int) -> np.ndarray:
    state = of.first()
    for _ in range(steps):
        state = finished(of.step(state))
    pixels: np.ndarray = of.pixels(state)
    return pixels


def forget() -> None:
    growth._pictures.clear()
    growth._growths.clear()


def test_steps_are_the_same_in_any_order() -> None:
    of = ascent()
    grown = Growth(of)
    expected = {step: straight(of, step) for step in (0, 3, 9, 12)}
    for step in (9, 3, 12, 0, 9):
        assert np.array_equal(grown.pixels(step), expected[step])
        assert grown.ready(step)
    assert grown.step == 12
    assert len(grown.values(12)) == 12
    assert len(grown.values(5)) == 5
    assert np.isfinite(grown.values(12)).all()


def test_states_thin_out_within_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    of = ascent()
    monkeypatch.setattr(growth, "MEMORY", 5 * of.first().nbytes)
    monkeypatch.setattr(growth, "_pictures", growth.LRUCache(1))
    grown = Growth(of)
    list(grown.prepare(30))
    assert len(grown.snapshots) <= 6
    assert {0, 30} <= set(grown.snapshots)
    assert np.array_equal(grown.pixels(11), straight(of, 11))


def test_progress_goes_from_0_to_1() -> None:
    found = list(Growth(ascent()).prepare(5))
    assert found == sorted(found)
    assert found[-1] == 1
    assert 0 <= found[0] < 0.1


def test_threads_find_the_same() -> None:
    of = ascent()
    grown, found = Growth(of), {}

    def ask(step: int) -> None:
        found[step] = grown.pixels(step)

    threads = [threading.Thread(target=ask, args=(step,)) for step in (4, 9, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for step in (4, 6, 9):
        assert np.array_equal(found[step], straight(of, step))


def test_a_finished_picture_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Growth(ascent())
    pixels, values = first.pixels(6), first.values(6)
    forget()
    monkeypatch.setattr(Ascent, "step", None)  # nothing can be made
    again = Growth(ascent())
    assert list(again.prepare(6)) == []
    assert np.array_equal(again.pixels(6), pixels)
    assert np.array_equal(again.values(6), values)
    assert growth_of(network(), preset().preprocess, ascent().recipe, (4, 2)).pixels(6).shape


def test_at_rest_it_keeps_no_more_than_the_state_from_which_it_goes_on() -> None:
    of, expected = Growth(ascent()), straight(ascent(), 7)
    of.pixels(4)
    state = of._newest
    assert state is not None
    assert of.rest(4, goes_on=True) == state.nbytes
    assert of.snapshots == (0, 4)
    assert np.array_equal(of.pixels(7), expected)
    assert of.rest(7) == 0
    assert of.snapshots == (0,)


def test_a_long_growth_that_was_interrupted_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    of = ascent()
    monkeypatch.setattr(growth, "SAVED", 0.0)
    work = Growth(of).prepare(20)
    while next(work) < 0.5:
        pass
    work.close()  # as by a signal
    forget()
    steps: list[int] = []
    step = Ascent.step

    def counted(self: Ascent, state: Any) -> Any:
        steps.append(state.step)
        return step(self, state)

    monkeypatch.setattr(Ascent, "step", counted)
    again = Growth(ascent())
    assert np.array_equal(again.pixels(20), straight(of, 20))
    assert min(steps[: -20 or None]) >= 9
    assert len(again.values(20)) == 20


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 nonsense", None])
def test_a_damaged_file_counts_as_none(files: Path, damage: bytes | None) -> None:
    of = ascent()
    Growth(of).pixels(4)
    (file,) = files.iterdir()
    file.write_bytes(file.read_bytes()[:-40] if damage is None else damage)
    forget()
    assert np.array_equal(Growth(of).pixels(4), straight(of, 4))


def test_the_oldest_files_are_removed(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Growth(ascent()).pixels(2)
    (one,) = files.iterdir()
    monkeypatch.setattr(feature_files, "MOST", 2.5 * one.stat().st_size)
    for seed in range(1, 5):
        Growth(ascent(seed=seed)).pixels(2)
    assert 1 <= len(list(files.iterdir())) <= 2


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_files, "folder", lambda: None)
    of = ascent()
    assert np.array_equal(Growth(of).pixels(3), straight(of, 3))


def test_the_feature_of_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "Recipe", lambda **keys: Recipe(**{"steps": 3, **keys}))
    work = feature_of(network(), preset().preprocess, 3, 1, 24)
    assert finished(work).shape == (24, 24, 3)


def test_a_coordinate_network_is_kept_with_its_picture(files: Path) -> None:
    how = {"basis": "network", "network_depth": 3, "network_width": 5}
    made = Growth(ascent(**how))
    pixels, drawn = made.pixels(3), made.network(3)
    assert drawn is not None
    assert drawn.depth == 3
    forget()
    again = Growth(ascent(**how))
    assert list(again.prepare(3)) == []  # nothing was to be done
    found = again.network(3)
    assert found is not None
    assert found.digest == drawn.digest
    assert np.array_equal(again.pixels(3), pixels)
    assert Growth(ascent()).network(0) is None


def test_two_that_ask_in_turns_do_no_step_twice() -> None:
    of = ascent()
    grown = Growth(of)
    grown.pixels(16)
    far = {k: grown._states[k] for k in (0, 8)}
    grown._spacing, grown._states = 32, far  # as of a long growth: those kept lie far apart
    forget()
    works = {step: grown.prepare(step) for step in (6, 14)}
    told: dict[int, list[float]] = {step: [] for step in works}
    while works:
        for step, work in list(works.items()):
            fraction = next(work, None)
            if fraction is None:
                del works[step]
            else:
                told[step].append(fraction)
    for step, fractions in told.items():
        assert fractions == sorted(fractions)
        assert np.array_equal(grown.pixels(step), straight(of, step))

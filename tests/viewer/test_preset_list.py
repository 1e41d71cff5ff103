"""The list that P and the digits choose from."""

import pytest

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.preset_list import PresetList, list_of


def named(name: str) -> Preset:
    return Preset(name=name).replace(seed=ord(name[0]))


PRESETS = [named(name) for name in ("a", "b", "c")]


def walk(presets: PresetList, by: int, steps: int, name: str = "") -> list[str]:
    return [presets.take(presets.next(by, name)).name for _ in range(steps)]


def test_round_and_round_either_way() -> None:
    assert walk(list_of(PRESETS, 1), 1, 4) == ["b", "c", "a", "b"]
    assert walk(list_of(PRESETS, 1), -1, 4) == ["c", "b", "a", "c"]
    assert walk(list_of(PRESETS, 3), 1, 2) == ["a", "b"]


def test_from_a_preset_by_its_name_until_one_is_chosen() -> None:
    presets = PresetList([lambda p=preset: p for preset in PRESETS])
    assert (len(presets), presets.number) == (3, 0)
    assert presets.next(1, "b") == 3
    assert presets.next(-1, "b") == 1
    presets.take(1)
    assert presets.next(1, "b") == 2


def test_from_a_preset_that_is_none_of_them_to_the_first_or_last() -> None:
    presets = PresetList([lambda p=preset: p for preset in PRESETS])
    assert presets.next(1, "other") == 1
    assert presets.next(-1, "other") == 3


@pytest.mark.parametrize("number", [-1, 0, 4, 9])
def test_a_number_that_there_is_not(number: int) -> None:
    presets = list_of(PRESETS, 2)
    with pytest.raises(PresetError, match=r"^there are 3 presets$"):
        presets.take(number)
    assert presets.number == 2


def test_an_empty_list() -> None:
    presets = PresetList()
    assert presets.next(1, "a") == 0
    with pytest.raises(PresetError, match="there are 0 presets"):
        presets.take(presets.next(1, "a"))


def test_a_broken_preset_is_chosen_and_passed_over() -> None:
    def broken() -> Preset:
        raise PresetError("broken")

    presets = PresetList([lambda: PRESETS[0], broken, lambda: PRESETS[2]])
    assert presets.next(1, "c") == 1  # found, though one on the way is broken
    presets.take(1)
    with pytest.raises(PresetError, match="broken"):
        presets.take(presets.next(1, ""))
    assert presets.take(presets.next(1, "")).name == "c"


def test_one_that_stands_twice_is_two_steps() -> None:
    presets = list_of([PRESETS[0], PRESETS[1], PRESETS[0]], 3)
    assert presets.number == 3
    assert walk(presets, -1, 3) == ["b", "a", "a"]
    assert presets.number == 3

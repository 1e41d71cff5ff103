"""Gradient ascent: its gradient, its objectives, its determinism, and what it refuses."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from small_eyes import CLASSES, nodes, preset

from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.parametrisation import State
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.nn.vision.running import NumPyKernel, finished, under
from cppn_gl.nn.vision.synthesis import Ascent
from cppn_gl.nn.vision.target import class_index
from cppn_gl.utils.checks import PresetError

PICTURE = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)


def ascent(order: str = "rgb", unit: tuple[int, int] = (4, 2), **keys: Any) -> Ascent:
    of = preset(order)
    network = of.network()
    assert isinstance(network, ImageNetwork)
    recipe = Recipe(**{"size": 20, "jitter": 3.0, **keys})
    return Ascent(network, of.preprocess, recipe, unit, PICTURE)


def after(of: Ascent, steps: int, state: State | None = None) -> State:
    state = state or of.first()
    for _ in range(steps):
        state = finished(of.step(state))
    return state


OBJECTIVES: list[dict[str, Any]] = [
    {},
    {"of": "unit"},
    {"activated": True, "unit": (3, 3)},
    {"of": "class", "class_name": "dog"},
    {"of": "layer", "unit": (5, 1)},
    {"of": "direction", "direction": ((3, 1, 1.0), (4, 2, -0.5), (4, 2, 2.0), (1, 3, 1.5))},
]


@pytest.mark.parametrize("keys", OBJECTIVES)
@pytest.mark.parametrize("order", ["rgb", "bgr", "grey"])
def test_the_gradient_is_that_of_the_objective_by_the_picture(
    keys: dict[str, Any], order: str
) -> None:
    of, rng = ascent(order, **keys), np.random.default_rng(7)
    picture = rng.uniform(0.2, 0.8, (3, 20, 20)).astype(np.float32)
    _, gradient = finished(of.gradient(picture))
    along = rng.normal(size=picture.shape).astype(np.float32)
    high, low = (finished(of.gradient(picture + s * along))[0] for s in (3e-4, -3e-4))
    expected = float(np.sum(gradient * along, dtype=np.float64))
    assert (high - low) / 6e-4 == pytest.approx(expected, rel=0.08, abs=0.01)


@pytest.mark.parametrize(
    "keys",
    [
        *OBJECTIVES,
        {"basis": "pixels"},
        {"basis": "pixels", "start": "scales", "octaves": 3, "octave_steps": 4},
        {"basis": "pixels", "start": "picture", "rate": 0.05},
        {"start": "picture", "scale": 0.0, "rotation": 0.0},
    ],
)
def test_a_picture_excites_more_the_longer_it_grows(keys: dict[str, Any]) -> None:
    of = ascent(**keys)
    first, last = of.first(), after(of, 20)
    values = [finished(of.gradient(of.picture(state)))[0] for state in (first, last)]
    assert values[1] > values[0]
    picture = of.picture(last)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1
    assert of.pixels(last).shape == (*of.parameters.size(20), 3)


@pytest.mark.parametrize("basis", ["fourier", "pixels"])
def test_steps_are_pure(basis: str) -> None:
    of, other = ascent(basis=basis, fade=5), ascent(basis=basis, fade=5, steps=7)
    state = after(of, 4)
    before = [array.copy() for array in state.arrays]
    whole = after(of, 6, state)
    assert all(map(np.array_equal, before, state.arrays))
    assert all(map(np.array_equal, whole.arrays, after(other, 10).arrays))
    assert whole.value == after(of, 10).value
    assert of.digest == other.digest


def test_other_seeds_recipes_and_pictures_are_other_growths() -> None:
    plain = ascent().digest
    different: list[dict[str, Any]] = [
        {"seed": 1},
        {"unit": (4, 1)},
        {"decay": 0.5},
        {"of": "unit"},
        {"start": "picture"},
        {"size": 21},
    ]
    assert len({plain, *(ascent(**keys).digest for keys in different)}) == len(different) + 1
    assert not np.array_equal(ascent().first().arrays[0], ascent(seed=1).first().arrays[0])


def test_octaves_grow_from_the_smallest() -> None:
    of = ascent(basis="pixels", start="picture", size=32, octaves=3, octave_steps=2)
    sizes = [of.parameters.size(step) for step in range(7)]
    assert sizes == [(11, 16), (11, 16), (15, 23), (15, 23), (21, 32), (21, 32), (21, 32)]
    assert [of.pixels(after(of, step)).shape[:2] for step in (0, 2, 5)] == sizes[0:5:2]


def test_a_network_with_dense_layers_keeps_its_own_size() -> None:
    from cppn_gl.nn.vision.operations import Linear

    weight = np.random.default_rng(2).normal(size=(3, 5 * 12 * 16)).astype(np.float32)
    last = nodes(ends=False)[-1]._replace(
        name="dense", operation=Linear(weight, np.zeros(3, np.float32)), inputs=(5,)
    )
    network = ImageNetwork.of_nodes([*nodes(ends=False), last], 3, (24, 32))
    of = Ascent(network, preset().preprocess, Recipe(size=50), (7, 1))
    assert of.parameters.size(0) == (24, 32)
    assert Ascent(network, preset().preprocess, Recipe(size=50), (6, 1)).parameters.size(0) == (
        50,
        50,
    )


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"unit": (4, 9)}, "channel 9 of layer 4, which has 4"),
        ({"unit": (12, 1)}, "layer 12; the network has 8"),
        ({"of": "direction"}, "synthesis.direction: empty"),
        ({"of": "direction", "direction": ((9, 1, 1.0),)}, "layer 9; the network has 8"),
        ({"of": "class", "class_name": "6"}, "class 6; the network has classes 1 to 5"),
        ({"of": "class", "class_name": "lighthous"}, "did you mean 'lighthouse'?"),
    ],
)
def test_what_is_not_there_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(PresetError, match=r"synthesis|layer|channel") as caught:
        ascent(**keys)
    assert problem in str(caught.value)


def test_classes_are_found_by_name_and_number() -> None:
    network = preset().network()
    assert isinstance(network, ImageNetwork)
    assert [class_index(network, name) for name in ("", *CLASSES)] == [0, 0, 1, 2, 3, 4]
    assert class_index(network, "Cup of Coffee") == class_index(network, "3") == 2
    assert class_index(network, "coffee") == 2
    for words, problem in (
        ("²", "no class '²'; did"),
        ("6", "class 6; the network has classes 1 to 5"),
    ):
        with pytest.raises(PresetError, match=problem.partition(";")[0]):
            class_index(network, words)
    alike = ImageNetwork.of_nodes(nodes(), 3, (24, 32), ("tabby cat", "tiger cat", "a", "b", "c"))
    with pytest.raises(PresetError, match="2 classes have the word 'cat': tabby cat, tiger cat"):
        class_index(alike, "cat")
    nameless = ImageNetwork.of_nodes(nodes(), 3, (24, 32))
    with pytest.raises(PresetError, match="no number from 1 to 5; the classes have no names"):
        class_index(nameless, "cat")


def test_a_recipe_is_checked_by_its_fields() -> None:
    for field in dataclasses.fields(Recipe):
        assert field.metadata["check"](field.default) == field.default


def test_steps_do_not_depend_on_the_kernel_that_a_view_prefers() -> None:
    asked: list[Any] = []

    class Other(NumPyKernel):
        def forward(self, *given: Any) -> Any:
            asked.append(given)
            return super().forward(*given)

    of = ascent()
    states = [finished(under(kernel, of.step(of.first()))) for kernel in (None, Other())]
    np.testing.assert_array_equal(states[0].arrays[0], states[1].arrays[0])
    assert not asked  # its numbers would be kept in files as those of the best one


def test_a_class_is_no_other_digit() -> None:
    with pytest.raises(PresetError, match="no class"):
        class_index(ascent().network, "²")


def test_values_that_overflow_grow_on_without_warnings() -> None:
    for basis in ("fourier", "pixels", "network"):
        of = ascent(basis=basis, rate=100.0, of="layer", unit=(5, 1))
        state = after(of, 2)
        lost = dataclasses.replace(state, arrays=tuple(a * np.nan for a in state.arrays))
        assert of.pixels(after(of, 1, lost)).dtype == np.uint8

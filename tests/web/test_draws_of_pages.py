"""The draws of web pages are those of Python, to the bit."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripts import big, called, same_bits

from cppn_gl.nn import draws, interpolation
from cppn_gl.nn.draws import MAX_SEED
from cppn_gl.utils import elementary

pytestmark = pytest.mark.browser

once = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seeds = st.integers(0, MAX_SEED) | st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, MAX_SEED])

ALL = 0xFFFFFFFF
# Random123's kat_vectors, "philox4x32 10": counter, key, output.
VECTORS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([ALL, ALL, ALL, ALL], [ALL, ALL], [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def test_philox_gives_its_published_vectors_in_a_page(page: Any) -> None:
    body = """
      const out = new Uint32Array(4);
      modules.philox.philox4x32(...one, out);
      return out;"""
    found = called(page, body, [[*counter, *key] for counter, key, _ in VECTORS])
    assert [list(words) for words in found] == [output for *_, output in VECTORS]


@once
@given(
    st.lists(
        st.tuples(
            seeds,
            st.integers(0, 70),
            st.sampled_from([0, 1, 2, 3, 4]),
            st.integers(1, 40),
            st.integers(0, 70),
        ),
        min_size=40,
        max_size=60,
    )
)
def test_words_and_draws_have_the_bits_of_python(
    page: Any, cases: list[tuple[int, int, int, int, int]]
) -> None:
    body = """
      const words = modules.philox.words(...one);
      return [words, ...["uniform", "normal"].map((of) => modules.philox.draw(...one, of))];"""
    found = called(page, body, [[big(seed), *rest] for seed, *rest in cases])
    for case, (words, *drawn) in zip(cases, found, strict=True):
        assert same_bits(words, draws.words(*case))
        for of, numbers in zip(("uniform", "normal"), drawn, strict=True):
            assert same_bits(numbers, draws.draw(*case, of))


def test_maps_of_words_are_exact_at_their_ends_and_between(page: Any) -> None:
    pick = random.Random("words")
    words = [0, 1, ALL, ALL - 1, 2**31, 2**31 - 1, *(pick.getrandbits(32) for _ in range(20000))]
    # The middle of a distribution and its tails meet at |q| = 0.425.
    words += [int((0.5 + side * 0.425) * 2**32) + k for side in (-1, 1) for k in range(-3, 4)]
    body = """
      return [Float64Array.from(one, modules.philox.uniform),
        Float64Array.from(one, modules.philox.normal)];"""
    [[uniform, normal]] = called(page, body, [words])
    array = np.array(words, np.uint32)
    assert same_bits(uniform, draws.uniform(array))
    assert same_bits(normal, draws.normal(array))


def test_many_draws_are_quick(page: Any) -> None:
    body = """
      const start = performance.now();
      for (let layer = 1; layer < 15; layer++) {
        modules.philox.draw(one, layer, 0, 120, 120, "uniform");
      }
      return performance.now() - start;"""
    times = called(page, body, [big(seed) for seed in range(3)])
    assert min(times) < 200, f"{times} ms for the draws of 14 layers of 120 units"


def test_elementary_functions_have_the_bits_of_python(page: Any) -> None:
    pick = random.Random("elementary")
    angles = [0.0, 1e-9, math.pi, -1e5, *(pick.uniform(-20, 20) for _ in range(3000))]
    positive = [1.0, 0.5, 2.0, *(math.exp(pick.uniform(-100, 100)) for _ in range(3000))]
    pairs = list(zip(positive, positive[::-1], strict=True))
    exponents = [0.0, 1.0, *(pick.uniform(-200, 200) for _ in range(3000))]
    body = """
      const [angles, positive, pairs, exponents] = one;
      const { arctangent, cosine, exponential, geometric, logarithm, sine } = modules.elementary;
      return [
        Float64Array.from(angles, sine), Float64Array.from(angles, cosine),
        Float64Array.from(positive, logarithm), Float64Array.from(exponents, exponential),
        Float64Array.from(pairs, ([a, b]) => arctangent(a, b)),
        Float64Array.from(pairs, ([a, b]) => geometric(a, b, 0.3)),
      ];"""
    [found] = called(page, body, [[angles, positive, pairs, exponents]])
    expected = [
        [*map(elementary.sine, angles)],
        [*map(elementary.cosine, angles)],
        [*map(elementary.logarithm, positive)],
        [*map(elementary.exponential, exponents)],
        [elementary.arctangent(a, b) for a, b in pairs],
        [elementary.geometric(a, b, 0.3) for a, b in pairs],
    ]
    for numbers, wanted in zip(found, expected, strict=True):
        assert np.array_equal(numbers, np.array(wanted))


layouts = st.builds(
    interpolation.DrawLayout,
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=6).map(tuple),
    st.integers(0, 5),
    st.sampled_from(["uniform", "normal"]),
)


@once
@given(
    st.lists(
        st.tuples(layouts, seeds, seeds, st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])),
        min_size=20,
        max_size=30,
    )
)
def test_the_way_between_seeds_has_the_bits_of_python(
    page: Any, cases: list[tuple[interpolation.DrawLayout, int, int, float]]
) -> None:
    body = """
      const [layout, a, b, fraction] = one;
      const { arcBetween, arraysOf, blended } = modules.interpolation;
      const { start, end, angle } = arcBetween(arraysOf(layout, a), arraysOf(layout, b));
      return [[start, end, angle], ...blended(layout, a, b, fraction)];"""
    sent = [
        [
            {"shapes": of.shapes, "latents": of.latents, "distribution": of.distribution},
            *(big(a), big(b), fraction),
        ]
        for of, a, b, fraction in cases
    ]
    for (layout, a, b, fraction), (arc, *mixed) in zip(
        cases, called(page, body, sent), strict=True
    ):
        expected = interpolation.arc(layout, a, b)
        assert arc == [expected.start, expected.end, expected.angle]
        wanted = interpolation.blended(layout, a, b, fraction)
        assert len(mixed) == len(wanted)
        assert all(map(same_bits, mixed, wanted))


def test_large_layers_are_summed_in_the_same_order(page: Any) -> None:
    layout = interpolation.DrawLayout(((120, 2), (120, 120), (3, 120)), 2, "normal")
    body = """
      const { arcBetween, arraysOf } = modules.interpolation;
      const { start, end, angle } = arcBetween(arraysOf(one, 5n), arraysOf(one, 6n));
      return [start, end, angle];"""
    sent = {"shapes": layout.shapes, "latents": 2, "distribution": "normal"}
    arc = interpolation.arc(layout, 5, 6)
    assert called(page, body, [sent]) == [[arc.start, arc.end, arc.angle]]

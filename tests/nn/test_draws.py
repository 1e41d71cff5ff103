"""The draws: published vectors, exact maps, nesting, and values that no version may change."""

import itertools
import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import draws

ALL = 0xFFFFFFFF

# Random123's kat_vectors, "philox4x32 10": counter, key, output.
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL, ALL, ALL, ALL), (ALL, ALL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "output"), VECTORS)
def test_philox_gives_its_published_vectors(
    counter: tuple[int, ...], key: tuple[int, int], output: tuple[int, ...]
) -> None:
    words = draws.philox4x32(np.array(counter, np.uint64), key)
    assert words.dtype == np.uint32
    assert tuple(map(int, words)) == output


@pytest.mark.parametrize(
    ("words", "digest"),  # the first 16 digits that the program sha256sum prints
    [
        ("your name", "82e0c20020e450d4"),
        ("\u00e9", "4a99557e4033c353"),
        ("e\u0301", "4a99557e4033c353"),  # the same word in NFC
        ("2026-11-28", "4c0d617c974a763f"),
        ("true", "b5bea41b6c623f7c"),
    ],
)
def test_words_are_the_seed_that_their_hash_gives(words: str, digest: str) -> None:
    assert draws.SEED(words) == int(digest, 16) % 2**63


def test_digits_alone_are_the_number() -> None:
    assert [draws.SEED(text) for text in ("7", "007", " 12 ", "9223372036854775807")] == [
        *(7, 7, 12),
        draws.MAX_SEED,
    ]


@pytest.mark.parametrize(
    "value", ["-5", "1.5", "1e3", "", " ", "\n", "\x07", str(2**63), "9" * 5000, -1, 2**63, 1.0]
)
def test_what_is_neither_a_seed_nor_words_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is not an integer from 0 to 9223372036854775807, nor"):
        draws.SEED(value)
    assert draws.seed_words(value) == ""


def test_words_that_utf8_cannot_encode_are_refused() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        draws.SEED("a\udc80")


def test_words_make_a_title_of_one_line() -> None:
    assert draws.seed_words("e\u0301 \n\tb\x07") == "\u00e9 b"
    long = draws.seed_words("word " * 100)
    assert len(long) <= draws.MAX_TITLE
    assert long.endswith("word…")
    assert draws.seed_words("12") == draws.seed_words(12) == ""


def philox_plainly(counter: list[int], key: list[int]) -> list[int]:
    """The same generator in plain integers, from the paper."""
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (b >> 32) ^ counter[1] ^ key[0],
            b & ALL,
            (a >> 32) ^ counter[3] ^ key[1],
            a & ALL,
        ]
        key = [(key[0] + 0x9E3779B9) & ALL, (key[1] + 0xBB67AE85) & ALL]
    return counter


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32, 2**63 - 1])
def test_a_word_is_the_documented_function_of_seed_layer_row_and_column(seed: int) -> None:
    block = draws.words(seed, 5, draws.BIAS, 3, 6)
    for row, column in itertools.product(range(3), range(6)):
        counter, key = [column // 4, row, 5, draws.BIAS], [seed & ALL, seed >> 32]
        assert int(block[row, column]) == philox_plainly(counter, key)[column % 4]


def test_a_smaller_block_is_the_corner_of_a_larger_one() -> None:
    whole = draws.draw(3, 2, draws.WEIGHT, 64, 70, "normal")
    for rows, columns in [(1, 1), (3, 5), (10, 10), (64, 69), (17, 70)]:
        part = draws.draw(3, 2, draws.WEIGHT, rows, columns, "normal")
        assert part.tobytes() == np.ascontiguousarray(whole[:rows, :columns]).tobytes()


def test_seed_layer_and_kind_each_give_other_numbers() -> None:
    places = itertools.product([0, 1, 2**32], [1, 2], [draws.WEIGHT, draws.BIAS, draws.LATENT])
    blocks = {draws.words(s, layer, kind, 2, 4).tobytes() for s, layer, kind in places}
    assert len(blocks) == 3 * 2 * 3


EDGES = np.array([0, 1, 255, 256, 2**31 - 1, 2**31, 2**32 - 257, 2**32 - 256, ALL], np.uint32)


def test_uniform_is_symmetric_and_never_0_or_1() -> None:
    values = draws.uniform(EDGES)
    assert np.array_equal(values, -draws.uniform(~EDGES))
    assert np.all(np.abs(values) < 1)
    assert np.all(values != 0)
    assert values.min() == -1 + 2.0**-24
    assert values.max() == 1 - 2.0**-24


def test_uniform_is_exact_in_float32() -> None:
    words = draws.words(1, 1, 0, 100, 100)
    for values in (draws.uniform(EDGES), draws.uniform(words)):
        assert np.array_equal(values.astype(np.float32).astype(np.float64), values)


def test_normal_is_the_quantile_of_the_normal_distribution() -> None:
    words = np.concatenate([EDGES, draws.words(9, 1, 0, 1, 2000)[0]])
    expected = [NormalDist().inv_cdf((int(w) + 0.5) / 2**32) for w in words]
    assert np.allclose(draws.normal(words), expected, rtol=1e-13, atol=1e-15)
    assert np.allclose(draws.normal(words), -draws.normal(~words), rtol=1e-12, atol=1e-15)


def test_normal_keeps_the_order_of_uniform() -> None:
    words = np.sort(draws.words(4, 1, 0, 1, 4000)[0])
    assert np.all(np.diff(draws.normal(words)) >= 0)
    assert np.all(np.diff(draws.uniform(words)) >= 0)
    assert np.array_equal(np.sign(draws.normal(words)), np.sign(draws.uniform(words)))


def test_the_logarithm_is_true_to_the_last_digits() -> None:
    p = np.concatenate([np.array([2.0**-33, 0.5, 0.7071067811865475]), np.linspace(1e-6, 0.5, 500)])
    expected = [math.log(x) for x in p]
    assert np.allclose(draws._log(p), expected, rtol=1e-14)


def test_moments_are_those_of_the_laws() -> None:
    uniform = draws.draw(11, 1, draws.WEIGHT, 300, 300, "uniform").astype(np.float64)
    normal = draws.draw(11, 1, draws.WEIGHT, 300, 300, "normal").astype(np.float64)
    n = 300 * 300
    assert abs(uniform.mean()) < 5 * math.sqrt(1 / 3 / n)
    assert uniform.var() == pytest.approx(1 / 3, rel=0.02)
    assert abs(normal.mean()) < 5 / math.sqrt(n)
    assert normal.var() == pytest.approx(1, rel=0.02)
    assert (normal**4).mean() == pytest.approx(3, rel=0.06)
    assert np.abs(np.corrcoef(normal[:4])[np.triu_indices(4, 1)]).max() < 0.25


# float32 values by their bits.
PINNED = [
    (
        (7, 3, draws.WEIGHT, 2, 3, "uniform"),
        "3e3d9ab4 bf409f87 bf2cb0d3 3f74870d bf1e8627 beffb752",
    ),
    ((2**63 - 1, 1, draws.BIAS, 1, 3, "normal"), "be449220 bdccccbe bed07ae2"),
    ((0, 0, draws.LATENT, 1, 2, "uniform"), "3f3a5f8b 3eb7d682"),
]


@pytest.mark.parametrize(("place", "bits"), PINNED)
def test_a_later_version_draws_the_same(place: tuple[Any, ...], bits: str) -> None:
    drawn = draws.draw(*place)
    assert drawn.dtype == np.float32
    assert [f"{word:08x}" for word in drawn.view(np.uint32).ravel()] == bits.split()


def test_what_is_drawn_cannot_be_written() -> None:
    block = draws.draw(0, 1, 0, 2, 2, "uniform")
    with pytest.raises(ValueError, match="read-only"):
        block[0, 0] = 1

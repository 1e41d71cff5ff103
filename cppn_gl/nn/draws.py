"""Random draws that are reproducible bit for bit, on any version, platform or web page.

A draw is a pure function of (seed, layer, row, column). Philox4x32-10 (Salmon, Moraes, Dror and
Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a counter into four 32-bit
words; the maps below turn one word into a uniform or a normal number. Only IEEE 754 +, -, *, /
and sqrt on float64 are used, each correctly rounded, so that results depend on no math library.

    counter = (column // 4, row, layer, kind), word column % 4 of the block, key = (seed mod 2^32,
    seed // 2^32); kind is 0 for weights, 1 for biases (row 0, column = unit), 2 for the latent
    constants (layer 0, row 0, column = index), 3 and 4 for the shifts and gains of normalised units
    (indexed as biases), 8 and 9 for perturbations of weights and biases (perturbation.py), 16 for
    the choices of the preset `random` (surprise.py; layer = attempt, from 0). Layers count from 1.
    Of training: 24 for the points of data sets (layer 0, row = point), 25 for their order (layer 0,
    row 0, column = point), 32 for the order of an epoch's points (layer = epoch, row 0, column =
    point), 33 for dropout (layer = step, row = layer - 1, column = unit), 48 and 49 for two
    directions around the weights (indexed as these); see training/.

A seed is a number, or words that stand for one: see `Seed`.
"""

import hashlib
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.utils.checks import Integer, one_line, show

Words = NDArray[np.uint32]

WEIGHT, BIAS, LATENT, SHIFT, GAIN = 0, 1, 2, 3, 4
NOISE_WEIGHT, NOISE_BIAS, CHOICE = 8, 9, 16
POINT, ORDER, BATCH, DROPOUT = 24, 25, 32, 33
SYNTHESIS_NOISE, SYNTHESIS_MOVE = 40, 41
DIRECTION = 48  # and 49

MAX_SEED = 2**63 - 1
CACHE_LIMIT = 8 * MB  # for draws that are not in use
AT_ONCE = 2**14  # blocks of four words that are drawn at once: memory is bounded
OVERHEAD = 500  # bytes of an array besides its numbers

# Initialisations: distribution of the draws, and variance of the weights by (fan in, fan out), or
# None if the draws are the weights. The variance does not apply to biases.
INITS: dict[str, tuple[str, Any]] = {
    "uniform": ("uniform", None),
    "normal": ("normal", None),
    "glorot_uniform": ("uniform", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "glorot_normal": ("normal", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "he_uniform": ("uniform", lambda fan_in, fan_out: 2 / fan_in),
    "he_normal": ("normal", lambda fan_in, fan_out: 2 / fan_in),
    "lecun_uniform": ("uniform", lambda fan_in, fan_out: 1 / fan_in),
    "lecun_normal": ("normal", lambda fan_in, fan_out: 1 / fan_in),
}

DEVIATIONS = {"uniform": math.sqrt(1 / 3), "normal": 1.0}  # standard deviations of draws

MAX_TITLE = 100  # characters of words that are kept as a title

_DIGITS = re.compile(r"\s*([0-9]+)\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@dataclass(frozen=True)
class Seed(Integer):
    """Checks for a seed: an integer in [low, high], its digits, or words.

    Words are the number that the first 8 bytes, big-endian, of the SHA-256 of their NFC in UTF-8
    give, modulo 2^63. A text that is a number but not digits alone, such as -5, is refused.
    """

    def __call__(self, value: Any) -> int:
        if not isinstance(value, str):
            return self._number(value)
        digits = _DIGITS.fullmatch(value)
        if digits is None:
            return _number_of(value) if seed_words(value) else self._refuse(value)
        return self._number(int(digits[1]) if len(digits[1]) < 100 else value)

    def _number(self, value: Any) -> int:
        try:
            return super().__call__(value)
        except ValueError:
            return self._refuse(value)

    def _refuse(self, value: Any) -> NoReturn:
        raise ValueError(
            f"{show(value)} is not an integer from {self.low} to {self.high}, nor words"
        )


SEED = Seed(0, MAX_SEED)


def seed_words(value: Any) -> str:
    """The words of a seed that is given by words, as a title of one line; "" for any other value.

    Long ones are cut.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return ""
    title = one_line(unicodedata.normalize("NFC", value))
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1].rstrip() + "…"


def _number_of(words: str) -> int:
    try:
        content = unicodedata.normalize("NFC", words).encode()
    except UnicodeEncodeError:
        raise ValueError("words that UTF-8 cannot encode") from None
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big") % (MAX_SEED + 1)


def deviation(init: str, fan_in: int, fan_out: int) -> float:
    """The standard deviation of a layer's weights by an initialisation, at the weight scale 1."""
    distribution, variance = INITS[init]
    return DEVIATIONS[distribution] if variance is None else math.sqrt(variance(fan_in, fan_out))


def philox4x32(counter: NDArray[np.integer], key: tuple[int, int]) -> Words:
    """Philox4x32 with ten rounds: counters (..., 4) of 32-bit words to words of the same shape."""
    c0, c1, c2, c3 = (np.asarray(counter[..., i], np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        high0, low0 = _multiply(_MULTIPLIERS[0], c0)
        high1, low1 = _multiply(_MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(k0), low1, high0 ^ c3 ^ np.uint64(k1), low0
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def _multiply(a: np.uint64, b: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    product = a * b
    return product >> _SHIFT, product & _LOW


def words(seed: int, layer: int, kind: int, rows: int, columns: int) -> Words:
    """Random words, (rows, columns). A smaller block equals the corner of a larger one."""
    found: Words = words_of_layers(seed, range(layer, layer + 1), kind, rows, columns)[0]
    return found


def words_of_layers(seed: int, layers: range, kind: int, rows: int, columns: int) -> Words:
    """The `words` of several layers, (layers, rows, columns)."""
    blocks = -(-columns // 4)
    counter = np.zeros((len(layers), rows, blocks, 4), np.uint64)
    counter[..., 0] = np.arange(blocks)
    counter[..., 1] = np.arange(rows)[:, None]
    counter[..., 2] = np.asarray(layers)[:, None, None]
    counter[..., 3] = kind
    key = (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF)
    found: Words = philox4x32(counter, key).reshape(len(layers), rows, blocks * 4)
    shown: Words = found[..., :columns]
    return shown


def uniform(word: Words) -> Float64:
    """U(-1, 1): odd multiples of 2^-24 from the upper 24 bits. Exact in float32; never 0 or ±1."""
    return ((word >> np.uint32(8)).astype(np.float64) * 2 + (1 - 2**24)) * 2.0**-24


def normal(word: Words) -> Float64:
    """N(0, 1): the quantile of (word + 1/2) / 2^32 by Wichura's AS 241 (1988), to 16 digits.

    Monotone in the word, as `uniform` is: another distribution keeps each weight's sign and rank.
    """
    p = (word.astype(np.float64) + 0.5) * 2.0**-32
    q = p - 0.5
    central = q * _ratio(0.180625 - q * q, _CENTRAL)
    tail = _ratio(np.sqrt(-_log(np.minimum(p, 1.0 - p))) - 1.6, _TAIL)
    return np.where(np.abs(q) <= 0.425, central, np.where(q < 0, -tail, tail))


def _ratio(r: Float64, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Float64:
    top, bottom = coefficients
    return np.asarray(_horner(r, top) / _horner(r, bottom))


def _horner(x: Float64, coefficients: tuple[float, ...]) -> Float64:
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total = total * x + c
    return total


def _log(p: Float64) -> Float64:
    """The natural logarithm by 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2))."""
    m, e = np.frexp(p)
    low = m < 0.7071067811865476
    m, e = np.where(low, m * 2, m), np.where(low, e - 1, e)
    s = (m - 1) / (m + 1)
    series = _horner(s * s, tuple(1.0 / k for k in range(23, 0, -2)))
    total: Float64 = 2 * s * series + e * 0.6931471805599453
    return total


# The rational approximations of AS 241, highest power first. The words keep p above 2^-33, so
# that sqrt(-log p) stays below 5 and the algorithm's third range is never reached.
_CENTRAL = (
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852545925,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
_TAIL = (
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)


def _draw_bytes(
    seed: int, layer: int, kind: int, rows: int, columns: int, distribution: str
) -> float:
    return 4 * rows * columns + OVERHEAD


def _row_bytes(seed: int, layer: int, kind: int, columns: int, distribution: str) -> float:
    return 4 * columns + OVERHEAD


@lru_cache_by_size(CACHE_LIMIT, _draw_bytes, weak=True)
def draw(
    seed: int, layer: int, kind: int, rows: int, columns: int, distribution: str
) -> NDArray[np.float32]:
    """Draws from "uniform" or "normal": a read-only (rows, columns) float32 array."""
    block = words(seed, layer, kind, rows, columns)
    drawn = (uniform(block) if distribution == "uniform" else normal(block)).astype(np.float32)
    drawn.flags.writeable = False
    return drawn


@lru_cache_by_size(CACHE_LIMIT, _row_bytes, weak=True)
def draw_row(
    seed: int, layer: int, kind: int, columns: int, distribution: str
) -> NDArray[np.float32]:
    """Row 0 of such a block, (columns,)."""
    row: NDArray[np.float32] = draw(seed, layer, kind, 1, columns, distribution)[0]
    return row


def draw_places(
    seed: int,
    layer: int,
    kind: int,
    rows: NDArray[Any],
    columns: NDArray[Any],
    distribution: str,
    groups: int = 1,
) -> NDArray[np.float32]:
    """The draws at some rows and columns: a read-only array (rows, columns / groups).

    With groups, rows of the first group are drawn at the first columns, and so on.
    """
    found = np.empty((len(rows), len(columns) // groups), np.float32)
    parts = np.split(rows, groups), np.split(columns, groups), np.split(found, groups)
    for some_rows, some_columns, some in zip(*parts, strict=True):
        block, word = np.divmod(some_columns, 4)
        blocks, of = np.unique(block, return_inverse=True)
        key = (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF)
        count = max(1, AT_ONCE // len(blocks))
        for first in range(0, len(some_rows), count):
            near = slice(first, first + count)
            counter = np.zeros((len(some_rows[near]), len(blocks), 4), np.uint64)
            counter[..., 0] = blocks
            counter[..., 1] = some_rows[near, None]
            counter[..., 2] = layer
            counter[..., 3] = kind
            there = philox4x32(counter, key)[:, of, word]
            some[near] = uniform(there) if distribution == "uniform" else normal(there)
    found.flags.writeable = False
    return found

"""Names of the pictures of axes: unique, in the order of their values, safe in any file system.

    network.seed from 0 to 9999 -> seed-00042
    view.extent from 0.5 to 8   -> extent-0.50, extent-1.26 …
    network.activation          -> activation-tanh
    view.center, and others     -> center-03-0.5,-0.25: the step's number comes first

The names of a picture's axes are joined: depth-08_activation-tanh.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from cppn_gl.preset.axes import Axis
from cppn_gl.preset.sweep import EXTRA
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import nameable

LONGEST = 200  # characters of a name, without the suffix
DIGITS = {"seed": 5}  # at least so many, and 2 of other keys: more steps then keep the names
DECIMALS = 12
ERROR = 0.005  # of a number as it is written, relative to it
WORD = 32  # characters of a word

Words = Callable[[int], str]  # from the number of a step


def names(axes: Sequence[Axis]) -> list[Words]:
    """The name of each step of each axis; those of a picture are to be joined by "_".

    Raises PresetError with key "axes" if they are too long.
    """
    shorts = [key.rpartition(".")[2] for axis in axes for key in axis.keys]
    found = [_names(axis, shorts) for axis in axes]
    pairs = zip(axes, found, strict=True)
    longest = sum(max(len(name(k)) for k in _some(axis)) + 1 for axis, name in pairs) - 1
    if longest > LONGEST:
        problem = f"file names of {longest} characters; vary fewer keys, or with shorter values"
        raise PresetError(problem, key="axes")
    return found


def _some(axis: Axis) -> Sequence[int]:
    """Steps of an axis among which is the one with the longest name."""
    long = any(isinstance(values, range) for _, values in axis.parts)
    return (0, axis.count - 1) if long else range(axis.count)


def _names(axis: Axis, shorts: Sequence[str]) -> Words:
    """The name of each step of an axis; `shorts`: the last parts of all keys of all axes."""
    varying = [part for part in axis.parts if isinstance(part[1], range) or len(set(part[1])) > 1]
    keys, words, ordered = [], [], True
    for key, values in varying or axis.parts[:1]:
        short = key.rpartition(".")[2]
        keys.append(short if key in EXTRA or shorts.count(short) == 1 else key)
        word, in_order = _words(short, values)
        words.append(word)
        ordered &= in_order

    def name(k: int, before: str = "") -> str:
        texts = [word(k) for word in words]
        texts[0] = before + texts[0]
        return "_".join(f"{key}-{text}" for key, text in zip(keys, texts, strict=True))

    long = any(isinstance(values, range) for _, values in varying)
    if ordered and (long or _distinct([name(k) for k in range(axis.count)])):
        return name
    digits = max(2, len(str(axis.count - 1)))
    return lambda k: name(k, f"{k:0{digits}}-").rstrip("-.")


def _distinct(names: Sequence[str]) -> bool:
    """Whether names differ, also without regard to case, and if others follow after a "_"."""
    folded = {unicodedata.normalize("NFC", name).casefold() for name in names}
    starts = {name[:k] for name in folded for k, letter in enumerate(name) if letter == "_"}
    return len(folded) == len(names) and not folded & starts


def _words(key: str, values: Sequence[Any]) -> tuple[Words, bool]:
    """The word of each step, and whether words are in the order of their values."""
    if isinstance(values, range):
        kinds, least, most = {int}, min(values[0], values[-1]), max(values[0], values[-1])
    else:
        kinds = {type(value) for value in values}
        least, most = (min(values), max(values)) if kinds <= {int, float} else (0, 0)
    if kinds == {int}:
        digits = max(DIGITS.get(key, 2), len(str(most)))
        return (lambda k: f"{values[k]:0{digits}}"), least >= 0
    if kinds <= {int, float}:
        texts = _decimals(values)
        return texts.__getitem__, least >= 0 and all(texts)
    texts = [_word(value) for value in values]
    return texts.__getitem__, all(texts) and kinds <= {str, bool}


def _decimals(values: Sequence[float]) -> list[str]:
    """Numbers with as few decimals as tell them apart, equally long; long ones if none do."""
    for decimals in range(DECIMALS + 1):
        texts = [f"{value:.{decimals}f}" for value in values]
        near = (abs(float(t) - v) <= ERROR * abs(v) for t, v in zip(texts, values, strict=True))
        if len(set(texts)) == len(set(values)) and all(near):
            longest = max(map(len, texts))
            return [text.zfill(longest) for text in texts]
    return [f"{value:.17g}" for value in values]


def _word(value: Any) -> str:
    """A value as part of a name: letters, digits, "-", "_", "." and "," only; may be ""."""
    text = unicodedata.normalize("NFC", _text(value))
    safe = "".join(letter if nameable(letter) or letter == "," else "-" for letter in text)
    return safe[:WORD].strip(".").rstrip("-.")


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)

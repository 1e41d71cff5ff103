"""The colours of a preset as a page needs them: its keys, and the table of mappings.

    preset -> describe_color() -> dict -> web/color.js

The page knows the formulas of mappings, gradients and inks itself, so that it can go through all
mappings; palettes that follow from no formula are sent as tables.
"""

import dataclasses
from typing import Any

import numpy as np

from cppn_gl.preset.color import MAPPINGS, Color, Mapping
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.colormaps import SIZE, Palette, between

OFF = 0.9  # levels of 255 by which a table may differ from the palette: rounded, by at most one
KNOTS = tuple(2**k + 1 for k in range(3, 9))  # entries of a table, interpolated linearly


def describe_color(preset: Preset) -> dict[str, Any]:
    """The keys of `[color]`, and all that the page needs of mappings.

    "mappings": each by name, in the
    order of MAPPINGS, on which the numbers of formulas in shaders depend; then the preset's own.
    """
    color = preset.color
    rows = dict(MAPPINGS)
    rows.setdefault(color.mapping, color.row)
    return {
        **dataclasses.asdict(color),
        "mappings": {
            name: _row(name, row, color, exact=name == color.mapping) for name, row in rows.items()
        },
    }


def _row(name: str, row: Mapping, color: Color, *, exact: bool) -> dict[str, Any]:
    """What of a mapping differs from others. `exact`: with all entries of its palette."""
    found: dict[str, Any] = {"channels": row.channels}
    if row.span:
        found["span"] = row.span
    if row.signed:
        found["signed"] = True
    if row.own:
        found["own"] = Color(mapping=name).colors
    if row.plates:
        found["plates"] = True
    elif row.stops:
        found["stops"] = row.stops
    elif name == "ink":
        found["ink"] = True
    elif row.palette and not row.own:
        found["table"] = _table(row.palette(color), exact=exact)
    if row.box != Mapping("").box:
        found["box"] = row.box
    return found


def _table(palette: Palette, *, exact: bool) -> str:
    """A palette in hexadecimal: red, then green, then blue of its entries, of 8 bits each, as
    differences to the entry before, modulo 256: small numbers, which are compressed well.
    """
    for count in KNOTS[-1:] if exact else KNOTS:
        knots = np.floor(palette[:: (SIZE - 1) // (count - 1)].astype(np.float64) * 255 + 0.5)
        again = between(knots, np.linspace(0, count - 1, SIZE))
        if np.abs(again - palette * 255.0).max() < OFF:
            break
    steps = np.diff(knots, axis=0, prepend=0).astype(np.int64)
    return (steps % 256).astype(np.uint8).T.tobytes().hex()

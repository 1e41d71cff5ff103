"""The views, one for each row of preset.show.VIEWS; `view_of(preset)` is the preset's view.

To add a view: a class here, its row and options in preset/show.py (or `register`, from outside the
package), and a shader if it uses one. The V key, the command line, the help, the documentation and
the tests follow.
"""

import importlib
from collections.abc import Iterator, Mapping
from functools import cache

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS, ViewRow, plain
from cppn_gl.views.base import View

PICTURE = "picture"


class _Views(Mapping[str, View]):
    """The view of each row, created on first access."""

    def __getitem__(self, name: str) -> View:
        return _made(VIEWS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(VIEWS)

    def __len__(self) -> int:
        return len(VIEWS)


@cache
def _made(row: ViewRow) -> View:
    make = row.view
    if isinstance(make, str):
        module, _, name = make.partition(":")
        make = getattr(importlib.import_module(module), name)
    view: View = make()
    view.row = row
    return view


ALL: Mapping[str, View] = _Views()


def view_of(preset: Preset) -> View:
    return ALL[preset.show.view]


def plain_view(preset: Preset) -> View:
    """The view that shows any preset of its kind: `picture`, or `channels`."""
    return ALL[plain(preset.classifies)]

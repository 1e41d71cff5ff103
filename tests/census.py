"""Counts the OpenGL objects that have been made and not been released."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import moderngl
import pytest


class Census:
    """The objects of a context that have been made and not been released."""

    KINDS = (
        *("buffer", "texture", "texture3d", "framebuffer", "renderbuffer", "depth_renderbuffer"),
        *("program", "compute_shader", "vertex_array"),
    )

    def __init__(self, patch: pytest.MonkeyPatch):
        self.made: list[Any] = []
        for kind in self.KINDS:
            patch.setattr(moderngl.Context, kind, self.counted(getattr(moderngl.Context, kind)))

    def counted(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            made = make(*arguments, **options)
            self.made.append(made)
            return made

        return wrapped

    def alive(self) -> dict[str, int]:
        kinds = [
            type(one).__name__
            for one in self.made
            if not isinstance(one.mglo, moderngl.InvalidObject)
        ]
        return dict(sorted(Counter(kinds).items()))

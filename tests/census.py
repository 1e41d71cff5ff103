"""Counts the OpenGL objects that were created and not released, to find leaks."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import moderngl
import pytest


class Census:
    """Records the objects that any context creates while `patch` is active."""

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
            type(item).__name__
            for item in self.made
            if not isinstance(item.mglo, moderngl.InvalidObject)
        ]
        return dict(sorted(Counter(kinds).items()))

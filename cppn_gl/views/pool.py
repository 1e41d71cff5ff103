"""Render targets lent to drawings. A drawing may be dropped at any time without giving back."""

import weakref
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from cppn_gl.engines.gl.painter import Releasable

Held = TypeVar("Held", bound=Releasable)


class Pool(Generic[Held]):
    """At most `room` objects lent to drawings. An object that was given back, or whose drawing was
    garbage collected, is reused. When all are in use, the least recently taken is released.
    """

    def __init__(self, room: int):
        self._room = room
        self._slots: list[tuple[Hashable, Held, weakref.ref[Any] | None]] = []

    def find(self, user: object) -> Held | None:
        """The object lent to a drawing, if it was not released."""
        return next((held for _, held, of in self._slots if of is not None and of() is user), None)

    def take(self, user: object, key: Hashable, make: Callable[[], Held]) -> Held:
        """Lend a drawing an object of kind `key`, made if none is free, instead of its last one."""
        self.give_back(user)
        for number, (kind, there, of) in enumerate(self._slots):
            if kind == key and (of is None or of() is None):
                held = there
                del self._slots[number]
                break
        else:
            self._make_room()
            held = make()
        self._slots.append((key, held, weakref.ref(user)))
        return held

    def give_back(self, user: object) -> None:
        """Mark a drawing's object as free."""
        self._slots = [
            (kind, held, None if of is not None and of() is user else of)
            for kind, held, of in self._slots
        ]

    def _make_room(self) -> None:
        while len(self._slots) >= self._room:
            free = [n for n, (_, _, of) in enumerate(self._slots) if of is None or of() is None]
            self._slots.pop(free[0] if free else 0)[1].release()

    def release(self) -> None:
        while self._slots:
            self._slots.pop()[1].release()

"""Thread-safe LRU caches bounded by total size.

key -> Recent.get(key, make) -> the cached value, or a new one; the least recently used go
"""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


class Recent(Generic[K, V]):
    """The newest values by their keys, up to `limit` in all; the newest is kept whatever its size.

    `size`: what a key and its value count as; 1 each where it is not given. None is no value.
    """

    def __init__(self, limit: float, size: Callable[[K, V], float] | None = None):
        self._limit, self._size = limit, size or (lambda key, value: 1.0)
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._total = 0.0

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def find(self, key: K) -> V | None:
        """The value of a key, which is the newest then; None where it is not at hand."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: K, value: V) -> V:
        """Keep a value; returns it, or the one that another thread has put there meanwhile."""
        size = self._size(key, value)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
            self._kept[key] = value, size
            self._total += size
            while self._total > self._limit and len(self._kept) > 1:
                self._total -= self._kept.popitem(last=False)[1][1]
            return value

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made where it is not at hand. Nobody waits while it is made."""
        found = self.find(key)
        return self.put(key, make()) if found is None else found

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()
            self._total = 0.0


def recent(
    limit: float, size: Callable[..., float] | None = None
) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """As functools.lru_cache, limited by sizes. `size`: what a call counts as, by its arguments."""

    def decorate(make: Callable[P, V]) -> Callable[P, V]:
        def counted(key: Any, value: V) -> float:
            return 1.0 if size is None else size(*key[0], **dict(key[1]))

        kept: Recent[Any, V] = Recent(limit, counted)

        @functools.wraps(make)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> V:
            return kept.get((args, tuple(kwargs.items())), lambda: make(*args, **kwargs))

        wrapped.kept = kept  # type: ignore[attr-defined]
        return wrapped

    return decorate

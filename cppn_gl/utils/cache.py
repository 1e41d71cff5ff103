"""Thread-safe LRU caches, bounded by the total size of what they hold."""

import functools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, ParamSpec, TypeVar

MB = 2**20

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


class LRUCache(Generic[K, V]):
    """The most recently used values by key, up to `limit` in total; the newest whatever its size.

    `size(key, value)`: what an entry counts as; 1 each where it is not given. `free` is called with
    each value that is dropped. `weak`: a dropped value that is alive elsewhere is found again.
    None is no value.
    """

    def __init__(
        self,
        limit: float,
        size: Callable[[K, V], float] | None = None,
        free: Callable[[V], object] | None = None,
        *,
        weak: bool = False,
    ):
        self.limit, self._size, self._free = limit, size or (lambda key, value: 1.0), free
        self._lock = threading.RLock()
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._alive: Any = weakref.WeakValueDictionary() if weak else {}
        self.total = 0.0  # of the sizes

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def find(self, key: K) -> V | None:
        """The value of a key, which becomes the most recently used; None where there is none."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0]
            value: V | None = self._alive.get(key)
            return None if value is None else self.put(key, value)

    def put(self, key: K, value: V) -> V:
        """Keep a value, and return it: or the one that is there already, and `value` is freed."""
        size = self._size(key, value)
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                dropped = [value]
            else:
                self._entries[key] = value, size
                if isinstance(self._alive, weakref.WeakValueDictionary):
                    self._alive[key] = value
                self.total += size
                dropped = self._dropped(self.limit, 1)
            kept = self._entries[key][0]
        self._release(dropped)
        return kept

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made where there is none. No other thread waits while it is made."""
        found = self.find(key)
        return self.put(key, make()) if found is None else found

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            dropped = self._dropped(-1.0, 0)
        self._release(dropped)

    def _dropped(self, limit: float, fewest: int) -> list[V]:
        dropped = []
        while self.total > limit and len(self._entries) > fewest:
            value, size = self._entries.popitem(last=False)[1]
            self.total -= size
            dropped.append(value)
        return dropped

    def _release(self, dropped: list[V]) -> None:
        if self._free is not None:
            for value in dropped:
                self._free(value)


def lru_cache_by_size(
    limit: float, size: Callable[..., float], *, weak: bool = False
) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """As functools.lru_cache, bounded by the total `size` of the calls, told by their arguments."""

    def decorate(make: Callable[P, V]) -> Callable[P, V]:
        def counted(key: Any, value: V) -> float:
            return size(*key[0], **dict(key[1]))

        cache: LRUCache[Any, V] = LRUCache(limit, counted, weak=weak)

        @functools.wraps(make)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> V:
            return cache.get((args, tuple(kwargs.items())), lambda: make(*args, **kwargs))

        wrapped.cache = cache  # type: ignore[attr-defined]
        return wrapped

    return decorate

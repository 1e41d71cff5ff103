"""Thread-safe LRU caches, bounded by the total size of their values."""

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
    """Keeps the most recently used values, up to a total size of `limit`, and always the newest.

    `size(key, value)`: the size of an entry, 1 by default. `free` is called with evicted values.
    `weak`: an evicted value that is referenced elsewhere can still be found. Values are not None.
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
        self.total = 0.0  # of sizes

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def find(self, key: K) -> V | None:
        """The value of a key, which becomes the most recently used; None if there is none."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0]
            value: V | None = self._alive.get(key)
            return None if value is None else self.put(key, value)

    def put(self, key: K, value: V) -> V:
        """Store and return a value; if the key has one already, free the new and return the old."""
        size = self._size(key, value)
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                evicted = [value]
            else:
                self._entries[key] = value, size
                if isinstance(self._alive, weakref.WeakValueDictionary):
                    self._alive[key] = value
                self.total += size
                evicted = self._evict(self.limit, 1)
            stored = self._entries[key][0]
        self._free_all(evicted)
        return stored

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made if missing. Other threads need not wait while it is made."""
        value = self.find(key)
        return self.put(key, make()) if value is None else value

    def clear(self) -> None:
        """Forget all values, those that are referenced elsewhere, too."""
        with self._lock:
            evicted = self._evict(-1.0, 0)
            self._alive.clear()
        self._free_all(evicted)

    def _evict(self, limit: float, fewest: int) -> list[V]:
        evicted = []
        while self.total > limit and len(self._entries) > fewest:
            value, size = self._entries.popitem(last=False)[1]
            self.total -= size
            evicted.append(value)
        return evicted

    def _free_all(self, evicted: list[V]) -> None:
        if self._free is not None:
            for value in evicted:
                self._free(value)


def lru_cache_by_size(
    limit: float, size: Callable[..., float], *, weak: bool = False
) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """As functools.lru_cache, bounded by the total size of results: `size(*arguments)`."""

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

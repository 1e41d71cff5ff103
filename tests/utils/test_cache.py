"""What is kept: the newest, within a limit, whatever threads ask at the same time."""

import gc
import threading
import weakref

import pytest
from threads import at_once

from cppn_gl.engines import stretch
from cppn_gl.engines.stretch import value_range
from cppn_gl.nn.network import OVERHEAD, Network, network_bytes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.cache import MB, LRUCache, lru_cache_by_size
from cppn_gl.views.slopes.gradient import limits
from cppn_gl.views.slopes.sensitivity import measured, perturbed_scene
from cppn_gl.views.solid.heights import subplots


def test_the_newest_are_kept() -> None:
    kept, made = LRUCache[str, str](2), []

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    assert [get(key) for key in "abacab"] == list("ABACAB")
    assert made == ["a", "b", "c", "b"]  # c pushed b out, as a was asked for since
    assert len(kept) == 2
    assert kept.find("c") is None
    kept.clear()
    assert kept.find("a") is None
    assert len(kept) == 0


def test_sizes_are_added_up_and_one_is_kept_however_large() -> None:
    kept = LRUCache[int, int](10, lambda key, value: value)
    for key, value in enumerate((4, 4, 3, 20)):
        kept.put(key, value)
        assert kept.find(key) == value
    assert len(kept) == 1
    kept.put(9, 1)
    assert [kept.find(key) for key in (3, 9)] == [None, 1]


def test_what_another_thread_made_first_is_what_both_get() -> None:
    kept: LRUCache[str, object] = LRUCache(3)
    barrier = threading.Barrier(2)
    found: list[object] = []

    def make() -> object:
        barrier.wait()  # both are making it
        return object()

    at_once([lambda: found.append(kept.get("key", make))] * 2)
    assert found[0] is found[1]
    assert len(kept) == 1


def test_threads_may_ask_for_more_than_is_kept() -> None:
    kept: LRUCache[int, int] = LRUCache(3, lambda key, value: 1 + key % 2)

    def ask() -> None:
        for number in range(3000):
            key = number * 7 % 11
            assert kept.get(key, lambda key=key: -key) == -key  # type: ignore[misc]

    at_once([ask] * 6)
    assert 1 <= len(kept) <= 3


def test_a_function_remembers_by_its_arguments() -> None:
    made = []

    @lru_cache_by_size(0.01 * MB, network_bytes)
    def depth(network: Network, add: int = 0) -> int:
        made.append(network)
        return network.depth + add

    small = Network.random(depth=3)
    assert (depth(small), depth(small), depth(small, add=2), depth(small, add=2)) == (3, 3, 5, 5)
    assert len(made) == 2
    for seed in range(9):
        depth(Network.random(depth=2, seed=seed))
    assert 0.005 * MB < depth.cache.total <= 0.01 * MB  # type: ignore[attr-defined]


def test_networks_count_by_their_parameters() -> None:
    wide = Network.random(depth=3, width=512)
    assert network_bytes(wide) == 8 * wide.parameters + 3 * OVERHEAD > 2 * MB


def test_what_is_dropped_is_freed() -> None:
    freed: list[str] = []
    cache = LRUCache[int, str](2, free=freed.append)
    for key, value in enumerate("abc"):
        cache.put(key, value)
    assert freed == ["a"]
    assert cache.put(2, "other") == "c"
    assert freed == ["a", "other"]
    cache.clear()
    assert sorted(freed) == ["a", "b", "c", "other"]


def test_what_is_in_use_is_found_though_it_was_dropped() -> None:
    @lru_cache_by_size(1, lambda number: 1.0, weak=True)
    def made(number: int) -> set[int]:
        return {number}

    one = made(1)
    made(2)
    assert made(1) is one
    made(2)
    del one
    gc.collect()
    assert len(made.cache) == 1  # type: ignore[attr-defined]


def test_no_more_than_a_few_large_networks_stay_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretch, "POINTS", 16)
    alive: weakref.WeakSet[Network] = weakref.WeakSet()
    plain = Preset().replace(depth=3, width=512, noise=0.1, layer=2, init="lecun_normal")
    for seed in range(9):
        for which in ("none", "hidden"):
            preset = plain.replace(seed=seed, which=which, grid=4)
            scene = scene_of(preset)
            alive.add(scene.network)
            limits(scene)
            measured(scene)
            subplots(
                scene_of(preset.replace(view="surface", before=True), 0, scene.network), (60, 40)
            )
            alive.add(perturbed_scene(scene).network)
            value_range(scene_of(preset.replace(stretch="minmax"), 0, scene.network), (9, 9))
            del scene
    gc.collect()
    assert len(alive) <= 12

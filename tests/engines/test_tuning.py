"""The tuning cache: its entries and keys, and that invalid files are ignored."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from rows import EXACT

from cppn_gl._version import __version__
from cppn_gl.engines.gl.packing import Limits, choose_layout
from cppn_gl.engines.gl.shader import Structure, structure
from cppn_gl.engines.tuning import (
    FORMAT,
    MAX_BYTES,
    Measured,
    TuningCache,
    default_path,
    structure_key,
)
from cppn_gl.nn.network import Network

HERE = "A GPU | 4.6"
FOUND = Measured("compute-8", {"fragment": 1.5e9, "compute-8": 2e9, "baked": 3e9}, 1e-4)
OTHER = Measured("fragment", {"fragment": 1e9})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cppn_gl" / "tuning.json"


@pytest.fixture
def cache(path: Path) -> TuningCache:
    return TuningCache(HERE, path)


# Entries.


def test_what_was_measured_is_there_again(cache: TuningCache, path: Path) -> None:
    assert cache.get("a") is None
    assert not path.exists()
    cache.put("a", FOUND)
    cache.put("b", OTHER)
    cache.put("a", FOUND)
    for one in (cache, TuningCache(HERE, path)):
        assert one.get("a") == FOUND
        assert one.get("b") == OTHER
        assert one.get("c") is None
    assert [file.name for file in path.parent.iterdir()] == ["tuning.json"]


def test_the_file_is_readable_and_says_for_which_version(cache: TuningCache, path: Path) -> None:
    cache.put("a", FOUND)
    written = json.loads(path.read_text("utf-8"))
    assert written["format"] == FORMAT
    (machine,) = written["machines"]
    assert HERE in machine
    assert __version__ in machine  # other versions have other shaders
    assert path.read_text("utf-8").count("\n") > 5


def test_another_machine_is_another_matter(cache: TuningCache, path: Path) -> None:
    there = TuningCache("A GPU | 4.7", path)
    cache.put("a", FOUND)
    assert there.get("a") is None
    there.put("a", OTHER)
    assert cache.get("a") == FOUND
    assert there.get("a") == OTHER


def test_what_another_process_wrote_is_read(cache: TuningCache, path: Path) -> None:
    other = TuningCache(HERE, path)
    cache.put("a", OTHER)
    assert other.get("a") == OTHER
    other.put("b", FOUND)
    other.put("a", FOUND)
    assert cache.get("b") == FOUND
    assert cache.get("a") == FOUND
    cache.put("c", OTHER)
    assert TuningCache(HERE, path).get("b") == FOUND


def test_the_file_is_read_once(cache: TuningCache, monkeypatch: pytest.MonkeyPatch) -> None:
    TuningCache(HERE, cache.path).put("a", FOUND)
    reads: list[int] = []
    load = json.loads
    monkeypatch.setattr(json, "loads", lambda text: reads.append(1) or load(text))
    for _ in range(3):
        assert cache.get("a") == FOUND
    assert len(reads) == 1


def test_the_file_can_be_deleted_at_any_time(cache: TuningCache, path: Path) -> None:
    cache.put("a", FOUND)
    shutil.rmtree(path.parent)
    cache.get("a")
    cache.put("b", OTHER)
    assert TuningCache(HERE, path).get("b") == OTHER


# Invalid files.

WRONG: dict[str, Any] = {
    "nothing": b"",
    "no JSON": b"{half",
    "no text": b"\xff\xfe\x00",
    "a list": [],
    "a number": 3,
    "another format": {"format": FORMAT + 1, "machines": {"ALL": {"a": {"engine": "numpy"}}}},
    "no format": {"machines": {"ALL": {"a": {"engine": "numpy"}}}},
    "no machines": {"format": FORMAT},
    "machines as a list": {"format": FORMAT, "machines": [1]},
    "a machine as a list": {"format": FORMAT, "machines": {"ALL": ["a"]}},
    "a machine as a word": {"format": FORMAT, "machines": {"ALL": "a"}},
    "too deep": b"[" * 100_000,
    "too large": b" " * MAX_BYTES + b"{}",
    "digits without end": b'{"format": ' + b"9" * 5000 + b"}",
}
ENTRIES: dict[str, Any] = {
    "null": None,
    "a word": "numpy",
    "a list": ["numpy"],
    "no engine": {"rates": {}},
    "an engine unknown here": {"engine": "teapot"},
    "a kind alone": {"engine": "compute"},
    "an engine as a list": {"engine": ["numpy"]},
    "an engine as a table": {"engine": {}},
    "rates as a list": {"engine": "numpy", "rates": [1]},
    "bake_seconds as a word": {"engine": "numpy", "bake_seconds": "long"},
}


def machine() -> str:
    return TuningCache(HERE, Path("none")).machine


def put_there(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data.replace(b'"ALL"', json.dumps(machine()).encode()))


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_not_ours_counts_as_empty_and_is_replaced(
    cache: TuningCache, path: Path, name: str
) -> None:
    put_there(path, WRONG[name])
    assert cache.get("a") is None
    cache.put("b", FOUND)
    assert TuningCache(HERE, path).get("b") == FOUND


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_that_is_none_counts_as_unknown(cache: TuningCache, path: Path, name: str) -> None:
    good = {"engine": "numpy", "rates": {}}
    put_there(path, {"format": FORMAT, "machines": {"ALL": {"a": ENTRIES[name], "b": good}}})
    assert cache.get("a") is None
    assert cache.get("b") == Measured("numpy", {})
    cache.put("a", FOUND)
    assert TuningCache(HERE, path).get("a") == FOUND


@pytest.mark.parametrize(
    "rates", [{"teapot": 1e9}, {"fragment": "fast"}, {"fragment": None}, {"fragment": [1]}]
)
def test_rates_that_are_none_are_left_out(
    cache: TuningCache, path: Path, rates: dict[str, Any]
) -> None:
    entry = {"engine": "numpy", "rates": {**rates, "numpy": 2e9}}
    put_there(path, {"format": FORMAT, "machines": {"ALL": {"a": entry}}})
    assert cache.get("a") == Measured("numpy", {"numpy": 2e9})


def test_numbers_beyond_all_bounds_do_no_harm(cache: TuningCache, path: Path) -> None:
    huge = b"1" + b"0" * 400
    for entry in (b'{"rates": {"fragment": %s}' % huge, b'{"bake_seconds": %s' % huge):
        content = b'{"format": 1, "machines": {"ALL": {"a": %s, "engine": "numpy"}}}}' % entry
        put_there(path, content)
        cache.get("a")
        cache.put("b", FOUND)
        assert TuningCache(HERE, path).get("b") == FOUND


def test_a_file_that_breaks_later_leaves_what_is_known(cache: TuningCache, path: Path) -> None:
    cache.put("a", FOUND)
    path.write_bytes(b"broken")
    assert cache.get("a") == FOUND
    assert TuningCache(HERE, path).get("a") is None
    cache.put("b", OTHER)
    assert TuningCache(HERE, path).get("a") == FOUND


# Folders that cannot be written.


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = TuningCache(HERE, tmp_path / "file" / "tuning.json")
    assert cache.get("a") is None
    cache.put("a", FOUND)
    assert cache.get("a") == FOUND  # in this process
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_folder_in_the_files_place_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "tuning.json").mkdir()
    cache = TuningCache(HERE, tmp_path / "tuning.json")
    assert cache.get("a") is None
    cache.put("a", FOUND)
    assert cache.get("a") == FOUND
    assert [file.name for file in tmp_path.iterdir()] == ["tuning.json"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs permissions")
def test_a_folder_that_cannot_be_written_is_done_without(
    cache: TuningCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    path.parent.mkdir()
    monkeypatch.setattr("cppn_gl.engines.tuning.write_atomic", refuse)  # root may write everywhere
    cache.put("a", FOUND)
    assert cache.get("a") == FOUND
    assert not path.exists()


# Path and keys.


def test_it_lies_in_the_users_cache_folder(tuning: Path) -> None:
    assert default_path() == tuning
    assert tuning.name == "tuning.json"
    assert TuningCache(HERE).path == tuning


def of(**keys: Any) -> Structure:
    network = Network.random(**keys)
    return structure(network, choose_layout(network, Limits(65_536, 12)))


def test_a_key_tells_structures_apart() -> None:
    different = [
        of(depth=4),
        of(depth=4, width=30),
        of(depth=27, width=30),
        of(depth=4, width=70),
        of(depth=14, width=400),
        of(depth=4, activation="sin"),
        of(depth=4, activation=["sin", "tanh", "sin"]),
        of(depth=4, output_activation="sin"),
        of(depth=1),
        of(depth=4, inputs=["x", "r"]),
    ]
    keys = {structure_key(one) for one in different}
    assert len(keys) == len(different)
    assert all("\n" not in key for key in keys)


def test_a_key_leaves_numbers_out() -> None:
    same = [of(depth=5), of(depth=6, seed=3, weight_scale=0.1), of(depth=5, width=15, outputs=1)]
    assert len({structure_key(one) for one in same}) == 1


def test_every_engine_can_be_kept(cache: TuningCache, path: Path) -> None:
    for name in EXACT:
        cache.put(name, Measured(name, dict.fromkeys(EXACT, 1e9)))
    again = TuningCache(HERE, path)
    assert all(again.get(name) == Measured(name, dict.fromkeys(EXACT, 1e9)) for name in EXACT)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "tuning.json"
    os.mkfifo(path)
    assert TuningCache("a machine", path).get("a") is None

"""The favourites on disk: defaults, a person's own, and two windows at once."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cppn_gl.output.capture import save_new_picture
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.viewer.favourites import Favourites, default_path, opened

FIRST = dict(zip(range(1, 10), shipped(), strict=False))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "favourites.toml"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_at_first_they_are_the_first_presets(path: Path) -> None:
    assert Favourites(path).table() == Favourites().table() == FIRST
    assert not path.exists()


def test_one_that_is_set_is_in_a_readable_file(path: Path) -> None:
    favourites = Favourites(path)
    favourites.put(3, "tie-dye")
    favourites.put(1, "/a/b.toml")
    again = Favourites(path)
    assert again.table() == FIRST | {1: "/a/b.toml", 3: "tie-dye"}
    assert again.problem == ""
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert lines[-2:] == ['1 = "/a/b.toml"', '3 = "tie-dye"']


def test_what_another_window_sets_is_seen_and_kept(path: Path) -> None:
    one, two = Favourites(path), Favourites(path)
    one.put(1, "agate")
    assert two.table()[1] == "agate"
    two.put(2, "bumps")
    one.put(3, "creases")
    assert Favourites(path).table() == FIRST | {1: "agate", 2: "bumps", 3: "creases"}


def test_none_is_lost_when_processes_write_at_once(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cppn_gl.viewer import favourites\n"
        "favourites.PATIENCE = 30.0\n"
        "own = favourites.Favourites(Path(sys.argv[1])); n = int(sys.argv[2])\n"
        "for k in range(20): own.put(n, f'name-{n}-{k}')"
    )
    command = [sys.executable, "-c", script, str(path)]
    running = [subprocess.Popen([*command, str(number)]) for number in (1, 5, 9)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert Favourites(path).table() == FIRST | {n: f"name-{n}-19" for n in (1, 5, 9)}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[favourites]\n3 = ", "not TOML"),
        ("[favourites]\n10 = 'agate'", "favourites: '10' is not a number from 1 to 9"),
        ("[favourites]\n1 = 3", "favourites.1: 3 is not a text"),
        ("favourites = 3", "favourites: 3 is not a table"),
        ("format = 2", "format 2; this program reads 1"),
        ("other = 2", "no such key 'other'"),
        ("#" * 70000, "larger than"),
    ],
)
def test_a_bad_file_is_one_line_the_defaults_and_stays(path: Path, text: str, problem: str) -> None:
    write(path, text)
    favourites = Favourites(path)
    assert favourites.table() == FIRST
    assert favourites.problem.startswith(f"{path}: {problem}")
    assert "\n" not in favourites.problem
    with pytest.raises(CaptureError, match="not changed"):
        favourites.put(1, "agate")
    assert path.read_text() == text
    write(path, "[favourites]\n1 = 'agate'")
    assert favourites.table() == FIRST | {1: "agate"}
    assert favourites.problem == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes have names")
def test_a_file_that_is_none_does_not_hang(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    favourites = Favourites(path)
    assert favourites.table() == FIRST
    assert "expected a regular file" in favourites.problem


def test_without_a_home_nothing_is_set() -> None:
    with pytest.raises(CaptureError, match="no home directory"):
        Favourites().put(1, "agate")
    with pytest.raises(CaptureError, match="no home directory"):
        Favourites().keep(Preset())


def test_a_name_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(CaptureError, match="not a text of one line"):
        Favourites(path).put(1, "a\nb")
    assert not path.exists()


def test_a_preset_without_a_file_gets_one(path: Path) -> None:
    favourites = Favourites(path)
    preset = load_preset("agate").replace(seed=99)
    source = favourites.keep(preset)
    assert Path(source).parent == favourites.folder
    assert opened(source)[0] == preset


def test_the_users_own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = default_path()
    assert found is not None
    assert found.name == "favourites.toml"


def test_what_a_source_opens(tmp_path: Path) -> None:
    assert opened("agate") == (load_preset("agate"), None)
    shot = Shot(load_preset("loop"), (8, 5), 3.5)
    picture = save_new_picture(tmp_path, np.zeros((5, 8, 3), np.uint8), shot)
    assert opened(str(picture)) == (shot.preset, 3.5)
    with pytest.raises(PresetError, match="No such file"):
        opened(str(tmp_path / "gone.toml"))

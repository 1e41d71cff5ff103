"""Changes of a file are noticed, however an editor writes it."""

import os
from pathlib import Path

import pytest

from cppn_gl.viewer.watch import INTERVAL, Watch, shader_files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "preset.toml"
    path.write_text("one")
    os.utime(path, ns=(0, 0))
    return path


class Clock:
    """Polls a watch, each time an interval later."""

    def __init__(self, watch: Watch):
        self.watch, self.now = watch, 0.0

    def changed(self) -> bool:
        self.now += 2 * INTERVAL
        return self.watch.changed(self.now)


def test_new_content_is_a_change_once(file: Path) -> None:
    clock = Clock(Watch(lambda: [file]))
    assert not clock.changed()
    file.write_text("two")
    os.utime(file, ns=(0, 1))
    assert clock.changed()
    assert not clock.changed()


def test_another_length_in_the_same_instant(file: Path) -> None:
    clock = Clock(Watch(lambda: [file]))
    file.write_text("three")
    os.utime(file, ns=(0, 0))
    assert clock.changed()


def test_a_file_renamed_over_it(file: Path) -> None:
    clock = Clock(Watch(lambda: [file]))
    other = file.with_suffix(".new")
    other.write_text("two")
    os.utime(other, ns=(0, 0))
    os.replace(other, file)
    assert clock.changed()
    assert not clock.changed()


def test_deleted_and_there_again(file: Path) -> None:
    clock = Clock(Watch(lambda: [file]))
    file.unlink()
    assert clock.changed()
    assert not clock.changed()
    file.write_text("one")
    assert clock.changed()
    assert not clock.changed()


def test_a_file_that_was_never_there(tmp_path: Path) -> None:
    path = tmp_path / "later.toml"
    clock = Clock(Watch(lambda: [path]))
    assert not clock.changed()
    path.write_text("")
    assert clock.changed()


def test_a_new_file_counts(file: Path, tmp_path: Path) -> None:
    clock = Clock(Watch(lambda: sorted(tmp_path.glob("*"))))
    assert not clock.changed()
    (tmp_path / "another").write_text("")
    assert clock.changed()
    (tmp_path / "another").unlink()
    assert clock.changed()


def test_no_files(tmp_path: Path) -> None:
    assert not Clock(Watch(list)).changed()
    assert not Clock(Watch(lambda: [tmp_path / "a" / "b", Path("x" * 5000)])).changed()


def test_it_looks_once_an_interval(file: Path) -> None:
    watch = Watch(lambda: [file])
    assert not watch.changed(10.0)
    os.utime(file, ns=(0, 7))
    assert not watch.changed(10.0 + INTERVAL / 2)
    assert watch.changed(10.0 + INTERVAL * 1.01)


def test_shader_files_are_the_shaders_alone() -> None:
    names = [path.name for path in shader_files()]
    assert "network.glsl" in names
    assert "picture.frag" in names
    assert all(name.endswith((".glsl", ".frag", ".vert", ".comp")) for name in names)

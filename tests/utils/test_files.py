"""Files are whole or not there, and none is lost."""

import errno
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from cppn_gl.utils.files import (
    CaptureError,
    check_target,
    free_name,
    make_folder,
    remove_parts,
    write_atomic,
    write_new,
)

WHEN = datetime(2026, 3, 4, 5, 6, 7)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(number: int) -> Callable[..., None]:
    def fail(*args: object, **keys: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_writes_all_of_it_under_the_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomic(path, b"whole", overwrite=False)
    (tmp_path / "plain").write_bytes(b"")
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert names(tmp_path) == ["a.bin", "plain"]


def test_overwrites_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(CaptureError, match="already exists") as caught:
        write_atomic(path, b"new", overwrite=False)
    assert caught.value.taken
    assert path.read_bytes() == b"old"
    write_atomic(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_many_at_once_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """All have looked, and found the name free, before the first writes."""
    path, everybody = tmp_path / "a.bin", threading.Barrier(8)
    won: list[bytes] = []
    lost: list[bool] = []
    fsync = os.fsync

    def meet(descriptor: int) -> None:
        fsync(descriptor)
        everybody.wait(10)

    def write(content: bytes) -> None:
        try:
            write_atomic(path, content, overwrite=False)
            won.append(content)
        except CaptureError as error:
            lost.append(error.taken)

    monkeypatch.setattr(os, "fsync", meet)
    if not links:  # FAT, and some network file systems
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    writers = [threading.Thread(target=write, args=(bytes([n]) * 9999,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [path.read_bytes()] == won
    assert lost == [True] * 7
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    ("call", "number", "words"),
    [
        ("fsync", errno.ENOSPC, "disk is full"),
        ("fsync", errno.EIO, "cannot be written: Input/output error"),
        ("open", errno.EACCES, "no permission"),
        ("open", errno.EROFS, "read-only"),
        ("open", errno.ENAMETOOLONG, "too long"),
    ],
)
def test_a_failure_says_why_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    words: str,
    overwrite: bool,
) -> None:
    path = tmp_path / "a.bin"
    if overwrite:
        path.write_bytes(b"old")
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(CaptureError, match=words) as caught:
        write_atomic(path, b"new", overwrite=overwrite)
    monkeypatch.undo()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == (["a.bin"] if overwrite else [])
    assert not overwrite or path.read_bytes() == b"old"


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "a.bin", b"new", overwrite=False)
    assert names(tmp_path) == []


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    wrong = {
        tmp_path: "is a folder",
        tmp_path / "no" / "a.png": "does not exist",
        tmp_path / "file" / "a.png": "is not a folder",
        tmp_path / "pipe": "device or a pipe",
        tmp_path / ("n" * 300): "too long",
        tmp_path / "null\0": "no name for a file",
    }
    for path, words in wrong.items():
        with pytest.raises(CaptureError, match=words):
            write_atomic(path, b"", overwrite=True)
    assert names(tmp_path) == ["file", "pipe"]
    with pytest.raises(CaptureError, match="already exists"):
        check_target(tmp_path / "file", overwrite=False)
    check_target(tmp_path / "file", overwrite=True)


def test_a_link_is_followed_when_overwriting_and_spared_otherwise(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("target")
    write_atomic(link, b"new", overwrite=True)
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    dangling = tmp_path / "dangling"
    dangling.symlink_to("nowhere")
    with pytest.raises(CaptureError):
        write_atomic(dangling, b"new", overwrite=False)


def test_folders_are_made(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "under"):
        with pytest.raises(CaptureError, match="file"):
            make_folder(folder)


def test_only_parts_of_the_named_files_are_removed(tmp_path: Path) -> None:
    kept = ["00001.png", "00001.png.part", ".other.txt.12-ab.part"]
    for name in [*kept, ".00001.png.12-ab.part"]:
        (tmp_path / name).write_bytes(b"")
    remove_parts(tmp_path, "[0-9]*.png")
    assert names(tmp_path) == sorted(kept)


def test_free_names_hold_stem_date_and_time(tmp_path: Path) -> None:
    first = free_name(tmp_path, "neylon-27", ".png", when=WHEN)
    assert first == tmp_path / "neylon-27-2026-03-04-050607.png"
    assert free_name(tmp_path, "neylon-27", "", when=WHEN).name == "neylon-27-2026-03-04-050607"
    first.write_bytes(b"")
    assert free_name(tmp_path, "neylon-27", ".png", when=WHEN).name.endswith("050607-2.png")


@pytest.mark.parametrize(
    ("stem", "start"),
    [
        ("../../etc/passwd", "etc-passwd-2"),
        ("a b\n\0c:d\\e", "a-b--c-d-e-2"),
        ("\udcff", "picture-2"),
        ("", "picture-2"),
        ("...", "picture-2"),
        ("-rf", "rf-2"),
        ("été", "été-2"),
        ("n" * 300, "n" * 48 + "-2"),
    ],
)
def test_free_names_are_safe(tmp_path: Path, stem: str, start: str) -> None:
    path = free_name(tmp_path, stem, ".png", when=WHEN)
    assert path.parent == tmp_path
    assert path.name.startswith(start)
    path.write_bytes(b"")


def test_free_names_can_be_written_in_an_old_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsencode", lambda text: str(text).encode("iso-8859-1"))
    path = free_name(tmp_path, "bäm-жук", ".png", when=WHEN)
    assert path.name.startswith("bäm-20")


def test_new_files_never_collide(tmp_path: Path) -> None:
    def write(content: bytes) -> None:
        write_new(tmp_path, "a", ".png", content, when=WHEN)

    writers = [threading.Thread(target=write, args=(bytes([n]),)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {bytes([n]) for n in range(8)}
    with pytest.raises(CaptureError, match="does not exist"):
        write_new(tmp_path / "no", "a", ".png", b"")

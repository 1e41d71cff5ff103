"""What can be chosen: the shipped presets, files of folders, and what a search finds."""

import os
from pathlib import Path

import numpy as np
import pytest
from desktop import wait_for
from PIL import Image

from cppn_gl.output.capture import save_picture
from cppn_gl.preset.library import load_preset, names, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.themes import THEMES
from cppn_gl.viewer import collection as collection_module
from cppn_gl.viewer.collection import GROUPS, OWN, Collection, Entry

AGATE = load_preset("agate")
BLACK = np.zeros((20, 32, 3), np.uint8)


def read(*folders: Path) -> Collection:
    """A collection that has been read to its end."""
    collection = Collection(folders)
    collection.refresh()
    wait_for(lambda: collection.complete, "the files")
    return collection


def own(folder: Path) -> dict[str, Entry]:
    return {entry.file: entry for entry in read(folder).own}


def test_it_lists_every_preset_once_by_theme(tmp_path: Path) -> None:
    collection = read(tmp_path)
    assert sorted(entry.source for entry in collection.all) == sorted(names())
    groups = collection.matching("")
    assert list(groups) == list(THEMES)
    for theme, entries in groups.items():
        assert {entry.theme for entry in entries} == {theme}
        assert all(entry.title and entry.description and entry.subject for entry in entries)


def test_the_essay_is_in_the_order_of_its_figures() -> None:
    essay = [entry.source for entry in read().matching("")["essay"]]
    assert essay[:3] == ["neylon-wide", "seven-dimensions", "sigmoid-figure"]
    assert essay.index("scale-animated") < essay.index("close-up")


@pytest.mark.parametrize(
    ("search", "source"),
    [
        ("agate", "agate"),
        ("SLOW tide", "default"),
        ("cut stone", "agate"),
        ("essay 40 layers", "neylon-40"),
        ("tie-dye moving", "slice-grey"),
        ("surprise", "random"),
    ],
)
def test_a_search_finds_names_titles_descriptions_and_themes(search: str, source: str) -> None:
    found = [entry.source for group in read().matching(search).values() for entry in group]
    assert source in found
    assert len(found) < len(names())


def test_a_search_for_nothing_known_finds_nothing() -> None:
    assert read().matching("agate xyzzy") == {}


def test_its_own_name_comes_before_what_mentions_it() -> None:
    entries = {entry.source: entry for entry in read().all}
    assert entries["neylon-27"].named("27")
    assert entries["close-up"].matches("27")
    assert not entries["close-up"].named("27")


def test_files_are_presets_and_saved_pictures(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(AGATE.to_toml())
    save_picture(tmp_path / "shot.png", BLACK, Shot(AGATE, (32, 20), 2.5))
    save_picture(tmp_path / "shot.tif", BLACK, Shot(AGATE, (32, 20), 3.5))
    found = own(tmp_path)
    assert set(found) == {"mine.toml", "shot.png", "shot.tif"}
    assert {entry.time for entry in found.values()} == {None, 2.5, 3.5}
    for name, entry in found.items():
        assert (entry.theme, entry.preset, entry.problem) == (OWN, AGATE, "")
        assert entry.source == str(tmp_path / name)
        assert entry.matches(name)
    assert GROUPS[OWN].title


def test_files_of_other_programs_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "notes.txt").write_text("network")
    (tmp_path / "folder.toml").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "photo.png")
    Image.new("RGB", (30, 20)).save(tmp_path / "scan.tif")
    assert own(tmp_path) == {}


def test_broken_ones_say_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "typo.toml").write_text("[network]\ndept = 3\n")
    (tmp_path / "torn.toml").write_text("[network\n")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.tif").write_bytes(b"II*\0")
    found = own(tmp_path)
    assert len(found) == 7
    for name, entry in found.items():
        assert entry.preset is None
        assert entry.subject is None
        assert entry.problem.startswith(f"{name}:")
        assert "\n" not in entry.problem
        assert entry.title == name
    assert "did you mean 'depth'" in found["typo.toml"].problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes have names")
def test_pipes_and_folders_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert read(tmp_path, tmp_path / "none").own == []


def test_links_that_form_a_loop_are_passed_over(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.toml").write_text(AGATE.to_toml())
        (tmp_path / f"{name}-loop.toml").symlink_to(f"{name}-loop.toml")
    assert sorted(own(tmp_path)) == ["a.toml", "b.toml", "c.toml"]


def test_a_large_picture_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageFile

    def refuse(self: object) -> None:
        raise AssertionError("pixels were decoded")

    Image.new("RGB", (300, 200)).save(tmp_path / "photo.png")
    save_picture(tmp_path / "shot.png", BLACK, Shot(AGATE, (32, 20)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)
    assert set(own(tmp_path)) == {"shot.png"}


def test_the_newest_files_are_listed_and_not_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_module, "MOST", 3)
    for number in range(6):
        path = tmp_path / f"{number}.toml"
        path.write_text(AGATE.replace(seed=number).to_toml())
        os.utime(path, (number, number))
    assert [entry.file for entry in read(tmp_path).own] == ["5.toml", "4.toml", "3.toml"]


def test_a_folder_in_the_list_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(AGATE.to_toml())
    assert len(read(tmp_path, tmp_path / "x" / "..", tmp_path).own) == 1


def test_the_folder_of_the_shipped_presets_is_not_the_persons_own() -> None:
    assert read(shipped()["agate"].parent).own == []


def test_reading_again_notices_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(AGATE.to_toml())
    collection = read(tmp_path)
    first, version = collection.own, collection.version
    collection.refresh()
    wait_for(lambda: collection.complete, "the files")
    assert collection.own[0] is first[0]
    path.write_text(AGATE.replace(title="Changed").to_toml())
    (tmp_path / "more.toml").write_text(AGATE.to_toml())
    os.utime(tmp_path / "more.toml", (1, 1))
    collection.refresh()
    wait_for(lambda: collection.complete, "the files")
    assert [entry.title for entry in collection.own] == ["Changed", "Agate"]
    assert collection.version > version
    path.unlink()
    collection.refresh()
    wait_for(lambda: collection.complete, "the files")
    assert [entry.file for entry in collection.own] == ["more.toml"]


def test_it_does_not_wait_for_the_files(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.toml").write_text(Preset().replace(seed=number).to_toml())
    collection = Collection([tmp_path])
    collection.prepare()
    wait_for(lambda: len(collection.shipped) == len(shipped()), "the shipped presets")
    assert collection.own == []
    collection.refresh()
    wait_for(lambda: len(collection.own) == 50, "the files")
    collection.release()
    assert collection._thread is not None
    collection._thread.join()

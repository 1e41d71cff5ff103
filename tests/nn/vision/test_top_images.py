"""Top pictures: the best of a folder for each channel, in slices, kept on disk, resumed."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from seers import grey

from cppn_gl.nn.image_file import read_image
from cppn_gl.nn.vision import top_images as module
from cppn_gl.nn.vision.preprocess import picture_of
from cppn_gl.nn.vision.running import finished, forward
from cppn_gl.nn.vision.top_images import COUNT, TopImages, pictures_in, top_images
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import at_once


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve pictures, one of them in a folder inside, and a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = tmp_path / "pictures"
    (found / "inner").mkdir(parents=True)
    draws = np.random.default_rng(1)
    for number in range(12):
        pixels = draws.integers(0, 256, (24, 32), np.uint8)
        at = found / ("inner/a.png" if number == 0 else f"{number:02}.png")
        Image.fromarray(pixels).save(at)
    return found


def made(folder: Path) -> TopImages:
    preset = grey()
    found = TopImages(preset.network(), preset.preprocess, folder)  # type: ignore[arg-type]
    at_once(found.look_up())
    return found


def all_of(found: TopImages) -> list[Any]:
    counts = [stage.shape.channels for stage in found.network.stages]
    return [found.best(k, c) for k, count in enumerate(counts) for c in range(count)]


def test_the_best_pictures_have_the_largest_values_at_their_places(folder: Path) -> None:
    found = made(folder)
    at_once(found.work())
    assert found.finished
    passes = {
        name: finished(
            forward(found.network, found.preprocess.tensor(picture_of(read_image(name))))
        )
        for name in sorted(folder.rglob("*.png"))
    }
    for stage in range(len(found.network.stages)):
        best = found.best(stage, 1)
        maxima = sorted((float(p.units[stage][1].max()) for p in passes.values()), reverse=True)
        wanted = [value for value in maxima if value > 0][:COUNT]
        assert [top.value for top in best] == pytest.approx(wanted)
        for top in best:
            assert passes[top.path].units[stage][1][top.place] == pytest.approx(top.value)


def test_it_goes_on_where_it_was_interrupted(folder: Path) -> None:
    found, parts = made(folder), made(folder)
    at_once(found.work())
    whole = all_of(found)
    found.path.unlink()  # type: ignore[union-attr]
    while not parts.finished:
        before = parts.done
        steps = parts.work()
        while parts.done < before + 5 and next(steps, 1.0) != 1.0:
            pass
        steps.close()
        assert parts.done > before
        parts = made(folder)  # as another process would
        assert parts.done > before
    assert all_of(parts) == whole


def test_new_pictures_are_added_and_changed_ones_start_it_again(folder: Path) -> None:
    at_once(made(folder).work())
    Image.new("L", (40, 30), 200).save(folder / "00.png")
    more = made(folder)
    assert (more.done, more.total) == (12, 13)
    at_once(more.work())
    fresh = made(folder)
    fresh.path.unlink()  # type: ignore[union-attr]
    fresh = made(folder)
    at_once(fresh.work())
    assert all_of(more) == all_of(fresh)
    Image.new("L", (50, 30), 100).save(folder / "00.png")
    os.utime(folder / "00.png", ns=(1, 1))
    assert made(folder).done == 0


def test_broken_files_are_skipped_with_a_word(folder: Path) -> None:
    (folder / "00.jpg").write_bytes(b"no picture")
    (folder / "words.txt").write_text("no picture")
    found = made(folder)
    at_once(found.work())
    assert found.finished
    assert found.total == 13
    assert list(found.broken) == ["00.jpg"]
    assert "not an image" in found.broken["00.jpg"]


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    Image.new("L", (8, 8)).save(outside / "secret.png")
    (folder / "away").symlink_to(outside)
    (folder / "file.png").symlink_to(outside / "secret.png")
    (folder / "same.png").symlink_to(folder / "01.png")
    names = [one.name for one in at_once(pictures_in(folder))]
    assert "same.png" in names
    assert "inner/a.png" in names
    assert not {"file.png", "away/secret.png"} & set(names)
    assert names == sorted(names)


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"{}\n", lambda data: b""])
def test_a_damaged_cache_is_ignored(folder: Path, damage: Any) -> None:
    found = made(folder)
    at_once(found.work())
    assert found.path is not None
    found.path.write_bytes(damage(found.path.read_bytes()))
    assert made(folder).done == 0


def test_indices_out_of_range_are_no_cache(folder: Path) -> None:
    found = made(folder)
    found._files[:] = 99
    found.save()
    assert made(folder).done == 0


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="no such folder"):
        at_once(pictures_in(tmp_path / "none"))
    with pytest.raises(PresetError, match=r"no pictures \(\.png"):
        at_once(pictures_in(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(PresetError, match="is a file"):
        at_once(pictures_in(tmp_path / "file"))


def test_a_folder_with_too_many_pictures_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 5)
    with pytest.raises(PresetError, match="more than 5 pictures"):
        at_once(pictures_in(folder))


def test_it_is_shared_by_all_who_ask(folder: Path) -> None:
    preset = grey()
    one, other = (top_images(preset.network(), preset.preprocess, folder) for _ in range(2))  # type: ignore[arg-type]
    assert one is other


def test_two_that_work_at_once_count_each_picture_once(folder: Path) -> None:
    alone, found = made(folder), made(folder)
    at_once(alone.work())
    for path in folder.parent.rglob("*.bin"):
        path.unlink()
    works = [found.work(), found.work()]
    while works:
        works = [work for work in works if next(work, works) is not works]
    assert found.done == found.total
    assert all_of(found) == all_of(alone)

"""Presets with an image as an input: what leaves the program with them, and opens elsewhere."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn.features import CHANNELS, Clock
from cppn_gl.output.formats import format_of
from cppn_gl.output.manifest import preset_keys
from cppn_gl.output.sequence import IMAGE, Sequence
from cppn_gl.preset.given import given
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import packed, received, save_preset, unpacked
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot, parse_shot, read_shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import USER, Origin

PIXELS = np.zeros((5, 7, 3), np.uint8)
PHOTO = np.random.default_rng(3).integers(0, 256, (12, 16, 3), np.uint8)
TEXT = '[network]\ninputs = ["red", "x"]\n[input]\nimage = "{}"\n'


def photo(folder: Path, name: str = "photo.jpg", pixels: Any = PHOTO) -> Path:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


def seeing(folder: Path, **keys: Any) -> Preset:
    """A preset of a dense network that sees a photograph in the folder `own`."""
    path = photo(folder / "own")
    named = {"input.image": str(path), **keys}
    return Preset(title="mine").replace(inputs=["x", "red", "grey"], **named)


def picture(folder: Path, preset: Preset, name: str) -> Path:
    path = folder / name
    with path.open("wb") as file:
        format_of(path).write(file, PIXELS, Shot(preset, (7, 5)))
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_a_picture_carries_its_image_and_opens_without_the_file(name: str, tmp_path: Path) -> None:
    preset = seeing(tmp_path, **{"input.fit": "contain", "input.encoding": "linear"})
    digest = preset.network().digest
    path = picture(tmp_path, preset, name)
    (tmp_path / "own" / "photo.jpg").unlink()
    shot = read_shot(path)
    assert shot.preset == preset
    assert shot.preset.network().digest == digest
    assert shot.preset.input.label == "photo.jpg"
    assert shot.to_text() == dataclasses.replace(shot).to_text()
    again = read_shot(picture(tmp_path, shot.preset, f"b{path.suffix}"))
    assert again.preset.network().digest == digest
    assert str(tmp_path) not in shot.to_text()  # nor where it was


def test_the_same_shot_gives_the_same_bytes_opened_or_not(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    first = picture(tmp_path, preset, "a.png")
    second = picture(tmp_path, read_shot(first).preset, "b.png")
    assert first.read_bytes() == second.read_bytes()


def test_what_the_file_holds_besides_pixels_does_not_travel(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.fromarray(PHOTO).save(tmp_path / "photo.jpg", exif=exif)
    preset = Preset().replace(inputs=["red"], **{"input.image": str(tmp_path / "photo.jpg")})
    assert b"home" in (tmp_path / "photo.jpg").read_bytes()
    assert b"home" not in preset.input.stored.png


def test_nothing_travels_for_a_shipped_picture_or_without_one() -> None:
    assert packed(Preset()) == {"preset": Preset().to_toml()}
    preset = Preset().replace(inputs=["red"], **{"input.image": "anchor"})
    assert packed(preset) == packed(preset, local=True) == {"preset": preset.to_toml()}
    assert unpacked(packed(preset)) == preset
    assert "[input]" not in Preset().replace(inputs=["red"]).to_toml()


def test_processes_of_this_machine_get_the_path_and_others_the_image(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    near, far = packed(preset, local=True), packed(preset, whole=True)
    assert str(preset.input.path) in near["preset"]
    assert "image" not in near
    assert str(tmp_path) not in json.dumps(far)
    assert unpacked(near, origin=USER) == preset
    came = unpacked(far, origin=received(far, tmp_path))
    assert came == preset
    assert came.input.path is None
    assert unpacked(packed(came, local=True), origin=USER) == preset  # there is no file of it


def test_frames_of_a_sequence_have_it_in_a_file_beside_them(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    shot = Sequence(preset, 2, 1.0).frame(0, "numpy")
    document = json.loads(shot.to_text())
    assert (shot.image_beside, "image" in document) == (IMAGE, False)
    photo(tmp_path, IMAGE, preset.input.stored.pixels)
    text = shot.to_text()
    assert parse_shot(text, "a.png", Origin(tmp_path)).preset == preset
    assert parse_shot(shot.to_text(whole=True), "a.png").image_beside == IMAGE


def test_manifests_tell_images_of_one_name_apart(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    other = preset.replace(**{"input.image": str(photo(tmp_path / "b", pixels=PHOTO[::-1]))})
    mine, others = preset_keys(preset), preset_keys(other)
    assert mine["preset"] == others["preset"]
    assert mine["preset_sha256"] != others["preset_sha256"]


def test_a_saved_toml_finds_the_image_again(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    save_preset(tmp_path / "a.toml", preset)
    assert 'image = "own/photo.jpg"' in (tmp_path / "a.toml").read_text()
    assert read_preset(tmp_path / "a.toml") == preset
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    carried = read_shot(picture(tmp_path, preset, "a.png")).preset
    save_preset(elsewhere / "b.toml", carried)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["b-image.png", "b.toml"]
    assert read_preset(elsewhere / "b.toml", trusted=False) == preset


def test_a_preset_may_name_an_image_as_far_as_it_is_trusted(tmp_path: Path) -> None:
    photo(tmp_path)
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.toml").write_text(TEXT.format("../photo.jpg"))
    assert read_preset(inside / "a.toml").input.path == tmp_path / "photo.jpg"
    with pytest.raises(PresetError, match=r"a\.toml:4: input\.image: .* beside it or below"):
        read_preset(inside / "a.toml", trusted=False)
    with pytest.raises(PresetError, match="cannot name files"):
        parse_preset(TEXT.format("photo.jpg"))


def test_a_sheet_from_elsewhere_names_no_images(tmp_path: Path) -> None:
    photo(tmp_path)
    text = "[network]\ninputs = ['red']\n[sweep]\nrows = 'input.image={}'\n"
    with pytest.raises(PresetError, match="cannot name files"):
        parse_preset(text.format(f'"{tmp_path}/photo.jpg","anchor"'))
    preset = parse_preset(text.format("chelsea,anchor"))
    assert [cell.preset.input.image for cell in cells(preset).cells] == ["chelsea", "anchor"]


def test_the_image_is_part_of_what_a_network_depends_on(tmp_path: Path) -> None:
    preset = seeing(tmp_path)
    other = preset.replace(**{"input.image": "lighthouse"})
    moved = preset.replace(**{"normalize.region_extent": 2.0})
    assert len({one.network().digest for one in (preset, other, moved)}) == 3
    assert len({one.made_of for one in (preset, other, moved)}) == 3
    blind = Preset().replace(**{"input.image": "lighthouse"})
    assert blind.made_of == Preset().made_of
    assert blind.image is None


def test_explicit_layers_see_the_same_image(tmp_path: Path) -> None:
    preset = seeing(tmp_path, **{"normalize.which": "all"})
    assert preset.network().image is not None
    fixed = given(preset)
    x, y = np.random.default_rng(1).uniform(-2, 2, (2, 30))
    inputs = [one.network().features(x, y, Clock()) for one in (preset, fixed)]
    np.testing.assert_array_equal(*inputs)
    outputs = [one.network().evaluate(inputs[0]) for one in (preset, fixed)]
    np.testing.assert_allclose(*outputs)


def test_images_are_not_animated_and_not_learned() -> None:
    with pytest.raises(PresetError, match="animate"):
        Preset().replace(**{"animate.input.image": ["chelsea", "anchor"]})
    for name in CHANNELS:
        with pytest.raises(PresetError, match="sees no image") as caught:
            Preset().replace(inputs=["x", name], **{"train.data": "circle"})
        assert caught.value.key == "network.inputs"


def test_every_channel_is_an_input_of_a_preset() -> None:
    preset = parse_preset(f"[network]\ninputs = {list(CHANNELS)}")
    assert preset.network().by_grid
    assert load_preset().image is None

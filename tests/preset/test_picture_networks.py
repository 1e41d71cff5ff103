"""Presets of networks that see pictures: text, changes, what leaves the program, and refusals."""

import base64
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.output.exports import EXPORTS
from cppn_gl.preset.network_file import (
    left_out,
    packed,
    save_preset,
    unpacked,
    with_image,
    with_network,
)
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import USER, Origin

SMALL = Path(__file__).parent.parent / "nn" / "vision" / "small.onnx"
HOW: dict[str, Any] = {
    "preprocess.order": ["red", "blue"],
    "preprocess.range": 1,
    "preprocess.mean": [0.5, 0.5],
    "preprocess.std": [0.25, 0.25],
}


def squeezenet() -> Preset:
    return parse_preset('[network]\nfile = "squeezenet"\n[input]\nimage = "coffee"\n')


def own(folder: Path) -> Preset:
    (folder / "own").mkdir()
    file = folder / "own" / "net.onnx"
    file.write_bytes(SMALL.read_bytes())
    return with_network(Preset(), file, HOW)


def test_it_comes_back_from_its_text(tmp_path: Path) -> None:
    for preset in (squeezenet(), own(tmp_path)):
        assert preset.classifies
        assert parse_preset(preset.to_toml(), origin=USER) == preset
        assert preset.network() is preset.replace(title="other").network()
        assert preset.made_of == preset.replace(**{"input.image": "cat"}).made_of
        assert preset.replace(**{"preprocess.fit": "cover"}).preprocess.fit == "cover"
        assert preset.image is None
        assert preset.channels == 3


def test_an_own_network_without_preprocessing_is_asked_for_it() -> None:
    with pytest.raises(PresetError, match="needs order, range, mean, std"):
        with_network(Preset(), SMALL)
    with pytest.raises(PresetError, match=r"a\.toml:3: preprocess: .*needs mean, std"):
        parse_preset(
            f'[network]\nfile = "{SMALL}"\n[preprocess]\norder = ["red", "blue"]\nrange = 1\n',
            source="a.toml",
            origin=USER,
        )
    with pytest.raises(PresetError, match="only networks that see whole pictures"):
        parse_preset('[preprocess]\norder = "rgb"\n')


def test_another_network_takes_no_preprocessing_over(tmp_path: Path) -> None:
    preset = own(tmp_path)
    known = preset.replace(**{"network.file": "squeezenet"})
    assert known.preparation == squeezenet().preparation
    assert with_network(preset, "squeezenet").preprocess == squeezenet().preprocess
    with pytest.raises(PresetError, match="needs"):
        with_network(preset, SMALL)
    other = squeezenet().replace(**{"network.file": str(SMALL), **HOW})
    assert other.preprocess == with_network(Preset(), SMALL, HOW).preprocess


def test_a_view_follows_the_kind_of_network(tmp_path: Path) -> None:
    assert squeezenet().show.view == "channels"
    units = Preset().replace(**{"show.view": "units"})
    assert with_network(units, "squeezenet").show.view == "channels"
    learns = Preset().replace(**{"train.data": "circle", "normalize.which": "all"})
    sheet = learns.replace(**{"show.view": "sheet", "sweep.cols": "depth=1:3"})
    for plane in (learns, sheet):
        assert with_network(plane, "squeezenet") == with_network(Preset(), "squeezenet")
    animated = Preset().replace(**{"animate.weight_scale": [1, 2]})
    assert not with_network(animated, "squeezenet").moves
    dense = tmp_path / "net.safetensors"
    Preset().network().save(dense)
    back = with_network(squeezenet(), dense)
    assert back.show.view == "picture"
    assert not back.classifies
    assert with_image(squeezenet(), SMALL.parents[3] / "presets" / "cat.png").classifies


@pytest.mark.parametrize("how", [{}, {"local": True}, {"whole": True}, {"beside": "weights.x"}])
def test_a_known_network_is_named_by_its_hash_and_never_carried(how: dict[str, Any]) -> None:
    preset = squeezenet()
    sent = packed(preset, **how)
    assert set(sent) == {"preset"}
    assert f'sha256 = "{preset.spec.weights_sha256}"' in sent["preset"]  # type: ignore[attr-defined]
    assert unpacked(sent).network() is preset.network()
    assert left_out(preset) == ""


def test_a_saved_preset_names_an_own_network_by_its_hash_and_never_carries_it(
    tmp_path: Path,
) -> None:
    preset = own(tmp_path)
    alone = unpacked(packed(preset, whole=True))  # as a worker has it, whose file is elsewhere
    for name, one in (("a", preset), ("b", alone)):
        save_preset(tmp_path / f"{name}.toml", one)
        text = (tmp_path / f"{name}.toml").read_text()
        assert f'sha256 = "{preset.spec.weights_sha256}"' in text  # type: ignore[attr-defined]
    assert read_preset(tmp_path / "a.toml").network().digest == preset.network().digest
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.toml", "b.toml", "own"]


def test_an_own_network_is_named_and_found_beside_the_picture(tmp_path: Path) -> None:
    preset = own(tmp_path)
    sent = packed(preset)
    assert set(sent) == {"preset"}
    assert str(tmp_path) not in sent["preset"]
    assert "net.onnx is named in the picture, not carried" in left_out(preset)
    assert unpacked(sent, origin=Origin(tmp_path / "own")) == dataclasses.replace(
        preset, spec=unpacked(sent, origin=Origin(tmp_path / "own")).spec
    )
    with pytest.raises(PresetError, match="put it into the same folder"):
        unpacked(sent, origin=Origin(tmp_path))
    file = tmp_path / "own" / "net.onnx"
    file.write_bytes(file.read_bytes() + b"\0\0")
    with pytest.raises(PresetError):
        unpacked(sent, origin=Origin(tmp_path / "own"))


def test_a_picture_opens_with_its_network_from_another_place(tmp_path: Path) -> None:
    preset = own(tmp_path)
    text = packed(preset)["preset"]
    moved = tmp_path / "moved.onnx"
    moved.write_bytes(SMALL.read_bytes())
    opened = with_network(parse_preset(text, origin=Origin(tmp_path, network=moved)), moved)
    assert opened.preprocess == preset.preprocess
    assert opened.network() is preset.network()
    known = Path("squeezenet")
    other = with_network(parse_preset(text, origin=Origin(tmp_path, network=known)), known)
    assert other.preprocess == squeezenet().preprocess
    moved.write_bytes(SMALL.read_bytes() + b"\x0a\0")  # another file, with an empty producer
    with pytest.raises(PresetError, match="needs order"):
        with_network(parse_preset(text, origin=Origin(tmp_path, network=moved)), moved)


def test_the_users_own_processes_get_an_own_network(tmp_path: Path) -> None:
    preset = own(tmp_path)
    sent = packed(preset, whole=True)
    assert base64.b64decode(sent["weights"]) == SMALL.read_bytes()
    assert unpacked(sent).network().digest == preset.network().digest
    sent = packed(preset, local=True)
    assert set(sent) == {"preset"}
    assert unpacked(sent, origin=USER) == preset


def test_a_saved_preset_names_its_file_and_writes_no_weights(tmp_path: Path) -> None:
    for name, preset in (("a.toml", squeezenet()), ("b.toml", own(tmp_path))):
        save_preset(tmp_path / name, preset)
        assert read_preset(tmp_path / name) == preset
    assert 'file = "own/net.onnx"' in (tmp_path / "b.toml").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "b.toml", "own"]


def test_a_sheet_varies_pictures_and_channels_but_no_layers() -> None:
    sheet = squeezenet().replace(**{"show.view": "sheet"})
    found = cells(sheet).cells
    assert [cell.label for cell in found][:2] == ["cat", "coffee"]
    assert all(cell.preset.show.view == "channels" for cell in found)
    units = cells(sheet.replace(**{"sweep.cols": "channels.unit=[1,1],[2,5]"}))
    assert len(units.cells) == 2
    for wrong in ("layer=1:3", "depth=1:3", "seed=1:3"):
        with pytest.raises(PresetError):
            cells(sheet.replace(**{"sweep.cols": wrong}))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("normalize.which", "all", "its own normalisation"),
        ("train.data", "circle", "it learns no more"),
        ("animation.walk", [1, 2], "not seeds to walk between"),
        ("animate.network.weight_scale", [1, 2], "cannot be changed"),
        ("animate.preprocess.range", [1, 2], "cannot be animated"),
        ("network.inputs", ["x", "y"], "cannot be changed"),
        ("network.seed", 3, "cannot be changed"),
        ("preprocess.size", [3, 3], "squeezenet for pictures of 3×3: layer 2, 'pool1'"),
        ("preprocess.size", [4096, 4096], "values; expected at most"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(key: str, value: Any, words: str) -> None:
    with pytest.raises(PresetError, match=words) as error:
        squeezenet().replace(**{key: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", list(EXPORTS))
def test_it_is_not_exported(name: str) -> None:
    with pytest.raises(PresetError, match="is not exported"):
        EXPORTS[name].files(Shot(squeezenet()), "a.py")


def test_a_fit_of_the_plane_still_has_its_short_name() -> None:
    assert Preset().replace(fit="contain").input.fit == "contain"

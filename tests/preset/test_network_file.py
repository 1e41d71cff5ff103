"""Networks from files: what pictures carry, what TOML files name, and what opens again."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Layers
from cppn_gl.output.formats import format_of
from cppn_gl.output.png import encode_png, is_whole_png
from cppn_gl.preset.given import given, with_weight
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import (
    CARRIED,
    left_out,
    named,
    packed,
    save_preset,
    unpacked,
    with_network,
)
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot, parse_shot, read_shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.origin import USER, Origin

PIXELS = np.zeros((5, 7, 3), np.uint8)
NETWORK = Network.random(depth=3, width=6, activation="sin", seed=2)


def own(folder: Path, network: Network = NETWORK, **keys: Any) -> Preset:
    """A preset of a network in a file of the folder `own`."""
    place = folder / "own"
    place.mkdir(exist_ok=True)
    network.save(place / "net.safetensors")
    return Preset(title="mine").replace(file=str(place / "net.safetensors"), **keys)


def picture(folder: Path, preset: Preset, name: str = "a.png") -> Path:
    """A saved picture of the preset, in another folder than its network."""
    path = folder / name
    with path.open("wb") as file:
        format_of(path).write(file, PIXELS, Shot(preset, (7, 5)))
    return path


def large(units: int) -> Network:
    """A network of `units`² float32 in its hidden layers, 4 bytes each."""
    draws = np.random.default_rng(1)
    hidden = [Layer(draws.normal(size=(512, 512)), np.zeros(512), "tanh")] * (
        units * units // 512**2
    )
    first = Layer(draws.normal(size=(512, 2)), np.zeros(512), "sin")
    return Network([first, *hidden, Layer(draws.normal(size=(3, 512)), np.zeros(3), "sigmoid")])


# Pictures


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_picture_carries_the_weights_and_opens_without_the_file(
    name: str, tmp_path: Path
) -> None:
    preset = own(tmp_path, weight_scale=0.75, extent=2.0)
    path = picture(tmp_path, preset, name)
    (tmp_path / "own" / "net.safetensors").unlink()
    shot = read_shot(path)
    assert shot.preset == preset
    assert shot.preset.network().digest == preset.network().digest
    assert shot.to_text() == Shot(preset, (7, 5)).to_text()  # again, with no file
    assert str(tmp_path) not in shot.to_text()  # nor where it was


def test_the_same_shot_gives_the_same_bytes_whatever_the_file(tmp_path: Path) -> None:
    """Its format and its layout do not matter."""
    preset = own(tmp_path)
    arrays: dict[str, Any] = {}
    for number, layer in enumerate(NETWORK.layers):
        arrays |= {f"net.{number}.kernel": layer.weight.T, f"net.{number}.bias": layer.bias}
    arrays |= {"activations": "sin,sin,sigmoid", "inputs": "x,y"}
    np.savez_compressed(tmp_path / "net.safetensors.npz", **arrays)
    other = preset.replace(file=str(tmp_path / "net.safetensors.npz"))
    assert other == preset
    texts = [json.loads(Shot(p).to_text())["weights"] for p in (preset, other)]
    assert texts[0] == texts[1]
    assert encode_png(PIXELS, Shot(preset, (7, 5))) == encode_png(PIXELS, Shot(preset, (7, 5)))


def test_keys_of_the_table_act_once_on_what_is_carried(tmp_path: Path) -> None:
    """Neither ω₀ nor a transposition is applied again."""
    square = np.array([[1, 2], [3, 4]], np.float32)
    file = tmp_path / "w.npz"
    np.savez(file, square, np.ones((3, 2), np.float32).T)
    keys = {"transposed": True, "omega": 30.0, "hidden_omega": 2.0}
    preset = Preset().replace(file=str(file), **keys)
    shot = read_shot(picture(tmp_path, preset))
    np.testing.assert_array_equal(shot.preset.network().layers[0].weight, 30 * square.T)
    assert shot.preset == preset


def test_large_weights_are_carried_up_to_the_limit(tmp_path: Path) -> None:
    preset = own(tmp_path, large(1920))
    path = picture(tmp_path, preset)
    assert CARRIED * 0.8 < path.stat().st_size < CARRIED * 4 / 3
    assert left_out(preset) == ""
    assert read_shot(path).preset == preset
    assert is_whole_png(path, Shot(preset, (7, 5)))


def test_larger_weights_are_named_in_a_word(tmp_path: Path) -> None:
    preset = own(tmp_path, large(2200))
    assert "net.safetensors is named in the picture, not carried (" in left_out(preset)
    path = picture(tmp_path, preset)
    assert path.stat().st_size < 10_000
    with pytest.raises(PresetError, match=r"net.safetensors: No such file.*same folder"):
        read_shot(path)
    os.symlink("own/net.safetensors", tmp_path / "net.safetensors")
    assert read_shot(path).preset == preset


def test_foreign_weights_are_named_and_checked(tmp_path: Path) -> None:
    preset = own(tmp_path, redistribute=False)
    path = picture(tmp_path, preset)
    text = json.loads(Shot(preset).to_text())
    assert "weights" not in text
    spec = preset.spec
    assert isinstance(spec, File)
    digest = hashlib.sha256((tmp_path / "own" / "net.safetensors").read_bytes()).hexdigest()
    assert f'sha256 = "{digest}"' in text["preset"]
    assert "redistribute = false" in left_out(preset)
    NETWORK.save(tmp_path / "net.safetensors")
    assert read_shot(path).preset == preset
    Network.random(seed=9).save(tmp_path / "net.safetensors")
    with pytest.raises(PresetError, match=f"another file: its sha256 is .*; expected {digest}"):
        read_shot(path)
    assert read_shot(path, network=tmp_path / "net.safetensors").preset.spec.depth == 8


def test_foreign_weights_do_not_become_explicit_layers(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="cannot be changed: redistribute = false"):
        given(own(tmp_path, redistribute=False))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": "*"}, "not base64"),
        ({"weights": 3}, "not base64"),
        ({"weights": "é"}, "not base64"),
        ({"weights": ""}, "the weights in this file: not a safetensors file"),
        ({"weights": "AAAA"}, "the weights in this file: not a safetensors file"),
    ],
)
def test_damaged_weights_in_a_picture_are_one_line(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    document = json.loads(Shot(own(tmp_path)).to_text()) | changes
    with pytest.raises(PresetError, match=words) as caught:
        parse_shot(json.dumps(document), "a.png")
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_of_a_random_network_is_as_before() -> None:
    assert set(json.loads(Shot(Preset()).to_text())) == {
        *("version", "name", "size", "time", "samples", "engine", "preset"),
    }


@pytest.mark.parametrize("name", ["/etc/passwd.npz", "../net.safetensors", "nul.npz", "a:b.npz"])
def test_a_picture_names_no_file_above_it(name: str, tmp_path: Path) -> None:
    preset = own(tmp_path)
    document = {**json.loads(Shot(preset).to_text()), "preset": f'[network]\nfile = "{name}"\n'}
    del document["weights"]
    with pytest.raises(PresetError, match=r"a.png:2: network.file: .*beside it or below"):
        parse_shot(json.dumps(document), "a.png", Origin(tmp_path / "own"))


def test_a_sheet_varies_the_file_of_the_users_own_preset_only(tmp_path: Path) -> None:
    preset = own(tmp_path)
    Network.random(seed=9).save(tmp_path / "other.npz")
    rows = f"file='{tmp_path / 'own' / 'net.safetensors'}','{tmp_path / 'other.npz'}'"
    sheet = preset.replace(rows=rows, view="sheet")
    made = [cell.preset.spec.depth for cell in cells(sheet).cells]
    assert made == [3, 8]
    with pytest.raises(PresetError, match=r"sweep\.rows: a preset from elsewhere cannot name"):
        read_shot(picture(tmp_path, sheet))


# TOML files


def test_a_toml_file_names_its_network_relative_to_itself(tmp_path: Path) -> None:
    preset = own(tmp_path)
    save_preset(tmp_path / "own" / "a.toml", preset)
    save_preset(tmp_path / "b.toml", preset)
    (tmp_path / "other").mkdir()
    save_preset(tmp_path / "other" / "c.toml", preset)
    assert 'file = "net.safetensors"' in (tmp_path / "own" / "a.toml").read_text()
    assert 'file = "own/net.safetensors"' in (tmp_path / "b.toml").read_text()
    for name in ("own/a.toml", "b.toml", "other/c.toml"):
        assert read_preset(tmp_path / name) == preset
    os.rename(tmp_path / "own", tmp_path / "moved")
    assert read_preset(tmp_path / "moved" / "a.toml") == preset
    with pytest.raises(PresetError, match=r"c\.toml:\d+: network\.file: net\.safetensors: No such"):
        read_preset(tmp_path / "other" / "c.toml")


def test_weights_out_of_a_picture_get_a_file_beside_the_toml(tmp_path: Path) -> None:
    preset = own(tmp_path)
    opened = read_shot(picture(tmp_path, preset)).preset
    (tmp_path / "new").mkdir()
    save_preset(tmp_path / "new" / "b.toml", opened)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["b.safetensors", "b.toml"]
    assert read_preset(tmp_path / "new" / "b.toml") == preset
    with pytest.raises(CaptureError, match="already exists"):
        save_preset(tmp_path / "new" / "b.toml", opened)
    (tmp_path / "new" / "b.safetensors").unlink()
    with pytest.raises(CaptureError, match=r"b\.toml: already exists"):
        save_preset(tmp_path / "new" / "b.toml", opened)
    assert not (tmp_path / "new" / "b.safetensors").exists()


def test_a_dropped_toml_file_names_only_what_is_beside_it(tmp_path: Path) -> None:
    preset = own(tmp_path)
    for folder in ("own", "other"):
        (tmp_path / folder).mkdir(exist_ok=True)
        save_preset(tmp_path / folder / "a.toml", preset)
    assert load_preset(tmp_path / "own" / "a.toml", trusted=False) == preset
    assert load_preset(tmp_path / "other" / "a.toml") == preset
    with pytest.raises(PresetError, match="a preset from elsewhere"):
        load_preset(tmp_path / "other" / "a.toml", trusted=False)


def test_text_without_an_origin_names_no_file() -> None:
    with pytest.raises(PresetError, match="a preset from elsewhere cannot name files"):
        parse_preset('[network]\nfile = "a.npz"')


# Other processes of this machine, and manifests


def test_another_process_reads_the_file_itself(tmp_path: Path) -> None:
    preset = own(tmp_path, redistribute=False)
    message = packed(preset, local=True)
    assert set(message) == {"preset"}
    assert unpacked(message, origin=USER) == preset
    Network.random(seed=9).save(tmp_path / "own" / "net.safetensors")
    with pytest.raises(PresetError, match="another file"):
        unpacked(message, origin=USER)


def test_weights_without_a_file_go_with_the_message(tmp_path: Path) -> None:
    opened = read_shot(picture(tmp_path, own(tmp_path))).preset
    message = packed(opened, local=True)
    assert set(message) == {"preset", "weights", "sha256"}
    assert unpacked(message, origin=USER) == opened


def test_a_manifest_knows_content_and_not_place(tmp_path: Path) -> None:
    text = named(own(tmp_path))
    assert str(tmp_path) not in text
    assert named(own(tmp_path, Network.random(seed=9))) != text
    assert named(Preset()) == Preset().to_toml()


@pytest.mark.parametrize("keys", [{}, {"redistribute": False}])
def test_workers_elsewhere_get_all_and_write_the_same_text(
    keys: dict[str, Any], tmp_path: Path
) -> None:
    shot = Shot(own(tmp_path, **keys), (7, 5))
    there = parse_shot(shot.to_text(whole=True), "job")
    assert there.preset == shot.preset
    assert there.to_text() == shot.to_text()


# Another network in a preset's place


def test_a_network_takes_the_view_and_colours_of_a_preset(tmp_path: Path) -> None:
    own(tmp_path)
    shown = load_preset("neuralart").replace(mapping="magma", extent=3.0)
    mine = with_network(shown, tmp_path / "own" / "net.safetensors", {"network.weight_scale": 0.5})
    assert (mine.view, mine.color) == (shown.view, shown.color)
    assert isinstance(mine.spec, File)
    assert mine.spec.weight_scale == 0.5
    assert (mine.title, mine.name, mine.description) == ("net", "net", "")


def test_what_animated_the_old_network_is_left_out(tmp_path: Path) -> None:
    own(tmp_path)
    old = Preset().replace(
        **{"animate.depth": [2, 5], "animate.weight_scale": [0.5, 1.0], "walk": [1, 2]},
        which="hidden",
    )
    mine = with_network(old, tmp_path / "own" / "net.safetensors")
    assert [name for name, _ in mine.animate.moving] == ["network.weight_scale"]
    assert mine.animation.walk == ()
    assert mine.normalize.which == "none"
    assert mine.at(3.0).network().scales != mine.at(0.0).network().scales


def test_the_next_checkpoint_keeps_the_keys_of_the_table(tmp_path: Path) -> None:
    preset = own(tmp_path, weight_scale=0.5)
    Network.random(seed=9, activation="tanh").save(tmp_path / "next.npz")
    new = with_network(preset, tmp_path / "next.npz")
    assert isinstance(new.spec, File)
    assert (new.spec.weight_scale, new.spec.depth, new.title) == (0.5, 8, "mine")


def test_a_wrong_file_is_named_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"^none\.npz: No such file"):
        with_network(Preset(), tmp_path / "none.npz")
    own(tmp_path)
    with pytest.raises(PresetError, match=r"^network\.width: cannot be set together with file"):
        with_network(Preset(), tmp_path / "own" / "net.safetensors", {"network.width": 3})


def test_a_network_file_is_a_preset(tmp_path: Path) -> None:
    preset = own(tmp_path)
    assert load_preset(tmp_path / "own" / "net.safetensors").spec == preset.spec


def test_a_weight_of_it_can_be_changed(tmp_path: Path) -> None:
    preset = own(tmp_path, weight_scale=0.5)
    fixed = given(preset)
    assert isinstance(fixed.spec, Layers)
    points = np.random.default_rng(1).normal(size=(9, 2))
    np.testing.assert_array_equal(
        fixed.network().evaluate(points), preset.network().evaluate(points)
    )
    changed = with_weight(fixed, (2, 0), 1, 3.5).network()
    assert changed.layers[1].weight[0, 1] == 3.5


def test_it_can_be_normalised_and_cut(tmp_path: Path) -> None:
    preset = own(tmp_path, which="hidden")
    assert preset.network().digest != NETWORK.digest
    assert preset.layer_picture(2).network().depth == 2
    assert dataclasses.replace(preset) == preset


# Graphs of layers.


def structured(folder: Path) -> Preset:
    """A preset of a structure in a file of the folder `own`."""
    made = Preset(title="made").replace(
        structure="inception",
        depth=3,
        width=5,
        inputs=["x", "grey"],
        **{"network.grid": 24, "normalize.which": "hidden", "normalize.region_extent": 2.0},
    )
    place = folder / "own"
    place.mkdir(exist_ok=True)
    made.network().save(place / "net.safetensors")
    return made


def test_a_graph_from_a_file_is_the_network_that_was_saved(tmp_path: Path) -> None:
    made = structured(tmp_path)
    preset = with_network(made, tmp_path / "own" / "net.safetensors")
    assert preset.network().digest == made.network().digest
    assert preset.network().image is not None
    path = picture(tmp_path, preset)
    (tmp_path / "own" / "net.safetensors").unlink()
    shot = read_shot(path)
    assert shot.preset == preset
    assert shot.preset.network().digest == made.network().digest
    save_preset(tmp_path / "b.toml", shot.preset)
    again = read_preset(tmp_path / "b.toml")
    assert again.network().digest == made.network().digest
    assert unpacked(packed(again, whole=True)).network().digest == made.network().digest


def test_a_graph_from_a_file_keeps_its_weights_and_its_normalisation(tmp_path: Path) -> None:
    file = tmp_path / "own" / "net.safetensors"
    preset = with_network(structured(tmp_path), file)
    for key, value in {"depth": 2, "weight_scale": 2.0, "structure": "vgg"}.items():
        with pytest.raises(PresetError, match="cannot be changed"):
            preset.replace(**{f"network.{key}": value})
    with pytest.raises(PresetError, match="its own normalisation"):
        preset.replace(**{"normalize.which": "all"})
    boosted = preset.replace(**{"network.boost": [[1, 2, 4.0]]})
    assert boosted.network().digest != preset.network().digest
    assert unpacked(packed(boosted)) == boosted
    layer = preset.layer_picture(2)
    assert layer.network().outputs == 1
    assert unpacked(packed(layer)) == layer
    (tmp_path / "chain").mkdir()
    chain = own(tmp_path / "chain", weight_scale=0.5)
    assert chain.replace(file=str(file)).spec == preset.spec
    assert isinstance(preset.replace(file=str(chain.spec.path)).spec, File)  # type: ignore[attr-defined]

"""The source File: keys over metadata over defaults, ω₀, scales, equality by content, errors."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.files import Tensors, safetensors_bytes
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random, source_of
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, USER, Origin

DRAWS = np.random.default_rng(2)
SHAPES = ((6, 2), (6, 6), (6, 6), (3, 6))
ARRAYS = {f"{n}.weight": DRAWS.normal(size=s).astype(np.float32) for n, s in enumerate(SHAPES)}
ARRAYS |= {f"{n}.bias": DRAWS.normal(size=s[0]).astype(np.float32) for n, s in enumerate(SHAPES)}
POINTS = DRAWS.uniform(-1, 1, (40, 2))


def saved(folder: Path, name: str = "a.safetensors", **texts: str) -> Path:
    path = folder / name
    path.write_bytes(safetensors_bytes(Tensors(ARRAYS, texts)))
    return path


def of(path: Path, **keys: Any) -> File:
    return File.of({"file": str(path), **keys})


def refused(path: Path, **keys: Any) -> PresetError:
    with pytest.raises(PresetError) as caught:
        of(path, **keys)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_defaults_are_said(tmp_path: Path) -> None:
    source = of(saved(tmp_path))
    assert source.inputs == ("x", "y")
    assert source.hidden_activations == ("relu",) * 3
    assert source.output_activation == "identity"
    words = "a.safetensors does not name its activations; taken for "
    assert source.assumed == words + "relu in hidden layers, identity in the last"
    assert of(saved(tmp_path), activation="sin").assumed == words + "identity in the last"
    assert of(saved(tmp_path), activation="sin", output_activation="sin").assumed == ""
    assert (source.depth, source.shapes) == (4, SHAPES)
    assert of(saved(tmp_path), omega=30.0).hidden_activations == ("sin",) * 3


def test_metadata_replace_defaults_and_keys_replace_metadata(tmp_path: Path) -> None:
    path = saved(tmp_path, activations="sin,tanh,tanh,sigmoid", inputs="x,r", omega="30")
    source = of(path)
    assert source.inputs == ("x", "r")
    assert source.hidden_activations == ("sin", "tanh", "tanh")
    assert (source.output_activation, source.omega, source.assumed) == ("sigmoid", 30.0, "")
    source = of(path, activation="cos", output_activation="atan", omega=1.0, inputs=["y", "t"])
    assert source.hidden_activations == ("cos",) * 3
    assert (source.output_activation, source.omega, source.inputs) == ("atan", 1.0, ("y", "t"))


def test_what_is_guessed_stays_a_guess_but_not_for_another_file(tmp_path: Path) -> None:
    source = of(saved(tmp_path))
    assert source.replace({"weight_scale": 2.0}).assumed == source.assumed
    assert "hidden" not in source.replace({"activation": "relu"}).assumed
    names = "sin,tanh,tanh,sigmoid"
    (tmp_path / "named").mkdir()
    another = source.replace({"file": str(saved(tmp_path / "named", activations=names))})
    assert (*another.hidden_activations, another.output_activation) == tuple(names.split(","))


def test_omegas_are_those_of_sirens(tmp_path: Path) -> None:
    """sin(ω₀ (W x + b)), the first layer with its own ω₀, the last one linear."""
    bounds = (1 / 2, *(math.sqrt(6 / 6) / 30,) * 3)  # of the weights of a SIREN
    arrays = {
        f"{n}.{kind}": DRAWS.uniform(-bound, bound, shape[: 1 + (kind == "weight")]).astype("f4")
        for n, (shape, bound) in enumerate(zip(SHAPES, bounds, strict=True))
        for kind in ("weight", "bias")
    }
    path = tmp_path / "siren.safetensors"
    path.write_bytes(safetensors_bytes(Tensors(arrays)))
    source = of(path, omega=30.0, hidden_omega=25.0)
    y = POINTS
    for layer, factor in enumerate((30.0, 25.0, 25.0)):
        y = np.sin(
            factor * (y @ arrays[f"{layer}.weight"].T.astype(float) + arrays[f"{layer}.bias"])
        )
    expected = y @ arrays["3.weight"].T.astype(float) + arrays["3.bias"]
    np.testing.assert_allclose(source.network().evaluate(POINTS), expected, atol=1e-5)


def test_scales_are_factors_on_the_weights(tmp_path: Path) -> None:
    source = of(saved(tmp_path), weight_scale=0.5, bias_scale=2.0)
    layer = source.network().layers[1]
    np.testing.assert_array_equal(layer.weight, ARRAYS["1.weight"] * np.float32(0.5))
    np.testing.assert_array_equal(layer.bias, ARRAYS["1.bias"] * np.float32(2))
    follows = source.replace({"bias_scale": None}).network().layers[1]
    np.testing.assert_array_equal(follows.bias, ARRAYS["1.bias"] * np.float32(0.5))


def test_changing_a_scale_draws_the_same_layers(tmp_path: Path) -> None:
    """Engines keep what they have prepared of a layer by the layer."""
    source = of(saved(tmp_path))
    other = source.replace({"weight_scale": 2.0})
    pairs = zip(source.network().drawn, other.network().drawn, strict=True)
    assert all(one is two for one, two in pairs)


def test_equal_content_is_equal_wherever_it_lies(tmp_path: Path) -> None:
    one, two = of(saved(tmp_path)), of(saved(tmp_path, "b.safetensors"))
    assert one == two
    assert hash(one) == hash(two)
    assert one.replace({"activation": ["relu"] * 3}) == one
    assert one.replace({"weight_scale": 0.5}) != one
    assert one != Random()


def test_the_table_holds_what_does_not_follow_from_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, activations="sin,sin,sin,tanh", inputs="x,y")
    assert of(path).to_toml() == {"file": str(path)}
    keys = {"weight_scale": 0.5, "latent": [0.25], "depth": 2, "activation": ["cos"] * 3}
    source = of(path, **keys)
    assert source.to_toml() == {"file": str(path), **keys}
    assert source_of(source.to_toml(), Origin(Path(), trusted=True)) == source
    bare = saved(tmp_path, "bare.safetensors")
    assert of(bare).to_toml() == {
        "file": str(bare),
        "activation": "relu",
        "output_activation": "identity",
    }


def test_another_file_keeps_the_keys_of_the_table(tmp_path: Path) -> None:
    path = saved(tmp_path, activations="sin,sin,sin,tanh")
    network = Network.random(depth=2, width=4, activation="atan", seed=1)
    network.save(tmp_path / "other.npz")
    source = of(path, weight_scale=0.5, sha256=of(path).weights.sha256)
    other = source.replace({"file": str(tmp_path / "other.npz")})
    assert other.hidden_activations == ("atan",)
    assert (other.weight_scale, other.sha256, other.depth) == (0.5, "", 2)


def test_another_source_becomes_that_of_a_file(tmp_path: Path) -> None:
    source = Random(seed=4).replace({"file": str(saved(tmp_path)), "between": None, "seed": 7})
    assert isinstance(source, File)
    assert source.seed == 7


def test_the_first_layers_alone_are_layer_pictures(tmp_path: Path) -> None:
    source = of(saved(tmp_path), weight_scale=0.9)
    for depth in (1, 2, 4):
        picture = source.layer_picture(depth).network()
        assert picture.digest == source.network().truncated(depth).digest
        layer = source.output_layer(depth)
        np.testing.assert_array_equal(layer.weight, picture.layers[-1].weight)
    assert source.layer_picture(2).replace({"depth": 4}) == source


def test_latent_constants_come_from_the_table_the_file_or_the_seed(tmp_path: Path) -> None:
    path = saved(tmp_path, inputs="x,z0", latent="0.125")
    assert of(path).network().latent == (0.125,)
    assert of(path, latent=[0.5]).network().latent == (0.5,)
    drawn = of(saved(tmp_path, "b.safetensors", inputs="x,z0"), seed=3)
    assert drawn.network().latent == Random(inputs=("x", "z0"), seed=3).latents


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"width": 4}, "network.width", "cannot be set together with file"),
        ({"between": [1, 0.5]}, "network.between", "cannot be set together with file"),
        ({"layers": []}, "network.layers", "cannot be set together with file"),
        ({"wdith": 4}, "network.wdith", "no such key"),
        ({"weights": 4}, "network.weights", "no such key"),
        ({"activation": ["sin"]}, "network.activation", "1 activations; it has 3 hidden layers"),
        ({"activation": "sine"}, "network.activation", "did you mean 'sin'"),
        ({"depth": 5}, "network.depth", "4 layers; expected a depth of 1 to 4"),
        ({"inputs": ["x", "y", "t"]}, "network.file", "expected 3, one for each .*(x y t)"),
        ({"inputs": ["x", "z2"], "latent": [1.0]}, "network.latent", "1 values; the inputs need 3"),
        ({"transposed": "no"}, "network.transposed", "neither true nor false"),
        ({"omega": 1e40}, "network.omega", "not a number from"),
        ({"omega": 1e6, "weight_scale": 2000}, "network.weight_scale", "not a number from"),
        ({"sha256": "abc"}, "network.sha256", "64 hexadecimal digits"),
        (
            {"sha256": "0" * 64},
            "network.sha256",
            f"another file: its sha256 is .*; expected {'0' * 64}",
        ),
        ({"file": 3}, "network.file", "not a text"),
        ({"file": ""}, "network.file", "not the name of a file"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], key: str, words: str, tmp_path: Path) -> None:
    error = refused(saved(tmp_path), **keys)
    assert error.key == key
    with pytest.raises(PresetError, match=words):
        raise error


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"activations": "sin,sin"}, "a.safetensors: metadata activations: 2 names; expected 4"),
        ({"activations": "sin,sin,sin,nope"}, "metadata activations: no 'nope'"),
        ({"inputs": "x,q"}, "metadata inputs: no input 'q'"),
        ({"omega": "many"}, "metadata omega: could not convert"),
        ({"omega": "nan"}, "a.safetensors: metadata omega: nan is not a number from"),
        ({"hidden_omega": "1e7"}, "metadata hidden_omega: 10000000.0 is not a number from"),
        ({"latent": "1,,2"}, "metadata latent"),
    ],
)
def test_wrong_metadata_are_named(texts: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=words):
        raise refused(saved(tmp_path, **texts))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("omega", "many", 2.0), ("output_activation", "nope", "sin"), ("latent", "1,,2", (1.0,))],
)
def test_a_key_of_the_table_replaces_wrong_metadata(
    name: str, text: str, value: Any, tmp_path: Path
) -> None:
    texts = {"activations": "sin,sin"} if "activation" in name else {name: text}
    keys = {name: value, **({"activation": "tanh"} if "activation" in name else {})}
    source = of(saved(tmp_path, **texts), **keys)
    again = source_of(source.to_toml(), USER)
    assert again == source


def test_two_outputs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, np.ones((2, 2)))
    with pytest.raises(PresetError, match=r"a\.npz: the last layer has 2 outputs; expected 1"):
        Preset(File(str(path)))


def test_weights_beyond_float32_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, np.full((3, 2), 1e28))
    assert "numbers up to" in str(refused(path, omega=1e5))


def test_text_may_name_only_files_of_its_origin(tmp_path: Path) -> None:
    saved(tmp_path)
    assert source_of({"file": "a.safetensors"}, Origin(tmp_path)) == of(tmp_path / "a.safetensors")
    for origin, name in ((NOWHERE, "a.safetensors"), (Origin(tmp_path), "../a.safetensors")):
        with pytest.raises(PresetError, match="a preset from elsewhere"):
            source_of({"file": name}, origin)


def test_a_file_that_lies_elsewhere_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"No such file .*; it is not in the picture: put it"):
        source_of({"file": "none.npz"}, Origin(tmp_path))


@pytest.mark.parametrize("origin", [USER, Origin(Path())], ids=["user", "elsewhere"])
def test_a_name_too_long_for_a_file_is_one_line(origin: Origin) -> None:
    with pytest.raises(PresetError, match="File name too long"):
        source_of({"file": "a" * 300 + ".npz"}, origin)


def test_a_network_is_loaded_with_keys_by_name(tmp_path: Path) -> None:
    network = Network.load(saved(tmp_path), activation="tanh", output_activation="sigmoid")
    assert [layer.activation for layer in network.layers] == ["tanh"] * 3 + ["sigmoid"]
    with pytest.raises(PresetError, match=r"^file: none\.npz: No such file"):
        Network.load(tmp_path / "none.npz")

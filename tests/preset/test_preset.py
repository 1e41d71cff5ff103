"""Presets: TOML there and back, replace, and no input that ends in anything but one line."""

import datetime
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS, MAX_SEED, SEED
from cppn_gl.nn.features import FEATURES, latent_count
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset import parsing as preset_module
from cppn_gl.preset.animation import EASINGS, ENDINGS, Animate
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.parsing import find_line, parse_preset, read_preset
from cppn_gl.preset.preset import TABLES, Animation, Preset, Viewport
from cppn_gl.utils.checks import PresetError

WHOLE = """\
format = 1
title = "A title"
description = "Two\\nlines."

[network]
depth = 4
width = 9
inputs = ["x", "z1", "r", "t"]
outputs = 1
activation = ["sin", "relu", "gelu"]
output_activation = "cos"
init = "he_normal"
weight_scale = 0.5
bias_scale = 0.25
seed = 9223372036854775807
latent = [0.5, -2]

[view]
center = [1.5, -2.5]
extent = 1e-5

[animation]
speed = -0.25
loop = 24
"""

EXPLICIT = """\
[network]
inputs = ["x", "y"]

[[network.layers]]
weight = [[0.4, 1.0], [0.1, -1e-20]]
bias = [-0.3, 0]
activation = "tanh"

[[network.layers]]
weight = [[1, 2]]
bias = [0.1]
activation = "sigmoid"
"""


def one_line(error: PresetError) -> str:
    text = str(error)
    assert text
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    return text


def refused(toml: str) -> str:
    with pytest.raises(PresetError) as caught:
        parse_preset(toml, source="a.toml")
    return one_line(caught.value)


# There.


def test_every_key_is_read() -> None:
    preset = parse_preset(WHOLE)
    assert preset == Preset(
        spec=Random(
            depth=4,
            width=9,
            inputs=("x", "z1", "r", "t"),
            outputs=1,
            activation=("sin", "relu", "gelu"),
            output_activation="cos",
            init="he_normal",
            weight_scale=0.5,
            bias_scale=0.25,
            seed=MAX_SEED,
            latent=(0.5, -2.0),
        ),
        view=Viewport(center=(1.5, -2.5), extent=1e-5),
        animation=Animation(speed=-0.25, loop=24.0),
        title="A title",
        description="Two\nlines.",
    )
    assert preset.animated
    assert preset.network().depth == 4


def test_an_empty_file_is_the_defaults() -> None:
    assert parse_preset("") == Preset()
    assert not Preset().animated


@pytest.mark.parametrize(
    "toml",
    [
        "network.depth = 4\nnetwork.width = 9",
        "network = {depth = 4, width = 9}",
        '["network"]\n"depth" = 4\nwidth = 9 # nine',
        "[network]\r\ndepth = 4\r\nwidth = 9\r\n",
        "[ network ]\n  depth=0b100\n\twidth=0x9",
    ],
)
def test_toml_may_be_written_as_toml_may(toml: str) -> None:
    assert parse_preset(toml) == Preset(Random(depth=4, width=9))


def test_explicit_layers_are_read_as_given() -> None:
    preset = parse_preset(EXPLICIT)
    network = preset.network()
    assert [layer.activation for layer in network.layers] == ["tanh", "sigmoid"]
    assert network.layers[0].weight.tolist() == np.float32([[0.4, 1.0], [0.1, -1e-20]]).tolist()
    assert network.layers[1].bias.tolist() == np.float32([0.1]).tolist()
    assert preset.spec.depth == 2


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert read_preset(path) == parse_preset(WHOLE)
    assert read_preset(path).name == "marked"


# And back.


@pytest.mark.parametrize("toml", ["", WHOLE, EXPLICIT])
def test_what_is_written_is_read_again(toml: str) -> None:
    preset = parse_preset(toml)
    assert parse_preset(preset.to_toml()) == preset
    assert parse_preset(preset.to_toml()).to_toml() == preset.to_toml()


def test_written_layers_are_short_and_exact() -> None:
    assert "0.4," in parse_preset(EXPLICIT).to_toml()
    g = np.random.default_rng(0)
    weight = g.normal(size=(3, 2)).astype(np.float32) * np.float32(1e-38)
    preset = Preset(Layers((Layer(weight, g.normal(size=3), "sin"),)))
    again = parse_preset(preset.to_toml()).network().layers[0]
    assert again.weight.tobytes() == weight.tobytes()


def test_keys_that_older_presets_lack_are_not_written() -> None:
    text = Preset().replace(mapping="magma", stretch="minmax").to_toml()
    assert not {"lines", "omega", "period", "[train]"} & set(text.split())


def test_an_unset_bias_scale_stays_unset() -> None:
    preset = parse_preset("").replace(weight_scale=0.5)
    assert "bias_scale" not in preset.to_toml()
    assert preset.network().scales[0] == (0.5, 0.5)


# Mistakes.

MISTAKES = {
    "nework = 1": "a.toml:1: nework: no such key; did you mean 'network'?",
    "[network]\ndept = 3": "a.toml:2: network.dept: no such key; did you mean 'depth'?",
    "\n\n[view]\nextend = 3": "a.toml:4: view.extend: no such key; did you mean 'extent'?",
    "[animation]\nspeed = '1'": "a.toml:2: animation.speed: '1' is not a number",
    "[network]\n\ndepth = 99": "a.toml:3: network.depth: 99 is not an integer from 1 to 64",
    "network.depth = 99": "a.toml:1: network.depth: 99 is not",
    "title = 'a'\nnetwork = {depth = 99}": "a.toml:2: network.depth: 99 is not",
    '[network]\n"depth" = 99': "a.toml:2: network.depth: 99 is not",
    "[network]\nactivation = 'rely'": "a.toml:2: network.activation: no 'rely'; did you mean",
    "[network]\nactivation = ['tanh']\ndepth = 4": "a.toml:2: network.activation: 1 activations",
    "[network]\nseed = 1\ninputs = ['x', 'cost']": "a.toml:3: network.inputs: no input 'cost'",
    "[network]\ninit = 'he_unifrom'": "a.toml:2: network.init: no 'he_unifrom'; did you mean",
    "[network]\ninputs = ['z3']\nlatent = [1]": "a.toml:3: network.latent: 1 values",
    "[view]\nextent = nan": "a.toml:2: view.extent: nan is not a number",
    "[view]\nextent = inf": "a.toml:2: view.extent: inf is not a number",
    "[view]\nextent = 1e400": "a.toml:2: view.extent: inf is not a number",
    "[view]\nextent = 1e-7": "a.toml:2: view.extent: 1e-07 is not a number from 1e-06 to 1e+06",
    "[view]\nextent = true": "a.toml:2: view.extent: True is not a number",
    "[view]\ncenter = [1]": "a.toml:2: view.center: a list of 1; expected 2",
    "[view]\ncenter = [1, nan]": "a.toml:2: view.center: nan is not",
    "[view]\ncenter = 2001-01-01": "a.toml:2: view.center: datetime.date(2001, 1, 1) is not a list",
    "[animation]\nloop = 0": "a.toml:2: animation.loop: 0 is not a number from 0.001",
    "view = 3": "a.toml:1: view: 3; expected a table [view]",
    "[[view]]\nextent = 1": "a.toml:1: view: [{'extent': 1}]; expected a table",
    "format = 2": "a.toml:1: format: 2 is newer than this program supports (1); update cppn_gl",
    "format = 0": "a.toml:1: format: 0 is not an integer from 1 to 1",
    "format = '1'": "a.toml:1: format: '1' is not an integer",
    "title = 3": "a.toml:1: title: 3 is not a text of at most 200",
    'title = "a\\nb"': "a.toml:1: title: 'a\\nb' is not a text of one line",
    f"title = '{'a' * 201}'": "a.toml:1: title: 'aaa",
    "[network\ndepth = 3": "a.toml:1: not TOML: ",
    "a = 1\nb = 2\na = 3\n": "a.toml:3: not TOML: Cannot overwrite a value",
    "[network]\ndepth =": "not TOML: Invalid value",
    "\ufeff[network]": "a.toml:1: not TOML",
    "[network]\nseed = " + "9" * 5000: "a.toml: not TOML: Exceeds the limit",
    "[network]\nseed = 0x" + "f" * 5000: "a.toml:2: network.seed: this int is not an integer",
    "[view]\nextent = 0x" + "f" * 5000: "a.toml:2: view.extent: this int is not a number",
    "a = " + "[" * 5000: "a.toml: not a preset: nested too deep",
    '"a\\nb\\u001b" = 1': "a.toml: a\\nb\\x1b: no such key",
    "format = " + "9" * 4000: f"a.toml:1: format: {'9' * 59}… is newer than this program supports",
    "[network]\noutputs = [3]": "a.toml:2: network.outputs: [3] is not one of 1, 3",
    "[network]\nkernel = '3'": "a.toml:2: network.kernel: '3' is not one of 1, 3, 5",
    "[network]\ninit = []": "a.toml:2: network.init: [] is not one of",
    "[network]\nlayers = 3": "a.toml:2: network.layers: expected [[network.layers]] tables",
    "[network]\nlayers = []": "a.toml:2: network.layers: 0 layers; expected 1 to 64",
    EXPLICIT.replace("[network]", "[network]\ndepth = 2"): "a.toml:2: network.depth: cannot be set",
    EXPLICIT.replace("[network]", "[network]\ndpth = 2"): "a.toml:2: network.dpth: no such key",
    EXPLICIT.replace("[network]", "[network]\nseed = '-5'"): "a.toml:2: network.seed: '-5' is not",
    EXPLICIT.replace(
        "[network]", "[network]\nlatent = 3"
    ): "a.toml:2: network.latent: 3 is not a list",
    EXPLICIT.replace('["x", "y"]', "5"): "a.toml:2: network.inputs: 5 is not a list",
    EXPLICIT.replace('["x", "y"]', '"x"'): "a.toml:2: network.inputs: 'x' is not a list",
    EXPLICIT.replace('["x", "y"]', '["x"]'): "a.toml:4: network.layers: layer 1 has 2 columns",
    EXPLICIT.replace(
        "[[1, 2]]", "[[1, 2], [3]]"
    ): "a.toml:9: network.layers: layer 2: rows of weight",
    EXPLICIT.replace("[[1, 2]]", "[1, 2]"): "a.toml:9: network.layers: layer 2: 1 is not a list",
    EXPLICIT.replace("[[1, 2]]", "[[1, 2, 3]]"): "a.toml:9: network.layers: layer 2 has 3 columns",
    EXPLICIT.replace("[[1, 2]]", "[[1, 1e31]]"): "a.toml:9: network.layers: layer 2: 1e+31 is not",
    EXPLICIT.replace("[0.1]", "[0x" + "f" * 400 + "]"): "a.toml:9: network.layers: layer 2: ",
    EXPLICIT.replace("[0.1]", "[nan]"): "a.toml:9: network.layers: layer 2: nan is not a number",
    EXPLICIT.replace("[0.1]", "[1, 2]"): "a.toml:9: network.layers: layer 2: bias: 2 biases for 1",
    EXPLICIT.replace('"sigmoid"', '"sigmod"'): "layer 2: no 'sigmod'; did you mean 'sigmoid'?",
    EXPLICIT.replace('"sigmoid"', "['tanh']"): "layer 2: ['tanh'] is not one of",
    EXPLICIT.replace("bias = [0.1]", ""): "a.toml:9: network.layers: layer 2 has no bias",
    EXPLICIT.replace("bias = [0.1]", "bais = [0.1]"): "no such key 'bais'; did you mean 'bias'?",
}


@pytest.mark.parametrize("toml", MISTAKES, ids=lambda toml: toml[:40])
def test_a_mistake_is_one_line_with_its_place_and_the_nearest_name(toml: str) -> None:
    assert MISTAKES[toml] in refused(toml)


def test_a_line_is_found_past_what_looks_like_a_header_or_key() -> None:
    toml = "a = [\n  [1, 2],\n  [3, 4]\n]\n[network] # depth = 1\nx.depth = 5\ndepth = 99\n"
    assert find_line(toml, "network.depth") == 7
    assert find_line("[network]\nseed = 1", "network.depth") == 1
    assert find_line("seed = 1", "network.depth") is None
    assert find_line('description = "a\u2028b"\nformat = 3', "format") == 2


@pytest.mark.parametrize("row", ["", "[", "a", "[a"])
def test_a_line_of_spaces_takes_no_time(row: str) -> None:
    start = time.process_time()
    assert find_line(row + " " * 20_000 + "#", "network.depth") is None
    assert time.process_time() - start < 1


def test_a_file_is_named_in_its_error(tmp_path: Path) -> None:
    def reading(path: Path) -> str:
        with pytest.raises(PresetError) as caught:
            read_preset(path)
        return one_line(caught.value)

    path = tmp_path / "a.toml"
    assert reading(path) == f"{path}: No such file or directory"
    assert reading(tmp_path) == f"{tmp_path}: Is a directory"
    assert "null" in reading(tmp_path / "a\0.toml")
    path.write_bytes(b"title = '\xff'")
    said = "neither TOML nor a picture saved by cppn_gl: not UTF-8 at byte 9"
    assert reading(path) == f"{path}: {said}"
    odd = tmp_path / "a\nb.toml"
    odd.write_text("x = 1")
    assert reading(odd).startswith(f"{tmp_path}/a\\nb.toml:1: x: no such key")


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        os.truncate(file.fileno(), preset_module.MAX_BYTES + 1)
    with pytest.raises(PresetError) as caught:
        read_preset(large)
    assert one_line(caught.value) == f"{large}: not a preset: larger than 64 MiB"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("name", ["pipe.toml", "/dev/null", "/dev/zero"])
def test_only_a_plain_file_is_read(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(PresetError) as caught:
        read_preset(tmp_path / name)
    assert one_line(caught.value).endswith(": a device or a pipe; expected a regular file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_that_takes_a_files_name_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.toml"
    path.touch()
    plain = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr("os.stat", lambda _: plain)
    with pytest.raises(PresetError, match="a device or a pipe"):
        read_preset(path)


BOMB = "a." * 50_000 + "a"


@pytest.mark.parametrize(
    "toml",
    [
        f"{BOMB} = 1",
        f"title = 'a' # b\n{BOMB.replace('.', ' . ')} = 1",
        f"[{BOMB}]",
        f"[[{BOMB}]]",
        f"a = {{b = 1, {BOMB} = 1}}",
        f'a = {{b = """c"""", {BOMB} = 1}}',
        f"a = {{b = '''c'''', {BOMB} = 1}}",
        f"""{BOMB.replace("a", "'='")} = 1""",
        f"""{BOMB.replace("a", '"=#]"')} = 1""",
        'title = "\\"#"\n' + BOMB + " = 1",
    ],
    ids=lambda toml: toml[:20],
)
def test_a_key_without_end_is_refused_at_once(toml: str) -> None:
    start = time.process_time()
    assert refused(toml) == "a.toml: not a preset: nested too deep"
    assert time.process_time() - start < 1


@pytest.mark.parametrize("quotes", ["'''", '"""', "'", '"'])
def test_dots_in_texts_and_lists_are_no_nesting(quotes: str) -> None:
    text = "a.b" * 40
    parse_preset(f"description = {quotes}{text} = 1{quotes} # {BOMB} = 1\n# {BOMB}\n")
    several = parse_preset(f"[network]\nlatent = [{'0.5, ' * 40}]\nbias_scale = 0.5\n")
    assert several.spec.latent == (0.5,) * 40


@pytest.mark.parametrize("text", ['\\"""\n', "'''\n'", '"""\\', '"', "'", ".", ". ", "=#", '""'])
def test_the_search_for_dots_takes_no_time(text: str) -> None:
    start = time.process_time()
    refused(text * 100_000)
    assert time.process_time() - start < 2


# Replace.


def test_replace_takes_every_key_plain_and_dotted() -> None:
    preset = Preset().replace(
        depth=5, **{"view.extent": 2, "network.seed": 4}, speed=0.5, title="a"
    )
    assert (preset.spec.depth, preset.spec.seed) == (5, 4)
    assert preset.view.extent == 2.0
    assert preset.animation.speed == 0.5
    assert preset.title == "a"
    assert Preset().spec.depth == 8  # the old one stays


def test_replace_takes_numbers_of_numpy() -> None:
    preset = Preset().replace(depth=np.int64(5), extent=np.float32(2), seed=np.uint64(7))
    assert preset == Preset().replace(depth=5, extent=2.0, seed=7)
    assert parse_preset(preset.to_toml()) == preset


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"dept": 3}, "dept: no such key; did you mean 'depth'"),
        ({"network.extent": 3}, r"network\.extent: no such key"),
        ({"vew.extent": 3}, r"vew\.extent: no such table; did you mean 'view'"),
        ({"a.b.c": 3}, "no such table"),
        ({"depth": 10**9}, r"network\.depth: 1000000000 is not an integer"),
        ({"depth": "3"}, r"network\.depth: '3' is not an integer"),
        ({"extent": 0}, r"view\.extent: 0 is not a number"),
        ({"format": 1}, "format: cannot be changed"),
        ({"title": "a\nb"}, "title: .* is not a text of one line"),
        ({"title": "\ud800"}, "title: not a text"),
        ({"description": 3}, "description: 3 is not a text"),
        ({"layers": ()}, r"layers: is a table; write one of its keys, such as layers\.layer"),
        ({"name": "a"}, "name: no such key"),
    ],
)
@pytest.mark.parametrize("activation", ["tanh", ["sin", "cos", "tanh"]])
def test_replace_refuses_what_a_file_may_not_say(
    keys: dict[str, Any], words: str, activation: Any
) -> None:
    with pytest.raises(PresetError, match=words) as caught:
        Preset().replace(depth=4, activation=activation).replace(**keys)
    one_line(caught.value)


def test_a_name_of_two_tables_is_taken_dotted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(preset_module.TABLES, "other", Viewport)
    with pytest.raises(
        PresetError, match=r"extent: in several tables; write view\.extent or other\.extent"
    ):
        Preset().replace(extent=2)
    assert Preset().replace(**{"view.extent": 2}).view.extent == 2


def test_words_of_a_seed_are_the_title_until_the_next_seed() -> None:
    preset = Preset(title="Agate").replace(seed="Ada")
    assert (preset.spec.seed, preset.title) == (SEED("Ada"), "Ada")
    assert parse_preset(preset.to_toml()) == preset
    assert preset.replace(depth=3).title == "Ada"
    assert preset.replace(seed="Bob").title == "Bob"
    assert preset.replace(seed=3).title == ""
    assert preset.replace(seed=3, title="Three").title == "Three"
    assert Preset(title="Agate").replace(seed=3).title == "Agate"


def test_words_of_a_seed_in_a_file_are_its_title_if_it_has_none() -> None:
    words = '[network]\nseed = "Ada"\nbetween = ["Bob", 0.5]\n'
    preset = parse_preset(words)
    assert (preset.spec, preset.title) == (
        Random(seed=SEED("Ada"), between=(SEED("Bob"), 0.5)),
        "Ada",
    )
    assert parse_preset('title = "Agate"\n' + words).title == "Agate"
    assert parse_preset('[animation]\nwalk = ["Ada", 3]').animation.walk == (SEED("Ada"), 3)


def test_a_list_of_activations_follows_the_depth() -> None:
    preset = Preset().replace(depth=4, activation=["sin", "cos", "relu"])
    assert preset.replace(depth=6).spec.activation == ("sin", "cos", "relu", "relu", "relu")
    assert preset.replace(depth=2).spec.activation == ("sin",)
    assert preset.replace(depth=1).spec.activation == ()
    assert preset.replace(depth=1).replace(depth=3).spec.activation == ("tanh", "tanh")
    assert preset.replace(depth=np.int64(3)).spec.activation == ("sin", "cos")
    assert preset.replace(depth=9, activation="abs").spec.activation == "abs"
    with pytest.raises(PresetError, match="1 activations; depth 9"):
        preset.replace(depth=9, activation=["abs"])


def test_explicit_layers_can_be_looked_at_and_not_changed() -> None:
    preset = parse_preset(EXPLICIT)
    assert preset.replace(extent=3).view.extent == 3
    assert preset.replace(inputs=["y", "x"]).network().inputs == ("y", "x")
    with pytest.raises(
        PresetError, match=r"network\.depth: cannot be changed: this network has explicit layers"
    ):
        preset.replace(depth=3)
    with pytest.raises(PresetError, match="layer 1 has 2 columns"):
        preset.replace(inputs=["x"])


def test_a_layers_picture_is_the_shallower_network() -> None:
    preset = Preset().replace(depth=6, activation=["sin"] * 5)
    assert preset.layer_picture(3) == preset.replace(depth=3)
    explicit = parse_preset(EXPLICIT)
    assert explicit.layer_picture(2) == explicit
    first = explicit.layer_picture(1).network()
    assert (first.depth, first.outputs, first.layers[0].activation) == (1, 1, "sigmoid")


def test_presets_can_be_keys_of_a_table() -> None:
    a, b = parse_preset(EXPLICIT), parse_preset(WHOLE)
    assert {a: 1, b: 2}[parse_preset(EXPLICIT)] == 1
    assert a != b


# Whatever anybody writes.

finite = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=True)
names = st.sampled_from([*FEATURES, "z0", "z1", "z7"])
inputs = st.lists(names, min_size=1, max_size=6, unique=True)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
views = st.builds(Viewport, center=st.tuples(finite, finite), extent=st.floats(1e-6, 1e6))
seeds = st.integers(0, MAX_SEED)
animations = st.builds(
    Animation,
    speed=st.floats(-1000, 1000),
    loop=st.floats(1e-3, 1e6),
    duration=st.none() | st.floats(1e-3, 1e6),
    easing=st.sampled_from(list(EASINGS)),
    ending=st.sampled_from(ENDINGS),
)
sweeps = st.builds(
    Sweep,
    rows=st.sampled_from(["", "depth=1:3", "activation=sin,cos & seed=1,2"]),
    cols=st.sampled_from(["", "extent=1:9:3:log", "time=0:1:3"]),
    wrap=st.integers(0, 9),
    cell=st.tuples(st.integers(8, 4096), st.integers(8, 4096)),
    labels=st.booleans(),
)
moving = st.sampled_from(
    [("show.relief", (1, 2.5, 0)), ("view.center", ((0, 0.5), (1, 2))), ("view.extent", (1, 1e3))]
)
animates = st.builds(Animate, st.lists(moving, max_size=3, unique_by=lambda pair: pair[0]))
normalizes = st.builds(
    Normalize,
    which=st.sampled_from(["none", "hidden", "all"]),
    gain=st.floats(0, 1000),
    shift_spread=st.floats(0, 1000),
    gain_spread=st.floats(0, 1000),
)


@st.composite
def specs(draw: st.DrawFn) -> Random:
    depth, which = draw(st.integers(1, 64)), draw(inputs)
    one, few = st.sampled_from(list(ACTIVATIONS)), latent_count(which)
    several = st.lists(one, min_size=depth - 1, max_size=depth - 1)
    return Random(
        depth=depth,
        width=draw(st.integers(1, 512)),
        inputs=tuple(which),
        outputs=draw(st.sampled_from([1, 3])),
        activation=draw(one | several.map(tuple)),
        output_activation=draw(one),
        init=draw(st.sampled_from(list(INITS))),
        weight_scale=draw(st.floats(0, 1000)),
        bias_scale=draw(st.none() | st.floats(0, 1000)),
        seed=draw(st.integers(0, MAX_SEED)),
        latent=draw(st.none() | st.lists(finite, min_size=few, max_size=few + 2).map(tuple)),
        between=draw(st.none() | st.tuples(seeds, st.floats(0, 1))),
    )


@st.composite
def layers_specs(draw: st.DrawFn) -> Layers:
    which, units = draw(inputs), draw(st.lists(st.integers(1, 4), max_size=3))
    values = st.floats(-1e30, 1e30)
    layers, fan_in = [], len(which)
    for rows in [*units, draw(st.sampled_from([1, 3]))]:
        weight = draw(st.lists(values, min_size=rows * fan_in, max_size=rows * fan_in))
        bias = draw(st.lists(values, min_size=rows, max_size=rows))
        activation = draw(st.sampled_from(list(ACTIVATIONS)))
        layers.append(Layer(np.reshape(weight, (rows, fan_in)), bias, activation))
        fan_in = rows
    return Layers(tuple(layers), tuple(which), seed=draw(st.integers(0, MAX_SEED)))


presets = st.builds(
    Preset,
    spec=specs() | layers_specs(),
    view=views,
    animation=animations,
    sweep=sweeps,
    animate=animates,
    normalize=normalizes,
    title=lines,
    description=words,
)


@given(presets)
def test_any_preset_comes_back_from_its_file(preset: Preset) -> None:
    again = parse_preset(preset.to_toml())
    assert again == preset
    assert again.to_toml() == preset.to_toml()


def preset_or_one_line(toml: str) -> None:
    try:
        preset = parse_preset(toml, source="a.toml")
    except PresetError as error:
        one_line(error)
    else:
        assert isinstance(preset.network(), Network)
        assert parse_preset(preset.to_toml()) == preset


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_preset_or_one_line(content: bytes) -> None:
    preset_or_one_line(content.decode("utf-8", "replace"))
    preset_or_one_line(content.decode("latin-1"))


@given(content=st.binary(max_size=60) | st.just(WHOLE.encode()), where=st.integers(0, 400))
def test_no_damaged_file_ends_in_anything_but_a_preset_or_one_line(
    content: bytes, where: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = WHOLE.encode()
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(whole[:where] + content[:5] + whole[where + 3 :])
    try:
        preset_or_one_line(read_preset(path).to_toml())
    except PresetError as error:
        one_line(error)


scalars = (
    st.none().map(lambda _: "x")
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 9)
    | st.floats()
    | st.sampled_from([*ACTIVATIONS, *INITS, *FEATURES, "", "z9", "tahn", "\x00", "a\nb"])
    | st.just(datetime.date(2001, 2, 3))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(lines, inner, max_size=3),
    max_leaves=8,
)
tables_of_keys = (Random, Viewport, Animation, Sweep, Normalize)
real = [name for table in tables_of_keys for name in table.__dataclass_fields__]
odd = ["layers", "weight", "bias", "dept", "", "a.b", "a\nb", '"', "\x1b"]
keys = st.sampled_from(real + odd)
layer_tables = st.fixed_dictionaries(
    {}, optional={"weight": values, "bias": values, "activation": values}
)
tables = st.dictionaries(keys, values, max_size=4) | st.fixed_dictionaries(
    {"layers": st.lists(layer_tables, max_size=3)}, optional={"inputs": values, "latent": values}
)
documents = st.dictionaries(
    st.sampled_from(["format", "title", "description", "nework", *TABLES]),
    tables | values,
    max_size=5,
)


@given(documents)
def test_no_document_ends_in_anything_but_a_preset_or_one_line(document: dict[str, Any]) -> None:
    preset_or_one_line(tomli_w.dumps(document))


@given(keys, values)
def test_no_replacement_ends_in_anything_but_a_preset_or_one_line(key: str, value: Any) -> None:
    for old in (Preset(), Preset().replace(depth=3, activation=["sin", "cos"])):
        try:
            preset = old.replace(**{key: value})
        except PresetError as error:
            one_line(error)
        else:
            assert parse_preset(preset.to_toml()) == preset


def test_hypothesis_reaches_what_is_right_too() -> None:
    good = parse_preset(tomli_w.dumps({"network": {"depth": 3}, "view": {"extent": math.pi}}))
    assert good.view.extent == math.pi


def test_the_theme_is_one_of_a_list() -> None:
    preset = Preset(theme="tie-dye")
    assert parse_preset(preset.to_toml()) == preset
    assert "theme" not in Preset().to_toml()
    with pytest.raises(PresetError, match="theme: no 'tiedye'; did you mean 'tie-dye'"):
        parse_preset('theme = "tiedye"')

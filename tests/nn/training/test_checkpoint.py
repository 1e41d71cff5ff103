"""Checkpoints: files that training goes on from to the bit, and that open as any network."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset, Trainer
from cppn_gl.nn.files import Tensors, read_tensors, safetensors_bytes
from cppn_gl.nn.training import run as runs
from cppn_gl.nn.training.checkpoint import Checkpoint, digest_of, read, read_checkpoint
from cppn_gl.nn.training.run import Run, run_of
from cppn_gl.nn.training.trainer import Measures
from cppn_gl.nn.weights import Weights
from cppn_gl.utils.checks import PresetError

KEYS = {
    "network.depth": 3,
    "network.width": 5,
    "network.init": "glorot_uniform",
    "train.data": "rings",
    "train.points": 60,
    "train.optimizer": "adam",
    "train.steps": 70,
}


def preset(**keys: Any) -> Preset:
    return Preset().replace(**KEYS | {n.replace("__", "."): v for n, v in keys.items()})


def fresh(which: Preset) -> Run:
    """A run that knows nothing yet."""
    runs._runs.clear()
    return run_of(which)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"train__optimizer": "sgd"},
        {"train__optimizer": "momentum", "network__inputs": ["x", "y", "sin_x", "z0"]},
        {"train__data": "bumps", "network__period": 3.0},
        {"normalize__which": "hidden"},
        {"train__dropout": 0.3, "train__test_fraction": 0.0},
    ],
)
def test_training_goes_on_to_the_bit(keys: dict[str, Any]) -> None:
    which = preset(**keys)
    run = fresh(which)
    wanted, data = run.state(150), run.checkpoint(70).to_bytes()
    assert read(data).to_bytes() == data
    shown, history = run.network(70), run.history
    other = fresh(which)
    kept = read(data)
    other.start_at(kept)
    assert other.step == 70
    assert other.network(70).digest == shown.digest
    found = other.state(150)
    assert found.moments.shape == wanted.moments.shape
    assert found.parameters.tobytes() == wanted.parameters.tobytes()
    assert found.moments.tobytes() == wanted.moments.tobytes()
    again = other.history
    assert again.keys() == history.keys()
    for name in history:
        both = history[name].astype(float), again[name].astype(float)
        assert np.allclose(*both, rtol=1e-6, equal_nan=True), name
    assert run.checkpoint(150).to_bytes() == other.checkpoint(150).to_bytes()
    assert run.checkpoint(30).to_bytes() == other.checkpoint(30).to_bytes()


def test_moments_may_be_larger_than_any_weight() -> None:
    """Squares of gradients are, where values are in the millions: such a training goes on, too."""
    run = fresh(preset())
    found = run.checkpoint(70)
    found.state.moments[1, :3] = 1e32, np.finfo(np.float32).max, np.inf
    again = read(found.to_bytes())
    assert again.state.moments.tobytes() == found.state.moments.tobytes()
    found.state.moments[1, 0] = np.nan
    with pytest.raises(ValueError, match="holds NaN"):
        read(found.to_bytes())


def test_parameters_beyond_the_limit_of_layers_depend_on_no_cut() -> None:
    """They may come back; their network has the limit instead."""
    keys: dict[str, Any] = {"train__data": "own", "train__own": [[0, 1, 0], [0, -1, 1]]}
    which = preset(**keys, train__optimizer="sgd", train__l2=3.0, train__rate=0.1)
    one, other = Trainer(which), Trainer(which)
    for trainer in (one, other):
        trainer.state.parameters[0] = 5e30  # of x, which is 0
    other.step(2)
    assert other.state.parameters[0] > 2e30
    assert other.network.layers[0].weight.max() == np.float32(1e30)
    other.step(20)
    one.step(22)
    assert one.state.parameters[0] < 1e30
    assert (one.state.parameters == other.state.parameters).all()
    run = fresh(which)
    found = run.checkpoint(3)
    found.state.parameters[0] = 5e30
    network = run.trainer.network_of(found.state)
    data = dataclasses.replace(found, network=network).to_bytes()
    assert read(data).state.parameters.tobytes() == found.state.parameters.tobytes()


def test_it_opens_as_any_network() -> None:
    for which in (preset(), preset(normalize__which="hidden")):
        run = fresh(which)
        weights = Weights(run.checkpoint(70).to_bytes(), ".safetensors")
        chain = weights.chain(2)
        layers = run.network(70).layers
        assert weights.texts["activations"] == ",".join(layer.activation for layer in layers)
        for (weight, bias), layer in zip(chain.pairs, layers, strict=True):
            assert (weight == layer.weight).all()
            assert (bias == layer.bias).all()


def test_the_digest_is_of_what_weights_depend_on() -> None:
    def digest(**keys: Any) -> str:
        return Trainer(preset(**keys)).digest

    first = digest()
    for same in ({"train__steps": 9}, {"train__marks": "none"}, {"view__extent": 6.0}):
        assert digest(**same) == first
    for other in (
        {"train__rate": 0.1},
        {"train__seed": 1},
        {"network__seed": 1},
        {"train__points": 61},
        {"train__classes": 4},
        {"train__test_fraction": 0.25},
        {"train__changes": [[5, 0.1]]},
        {"train__momentum": 0.8},
        {"train__layer_rates": [1.0, 0.5]},
        {"train__biases": False},
        {"normalize__which": "hidden"},
        {"network__inputs": ["y", "x"]},
        {"network__activation": "relu"},
    ):
        assert digest(**other) != first


def test_the_same_data_at_another_place_are_the_same_training(tmp_path: Path) -> None:
    digests = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "points.csv"
        path.write_text("0,0,1\n1,1,0\n0,1,1\n")
        digests.add(Trainer(preset(train__data=str(path))).digest)
    assert len(digests) == 1


def kept() -> Checkpoint:
    return read(fresh(preset()).checkpoint(70).to_bytes())


def changed(**texts: str | None) -> bytes:
    found = read_tensors(kept().to_bytes(), ".safetensors")
    known = {n: v for n, v in (found.texts | texts).items() if v is not None}
    return safetensors_bytes(Tensors(found.arrays, known))


@pytest.mark.parametrize(
    "texts",
    [
        {"step": None},
        {"step": "-1"},
        {"step": "many"},
        {"step": "9" * 300},
        {"kind": "other"},
        {"classes": "99"},
        {"names": "{"},
        {"names": "3"},
        {"names": "[]"},
        {"kind": "values", "classes": "0"},
        {"activations": "tanh"},
        {"activations": "tanh,tanh,sigmoid,sigmoid"},
        {"digest": None},
        {"latent": "a"},
    ],
)
def test_what_is_none_is_refused_in_one_line(texts: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"no checkpoint|inputs|columns|layer") as caught:
        read(changed(**texts))
    assert "\n" not in str(caught.value)


def test_other_files_are_refused_with_their_name(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(PresetError, match=r"w\.safetensors: No such file"):
        read_checkpoint(path)
    path.write_bytes(kept().to_bytes()[:-5])
    with pytest.raises(PresetError, match="damaged safetensors"):
        read_checkpoint(path)
    preset().run.network(0).save(path)
    with pytest.raises(PresetError, match="weights, but no checkpoint of a training"):
        read_checkpoint(path)
    with pytest.raises(PresetError, match=r"train.checkpoint: w\.safetensors: weights, but"):
        preset(train__checkpoint=str(path)).network()


def test_a_named_checkpoint_is_used_for_its_own_training_only(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(fresh(preset()).checkpoint(70).to_bytes())
    runs._runs.clear()
    which = preset(train__checkpoint=str(path))
    assert which.checkpoint is not None
    assert which.run.step == 70
    other = which.replace(rate=0.1)
    assert other.checkpoint is None
    assert other.run.step == 0


def test_measures_survive_with_what_there_is_none_of() -> None:
    run = fresh(preset(train__data="plane", train__test_fraction=0.0))
    found = read(run.checkpoint(70).to_bytes()).rows(Measures)
    assert [row.step for row in found] == run.history["step"].tolist()[: len(found)]
    assert found[-1].accuracy is None
    assert np.isnan(found[-1].test_loss)
    assert found[-1].dead.shape == (3,)


def test_digests_stay_the_same() -> None:
    """Files of today belong to their presets tomorrow: this number must not change."""
    which = preset()
    found = digest_of(which.train, which.normalize, which.start.network(), "data")
    assert found == STABLE


STABLE = "bb69bd4e7241b9c0e229f72ce736000b"


def forged(**arrays: Any) -> Checkpoint:
    """The checkpoint with the right digest, and other tensors; None leaves one out."""
    found = read_tensors(kept().to_bytes(), ".safetensors")
    changed = found.arrays | {name.replace("__", "."): a for name, a in arrays.items()}
    return read(
        safetensors_bytes(Tensors({n: a for n, a in changed.items() if a is not None}, found.texts))
    )


def test_a_forged_digest_brings_no_foreign_arrays_to_the_native_library() -> None:
    names = read_tensors(kept().to_bytes(), ".safetensors").arrays
    moments = {name: None for name in names if name.startswith("moments.")}
    thin = {  # one unit a layer
        name.replace(".", "__"): np.ones([min(side, 1) for side in array.shape], np.float32)
        for name, array in names.items()
        if not name.startswith("history.") and array.shape[0] != 3
    }
    for number in ("", "moments__0__", "moments__1__"):
        thin[f"{number}layers__0__weight"] = np.ones((1, 2), np.float32)
        thin[f"{number}layers__2__weight"] = np.ones((3, 1), np.float32)
    run = fresh(preset())
    assert run.fits(forged())
    assert not run.fits(forged(**moments))
    assert not run.fits(forged(**thin))


def test_measures_must_be_those_of_the_steps() -> None:
    steps = read_tensors(kept().to_bytes(), ".safetensors").arrays["history.step"]
    for wrong in (
        {"history__step": steps + 1000},
        {"history__step": steps * 0},
        {"history__step": -steps},
        {"history__step": None},
        {"history__dead": np.zeros((len(steps), 1), np.float32)},
        {"history__loss": np.zeros(len(steps), np.float32)},
        {"history__other": steps},
    ):
        with pytest.raises(ValueError, match="damaged checkpoint"):
            forged(**wrong)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "momentum"])
def test_what_a_run_reaches_can_be_read_however_large(optimizer: str) -> None:
    far = {"train__data": "own", "train__own": [[1e6, 1e6, 1e6], [-1e6, 1e6, 0.5]]}
    large = {"network__inputs": ["x2", "y2"], "network__depth": 1, "network__weight_scale": 50.0}
    run = fresh(preset(**far, **large, train__optimizer=optimizer, train__rate=1e-30))
    run.advance(20)
    assert read(run.checkpoint(run.step).to_bytes()).step == run.step

"""Training a preset's network, step by step."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cppn_gl
from cppn_gl import Preset, Trainer
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import Clock
from cppn_gl.nn.file_source import File
from cppn_gl.nn.training.gradients import forward
from cppn_gl.nn.training.trainer import DivergedError
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.utils.checks import PresetError

CIRCLE = {
    "network.depth": 3,
    "network.width": 6,
    "network.init": "glorot_uniform",
    "train.data": "circle",
    "train.points": 100,
}


def preset(**keys: Any) -> Preset:
    return Preset().replace(**CIRCLE | {n.replace("__", "."): v for n, v in keys.items()})


def same(a: Trainer, b: Trainer) -> bool:
    return bool(
        a.steps == b.steps
        and (a.state.parameters == b.state.parameters).all()
        and (a.state.moments == b.state.moments).all()
    )


def test_step_0_is_the_random_network_with_the_outputs_of_the_data() -> None:
    trainer = Trainer(preset(network__outputs=3))
    drawn = preset(network__outputs=1).spec.network()
    network = trainer.network
    assert network.outputs == 1
    for own, layer in zip(network.layers, drawn.layers, strict=True):
        assert (own.weight == layer.weight).all()
    assert Trainer(preset(train__data="blobs", train__classes=4)).network.outputs == 4


def test_it_learns_and_says_so() -> None:
    trainer = Trainer(preset(train__optimizer="adam"))
    before = trainer.loss
    trainer.step(500)
    assert trainer.steps == 500
    assert trainer.loss < before / 4
    assert trainer.accuracy == 1.0
    assert trainer.test_accuracy is not None
    assert trainer.test_accuracy > 0.9
    assert trainer.test_loss < before
    assert trainer.gradient_norms.shape == trainer.dead.shape == trainer.saturated.shape == (3,)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adamw"])
def test_a_step_does_not_depend_on_how_steps_are_called(optimizer: str) -> None:
    of = preset(
        train__optimizer=optimizer,
        train__dropout=0.2,
        train__l1=0.001,
        train__l2=0.01,
        train__seed=4,
    )
    together, one_by_one = Trainer(of), Trainer(of)
    together.step(40)
    for _ in range(40):
        one_by_one.step()
    assert same(together, one_by_one)
    saved = Trainer(of)
    saved.restore(together.state)
    saved.step(9)
    together.step(9)
    assert same(together, saved)
    assert not same(together, Trainer(of))


def test_the_seed_of_the_table_draws_batches_and_that_of_the_network_weights() -> None:
    first, other, weights = (
        Trainer(preset(**keys)) for keys in ({}, {"train__seed": 1}, {"network__seed": 1})
    )
    assert (first.state.parameters == other.state.parameters).all()
    assert (first.dataset.x != other.dataset.x).any()
    assert (first.dataset.x == weights.dataset.x).all()
    assert (first.state.parameters != weights.state.parameters).any()
    assert len({trainer.digest for trainer in (first, other, weights)}) == 3
    assert Trainer(preset(train__steps=9, train__marks="none")).digest == first.digest


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_trains(name: str) -> None:
    trainer = Trainer(preset(network__activation=name, train__rate=0.005))
    before = trainer.loss
    trainer.step(200)
    assert trainer.loss < before


@pytest.mark.parametrize("init", INITS)
def test_every_initialisation_trains(init: str) -> None:
    trainer = Trainer(preset(network__init=init))
    before = trainer.loss
    trainer.step(200)
    assert trainer.loss < before


@pytest.mark.parametrize("loss", ["cross-entropy", "squared", "hinge", "absolute"])
@pytest.mark.parametrize("classes", [2, 4])
def test_every_loss_trains_classes_one_against_the_rest(loss: str, classes: int) -> None:
    of = preset(train__loss=loss, train__data="blobs", train__classes=classes, train__rate=0.1)
    trainer = Trainer(of)
    trainer.step(600)
    assert trainer.accuracy is not None
    assert trainer.accuracy > 0.8


def test_layers_of_several_activations_and_all_kinds_of_inputs_train() -> None:
    inputs = ["x", "y", "r", "x2", "y2", "xy", "sin_x", "cos_3y", "t", "cos_t", "one", "z0"]
    of = preset(network__inputs=inputs, network__activation=["relu", "sin"], network__latent=[0.25])
    trainer = Trainer(of)
    before = trainer.loss
    trainer.step(100)
    assert trainer.loss < before
    assert trainer.network.inputs == tuple(inputs)
    assert trainer.network.latent == (0.25,)


def test_values_are_learned_with_an_identity_and_have_no_accuracy() -> None:
    trainer = Trainer(preset(train__data="plane"))
    trainer.step(300)
    assert trainer.accuracy is None
    assert trainer.network.drawn[-1].activation == "identity"
    assert trainer.loss < 0.02


def test_a_network_of_given_layers_or_of_a_file_is_trained_further(tmp_path: Any) -> None:
    trained = Trainer(preset())
    trained.step(50)
    trained.network.save(tmp_path / "w.safetensors")
    spec = File(str(tmp_path / "w.safetensors"))
    further = Trainer(replace(preset(), spec=spec))
    assert (further.state.parameters == trained.state.parameters).all()
    further.step(10)
    toml = """
        [network]
        inputs = ["x", "y"]
        [[network.layers]]
        weight = [[1.0, 0.5], [0.25, -1.0]]
        bias = [0.0, 0.1]
        activation = "tanh"
        [[network.layers]]
        weight = [[1.0, 0.5]]
        bias = [0.0]
        activation = "identity"
        [train]
        data = "xor"
    """
    given = Trainer(parse_preset(toml))
    assert given.network.drawn[-1].activation == "sigmoid"
    assert given.state.parameters[:4].tolist() == [1.0, 0.5, 0.25, -1.0]
    given.step(5)
    with pytest.raises(PresetError, match="the network has 1 output; the data need 3"):
        Trainer(parse_preset(toml.replace('"xor"', '"blobs"\nclasses = 3')))


@pytest.mark.parametrize("which", ["hidden", "all"])
def test_normalised_layers_train_and_are_folded_by_the_training_sets_statistics(which: str) -> None:
    of = preset(normalize__which=which, normalize__gain=1.5, network__activation="relu")
    trainer = Trainer(of)
    before = trainer.loss
    trainer.step(300)
    assert trainer.loss < before / 2
    training = slice(trainer.dataset.training)
    x, y = trainer.dataset.x[training], trainer.dataset.y[training]
    network = trainer.network
    inputs = network.features(x, y, Clock())
    passed = forward(trainer.problem, trainer.state.parameters.astype(np.float64), inputs)
    assert np.abs(network.evaluate(inputs) - passed[-1].units).max() < 1e-4


@pytest.mark.parametrize("native", [True, False])
def test_a_divergence_leaves_the_last_finite_state(native: bool) -> None:
    from cppn_gl.nn.training.numpy_steps import NumpySteps

    of = preset(train__data="plane", train__rate=50.0, network__activation="identity")
    trainer = Trainer(of)
    if not native:
        trainer._stepper = NumpySteps(trainer.problem)
    with pytest.raises(DivergedError, match=r"diverged at step \d+"):
        trainer.step(1000)
    assert 0 < trainer.steps < 1000
    assert np.isfinite(trainer.state.parameters).all()
    assert trainer.network.parameters == trainer.problem.parameters


def test_numpy_and_the_native_library_take_the_same_steps_but_for_rounding() -> None:
    from cppn_gl.nn.training.numpy_steps import NumpySteps

    for optimizer in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"):
        of = preset(train__optimizer=optimizer, train__l2=0.01, train__l1=0.001, train__dropout=0.1)
        one, other = Trainer(of), Trainer(of)
        other._stepper = NumpySteps(other.problem)
        one.step(20)
        other.step(20)
        assert np.abs(one.state.parameters - other.state.parameters).max() < 1e-4, optimizer


def test_it_is_public() -> None:
    assert cppn_gl.Trainer is Trainer


def test_long_calls_take_little_memory() -> None:
    for keys in ({"train__batch": 5000}, {"train__dropout": 0.5, "network__width": 300}):
        trainer = Trainer(preset(**keys))
        units = trainer.train.batch * 3 + (trainer.problem.hidden if trainer.train.dropout else 0)
        assert 1 <= trainer.chunk(10**7) * units <= 2**20


def test_a_state_of_another_network_is_refused() -> None:
    trainer, other = Trainer(preset()), Trainer(preset(network__width=9))
    with pytest.raises(ValueError, match="another network"):
        trainer.restore(other.state)
    trainer.state.parameters = trainer.state.parameters[:3]
    with pytest.raises(ValueError, match="another network"):
        trainer.step()


def test_a_loss_without_a_minimum_is_refused() -> None:
    for data, loss in (("bumps", "hinge"), ("plane", "cross-entropy"), ("anchor.png", "hinge")):
        with pytest.raises(PresetError, match=f"train.loss: {loss} is of classes"):
            Trainer(preset(train__data=data, train__loss=loss))
    assert Trainer(preset(train__data="anchor.png", train__loss="cross-entropy")).loss > 0


def test_threads_share_a_trainer() -> None:
    shared, alone = Trainer(preset()), Trainer(preset())
    threads = [threading.Thread(target=lambda: [shared.step(3) for _ in range(20)]) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone.step(240)
    assert same(shared, alone)
    with pytest.raises(ValueError, match="-1 steps"):
        alone.step(-1)

"""Networks that see pictures learn: gradients, steps, checkpoints, what they tell apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stripes import NODES, learner, stripes

import cppn_gl
from cppn_gl.nn.training.checkpoint import read
from cppn_gl.nn.training.run import Run
from cppn_gl.nn.training.trainer import Trainer
from cppn_gl.nn.training.writing import train_into
from cppn_gl.nn.vision import batched, training
from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
from cppn_gl.nn.vision.training import ImageProblem, ImageTrainer, batch_gradient, first_state
from cppn_gl.utils.checks import PresetError

BRANCHES = """
[[network.nodes]]
name = "first"
type = "conv"
channels = 4
kernel = [3, 2]
stride = 2
dilation = [1, 2]
padding = [1, 0, 2, 1]
activation = "gelu"
[[network.nodes]]
name = "left"
type = "conv"
channels = 4
groups = 2
padding = "same"
activation = "sin"
[[network.nodes]]
name = "right"
type = "max_pool"
size = 3
stride = 1
padding = 1
inputs = "first"
[[network.nodes]]
type = "add"
inputs = ["left", "right"]
activation = "relu"
[[network.nodes]]
type = "concat"
inputs = ["left", "add1"]
[[network.nodes]]
type = "batch_norm"
activation = "tanh"
[[network.nodes]]
type = "avg_pool"
size = 2
[[network.nodes]]
type = "dense"
[[network.nodes]]
type = "softmax"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripes(tmp_path_factory.mktemp("pictures") / "stripes")


def trainer_of(*args: Any, **keys: Any) -> ImageTrainer:
    found = cppn_gl.Trainer(learner(*args, **keys))
    assert isinstance(found, ImageTrainer)
    return found


def loss_at(problem: ImageProblem, flat: Any, pictures: Any, labels: Any) -> float:
    *_, last = batched.forward(problem.bound(flat), pictures)
    _, found = batched.scored(last.pre.reshape(len(labels), -1), labels)
    return found.loss / len(labels)


@pytest.mark.parametrize("nodes", [NODES, BRANCHES])
def test_gradients_are_those_of_differences(folder: Path, nodes: str) -> None:
    trainer = trainer_of(folder, nodes)
    problem, rng = trainer.problem, np.random.default_rng(1)
    flat = trainer.state.parameters.astype(np.float64) + rng.normal(0, 0.1, problem.parameters)
    pictures, labels = rng.normal(size=(3, 1, 8, 8)), np.array([0, 1, 1])
    found = batch_gradient(problem, problem.bound(flat), pictures, labels)
    tried = rng.choice(problem.parameters, 40, replace=False)
    for index in tried:
        step = np.zeros_like(flat)
        step[index] = 1e-5
        both = [loss_at(problem, flat + sign * step, pictures, labels) for sign in (1, -1)]
        assert found[index] == pytest.approx((both[0] - both[1]) / 2e-5, rel=2e-5, abs=1e-8)


@pytest.mark.parametrize("nodes", [NODES, BRANCHES])
def test_a_forward_pass_over_a_batch_is_that_of_the_network(folder: Path, nodes: str) -> None:
    trainer = trainer_of(folder, nodes)
    stages: Sequence[ImageStage] = trainer.problem.stages
    pictures = np.random.default_rng(2).normal(size=(3, 1, 8, 8))
    passed = list(batched.forward(stages, pictures))
    for one, units in zip(passed, trainer.start.evaluate_image(pictures), strict=False):
        np.testing.assert_allclose(one.units, units, atol=1e-12)


def test_two_classes_are_told_apart(folder: Path) -> None:
    trainer = trainer_of(folder)
    assert trainer.accuracy is not None
    assert trainer.accuracy < 0.8
    trainer.step(60)
    assert trainer.accuracy == 1
    assert trainer.test_accuracy == 1
    assert trainer.loss < 0.1
    assert trainer.gradient_norms.shape == trainer.dead.shape == (3,)
    assert isinstance(trainer.network, ImageNetwork)
    assert trainer.network.classes == ("across", "up")


def test_a_network_answers_as_its_training_did(folder: Path) -> None:
    trainer = trainer_of(folder)
    trainer.step(10)
    network, data = trainer.network, trainer.dataset
    tensor = trainer.preprocess.tensor(np.repeat(data.pictures[0], 3, axis=2))
    scores = trainer.scores(trainer.problem.bound(trainer.state.parameters), slice(0, 1))
    found = network.evaluate_image(tensor)[network.logits][:, 0, 0]
    np.testing.assert_allclose(scores[0], found, atol=1e-5)


def test_steps_do_not_depend_on_threads_or_on_how_they_are_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, one_by_one, alone = (trainer_of(folder, **{"train.batch": 20}) for _ in range(3))
    at_once.step(6)
    for _ in range(6):
        one_by_one.step(1)
    monkeypatch.setattr("cppn_gl.utils.threads.thread_count", lambda: 1)
    alone.step(6)
    expected = at_once.state.parameters.tobytes()
    assert one_by_one.state.parameters.tobytes() == expected
    assert alone.state.parameters.tobytes() == expected


def test_memory_does_not_grow_with_the_batch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, rng = trainer_of(folder).problem, np.random.default_rng(1)
    pictures, labels = rng.normal(size=(40, 1, 8, 8)).astype("f4"), rng.integers(0, 2, 40)
    stages = problem.bound(first_state(problem).parameters)
    expected = batch_gradient(problem, stages, pictures, labels)
    monkeypatch.setattr(training, "TOGETHER", 2)
    assert batch_gradient(problem, stages, pictures, labels).tobytes() == expected.tobytes()
    monkeypatch.setattr(batched, "KEPT", 0)  # windows are made again
    found = batch_gradient(problem, stages, pictures, labels)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_step_is_the_same_after_going_back(folder: Path) -> None:
    run = Run(learner(folder))
    run.advance(12)
    expected = run.network(10).digest
    again = Run(learner(folder))
    assert again.network(10).digest == expected
    assert again.network(3).digest == run.network(3).digest


def test_a_checkpoint_goes_on_to_the_bit(folder: Path, tmp_path: Path) -> None:
    preset, path = learner(folder), tmp_path / "net.safetensors"
    train_into(preset, path, 7)
    kept = read(path.read_bytes())
    assert kept.to_bytes() == path.read_bytes()
    train_into(preset, path, 15)
    other = tmp_path / "whole.safetensors"
    train_into(learner(folder, more="marks = 'none'"), other, 15)
    assert path.read_bytes() == other.read_bytes()


def test_its_file_opens_as_a_network_of_its_own(folder: Path, tmp_path: Path) -> None:
    preset, path = learner(folder, BRANCHES), tmp_path / "net.safetensors"
    run = train_into(preset, path, 5)
    opened = cppn_gl.load_preset("default").replace(**{"network.file": str(path)})
    assert opened.classifies
    assert opened.network().digest == run.network(5).digest
    assert opened.preprocess == preset.preprocess


def test_a_checkpoint_is_shown_without_its_pictures(tmp_path: Path) -> None:
    folder, path = stripes(tmp_path / "stripes"), tmp_path / "net.safetensors"
    run = train_into(learner(folder), path, 5)
    (folder / "up").rename(tmp_path / "elsewhere")
    preset = learner(folder, **{"train.checkpoint": str(path), "train.steps": 5})
    assert preset.network().digest == run.network(5).digest
    assert preset.preprocess == run.trainer.preprocess
    with pytest.raises(PresetError, match="one for each class"):
        preset.replace(**{"train.steps": 6}).network()


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"train.loss": "hinge"}, "hinge; pictures with classes have cross-entropy"),
        ({"train.dropout": 0.5}, "a network that sees pictures learns without"),
        ({"train.layer_rates": [1.0, 0.5]}, "all layers of a network that sees pictures"),
        ({"train.biases": False}, "biases of a network that sees pictures learn"),
        ({"train.classes": 3}, "the folders are the classes"),
        ({"preprocess.mean": (0.5, 0.5)}, "2 numbers; expected 1"),
    ],
)
def test_what_does_not_go_with_pictures_is_one_line(
    folder: Path, keys: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PresetError, match=problem):
        Trainer(learner(folder, **keys))


def test_other_networks_do_not_learn_pictures(folder: Path) -> None:
    preset = cppn_gl.load_preset("default")
    with pytest.raises(PresetError, match=r"\[\[network\.nodes\]\]"):
        preset.replace(**{"train.data": f"{folder}/"})
    with pytest.raises(PresetError, match="learns fashion-mnist, or a folder"):
        learner(folder, **{"train.data": "xor"})


def test_training_stops_where_it_diverges(folder: Path) -> None:
    keys = {"train.rate": 1000.0, "train.optimizer": "sgd", "train.l2": 100.0}
    run = Run(learner(folder, **keys))
    run.advance(20)
    assert "diverged" in run.problem
    assert np.isfinite(run.state(run.step).parameters).all()

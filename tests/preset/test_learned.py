"""The presets that reproduce the Playground's problems settle them, in well under a second."""

import pytest

from cppn_gl import load_preset

CLASSES = ("circle", "xor", "gauss", "spiral", "spiral-features")


@pytest.mark.parametrize("name", CLASSES)
def test_every_point_kept_for_tests_is_in_its_class(name: str) -> None:
    run = load_preset(f"learn-{name}").run
    steps = load_preset(f"learn-{name}").train.steps
    run.network(steps)
    history = run.history
    assert history["test_accuracy"][0] < 0.95
    assert history["test_accuracy"][-1] == 1.0
    assert history["test_loss"][-1] < 0.05


@pytest.mark.parametrize("name", ["plane", "bumps"])
def test_values_are_learned_to_a_hundredth_of_their_variance(name: str) -> None:
    preset = load_preset(f"learn-{name}")
    run = preset.run
    run.network(preset.train.steps)
    values = preset.dataset.values
    assert values is not None
    assert run.history["test_loss"][-1] < 0.5 * 0.01 * values.var()

"""The presets that reproduce the Playground's problems settle them, as docs/training.md states."""

from pathlib import Path

import pytest

from cppn_gl import Preset, load_preset

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
CLASSES = ("circle", "xor", "gauss", "spiral", "spiral-features")
VALUES = ("plane", "bumps")


def stated(name: str, preset: Preset) -> str:
    """The row of a preset in the documentation's table, but for the result."""
    spec, train = preset.spec, preset.train
    units = [str(rows) for rows, _ in preset.start.shapes]
    names = {"x2": "x²", "y2": "y²", "sin_x": "sin x", "sin_y": "sin y"}
    inputs = ", ".join(names.get(one, one) for one in spec.inputs)
    settings = f"{train.optimizer}, rate {train.rate:g}, batch {train.batch}"
    if train.schedule != "constant":
        settings += f", {train.schedule} to {train.schedule_steps}"
    cells = (
        *(f"`learn-{name}`", f"{inputs} → {' → '.join(units)}"),
        *(spec.hidden_activations[0] if spec.hidden_activations else "", settings),
        *(str(train.steps), str(spec.seed)),
    )
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("name", CLASSES)
def test_every_point_kept_for_tests_is_in_its_class(name: str) -> None:
    preset = load_preset(f"learn-{name}")
    run = preset.run
    run.network(preset.train.steps)
    assert run.history["test_accuracy"][0] < 0.95
    found = run.trainer.measures(run.state(preset.train.steps))
    assert found.test_accuracy == 1.0
    assert found.test_loss < 0.05
    if PAGE.exists():
        assert f"{stated(name, preset)} all 250 right |" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", VALUES)
def test_values_are_learned_to_a_hundredth_of_their_variance(name: str) -> None:
    preset = load_preset(f"learn-{name}")
    run = preset.run
    run.network(preset.train.steps)
    values = preset.dataset.values
    assert values is not None
    found = run.trainer.measures(run.state(preset.train.steps))
    error = (2 * found.test_loss) ** 0.5  # root mean square
    assert error < 0.1 * values.std()
    if PAGE.exists():
        row = f"{stated(name, preset)} error {error:.1g} of {values.std():.1g} (RMS) |"
        assert row in PAGE.read_text("utf-8")

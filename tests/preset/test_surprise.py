"""The preset `random`: the same from the same seed everywhere, varied, and worth a look."""

import functools
import hashlib
import time
from collections import Counter

import numpy as np
import pytest

from cppn_gl import Preset, PresetError, load_preset
from cppn_gl.nn import exact
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS, SEED
from cppn_gl.preset import surprise as module
from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.looks import Looks, looks, thumbnail
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.surprise import TESTS, passed, surprise, surprise_steps

SEEDS = range(100)


@functools.cache
def found() -> list[Preset]:
    return [surprise(seed) for seed in SEEDS]


def test_every_picture_passes_the_thresholds() -> None:
    assert all(passed(looks(thumbnail(preset))) == TESTS for preset in found())


def test_a_seed_gives_this_preset_on_every_machine() -> None:
    drawn = [
        (
            *(p.spec.depth, p.spec.inputs, p.spec.hidden_activations, p.spec.output_activation),
            *(p.spec.draws, p.spec.shapes, p.view.extent, p.color.mapping, p.color.invert),
        )
        for p in found()
    ]
    pictures = b"".join(thumbnail(preset).tobytes() for preset in found())
    hashes = [
        hashlib.sha256(content).hexdigest()[:16] for content in (repr(drawn).encode(), pictures)
    ]
    assert hashes == ["e6f1222dd6a9603d", "2576741986488740"]


def test_the_seed_is_kept_and_gives_the_preset_again() -> None:
    for seed, preset in zip(SEEDS, found(), strict=True):
        assert preset.spec.seed == seed
        assert preset.title.startswith("A surprise: ")
        assert f"seed {seed} " in preset.description
        assert preset.name == "random"
        assert parse_preset(preset.to_toml()) == preset
    assert found()[7] == surprise(7) == surprise("7") == load_preset("random", seed=7)


def test_words_are_a_seed_and_the_title() -> None:
    preset = load_preset("random", seed="Ada")
    assert preset.title == "Ada"
    assert preset.spec == surprise(SEED("Ada")).spec
    with pytest.raises(PresetError, match=r"network\.seed: -1 is not"):
        load_preset("random", seed=-1)


def test_without_a_seed_it_is_another_one_each_time() -> None:
    assert len({load_preset("random").spec.seed for _ in range(5)}) > 3


def test_presets_vary() -> None:
    specs = [preset.spec for preset in found()]
    hidden = Counter(name for spec in specs for name in set(spec.hidden_activations))
    assert len(hidden) >= 8
    assert max(hidden.values()) < 60
    assert len({spec.inputs for spec in specs}) >= 6
    assert {spec.init for spec in specs} == set(INITS)  # type: ignore[attr-defined]
    assert len({preset.color.mapping for preset in found()}) >= 8
    assert len({spec.depth for spec in specs}) >= 8
    assert sum(preset.animated for preset in found()) > 20


def test_choices_are_rows_of_the_tables_and_can_be_measured() -> None:
    names = {name for name, _ in module.ACTIVATIONS}
    assert names == set(module.GAINS)
    assert names <= set(ACTIVATIONS)
    assert names | {name for name, _ in module.OUTPUT} <= set(exact.ACTIVATIONS)
    assert {name for name, _ in module.INIT} <= set(INITS)
    assert {name for name, _ in module.MAPPING} <= set(MAPPINGS)


@pytest.mark.parametrize(
    ("measured", "count"),
    [
        (Looks(contrast=0.28, detail=0.07, edges=0.6, filled=0.95), 4),
        (Looks(contrast=0.05, detail=0.07, edges=0.6, filled=0.95), 3),  # grey
        (Looks(contrast=0.28, detail=0.35, edges=1.0, filled=1.0), 3),  # static
        (Looks(contrast=0.28, detail=0.03, edges=0.2, filled=0.95), 3),  # a blur
        (Looks(contrast=0.28, detail=0.07, edges=0.6, filled=0.3), 3),  # mostly empty
    ],
)
def test_what_is_worth_a_look(measured: Looks, count: int) -> None:
    assert passed(measured) == count


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TESTS", 5)
    assert len(list(surprise_steps(3))) == module.ATTEMPTS
    assert passed(looks(thumbnail(surprise(3)))) == 4  # the best of them


def test_it_is_quick() -> None:
    """Processor time, so that other programs do not count."""
    begun = time.process_time()
    for seed in range(200, 220):
        surprise(seed)
    assert (time.process_time() - begun) / 20 < 1.0


def test_dice_choose_by_weight_and_within_their_limits() -> None:
    dice = [module.Dice(seed, 0) for seed in range(400)]
    assert Counter(d.whole(3, 5) for d in dice).keys() == {3, 4, 5}
    chosen = Counter(d.among((("a", 3), ("b", 1))) for d in dice)
    assert chosen["a"] / 400 == pytest.approx(0.75, abs=0.08)
    between = [d.between(0.5, 8.0) for d in dice]
    assert 0.5 <= min(between) < 0.6
    assert 7 < max(between) <= 8
    assert np.median(between) == pytest.approx(2.0, rel=0.2)

"""Regions, and an engine registered from outside the package, which draws everywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl import Preset, Renderer
from cppn_gl.cli.main import main
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.names import ENGINES, engine_name, engine_names
from cppn_gl.nn.features import features
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils.tasks import Stepping, Steps, Task

PRESET = Preset().replace(depth=3, width=5, inputs=["x", "y", "r"], seed=1)
SIZE = (37, 21)


class Toy(Engine):
    """Evaluates networks by the float64 reference, row by row."""

    name = "toy"
    on_cpu = True

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        return Stepping(self._draw(target, scene, region))

    def _draw(self, target: Any, scene: Scene, region: Region) -> Steps[None]:
        width, height = region.part
        left, top = region.offset
        picture = np.zeros((height, width, 3), np.float32)
        network, view, samples = scene.network, scene.view, len(region.jitters)
        for jitter in region.jitters:
            x, y = pixel_points(region.size, view.center, view.extent, jitter=jitter)
            for row in range(height):
                yield
                part = np.s_[top + row, left : left + width]
                inputs = features(network.inputs, x[part], y[part], scene.clock, network.latent)
                values = network.evaluate(inputs)
                picture[row] += np.clip(values, 0, 1) / samples if region.additive else values
        target.write(picture)


class Device(Toy):
    """The same engine, but drawing in an OpenGL context."""

    on_cpu = False

    def rank(self, network: Any, device: Any) -> float:
        return 0.0


@pytest.fixture(params=[Toy, Device])
def toy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    if request.param is Device:
        request.getfixturevalue("compute_shaders")
    one: Engine = request.param()
    monkeypatch.setitem(ENGINES, one.name, one)
    return one


@pytest.fixture
def numpy() -> Iterator[Renderer]:
    with Renderer("numpy") as one:
        yield one


@pytest.mark.gl
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("color", [{}, {"mapping": "viridis", "stretch": "minmax"}])
def test_an_engine_from_outside_draws_the_picture(
    toy: Engine, numpy: Renderer, samples: int, color: dict[str, Any]
) -> None:
    preset = PRESET.replace(**color)
    with Renderer("toy") as renderer:
        assert (renderer.ctx is None) == toy.on_cpu
        assert renderer.engine_for(preset).engine == "toy"
        for part in (None, (5, 3, 18, 7)):
            keys: Any = {"samples": samples, "part": part, "dtype": "float32"}
            expected = numpy.render(preset, SIZE, **keys)
            assert np.abs(renderer.render(preset, SIZE, **keys) - expected).max() < 1e-4


@pytest.mark.gl
def test_it_draws_what_views_and_sheets_show(toy: Engine, numpy: Renderer) -> None:
    sheet = PRESET.replace(**{"show.view": "sheet", "sweep.cols": "seed=1:3", "sweep.rows": ""})
    with Renderer("toy") as renderer:
        for preset in (sheet, PRESET.replace(view="sensitivity"), PRESET.replace(view="signal")):
            found = renderer.render(preset, (90, 60)).astype(int)
            assert np.abs(found - numpy.render(preset, (90, 60))).max() <= 2


@pytest.mark.gl
def test_the_command_line_takes_it_and_the_picture_names_it(
    toy: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numpy: Renderer
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(PRESET.to_toml())
    words = ["--size", "37x21", "--engine", "toy", "--quiet"]
    assert main(["render", "my.toml", "-o", "a.png", *words]) == 0
    assert read_shot(tmp_path / "a.png").engine == "toy"
    assert (
        main(["render", "a.png", "-o", "b.png", "--quiet"]) == 0
    )  # with the engine saved in the picture
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    found = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
    assert np.abs(found - numpy.render(PRESET, SIZE)).max() <= 1


def test_its_name_is_known_while_it_is_registered(toy: Engine) -> None:
    assert "toy" in engine_names()
    assert engine_name("toy") == "toy"


def test_what_an_engine_does_unless_it_says_otherwise() -> None:
    one, network = Engine(), PRESET.network()
    device: Any = None
    assert one.problem(network, device) == ""
    assert one.rank(network, device) == 0
    assert one.serves(network)
    assert one.ready(None, network)
    assert (one.on_cpu, one.compiles, one.bakes) == (False, False, False)
    with pytest.raises(NotImplementedError):
        one.begin(None, None, device, Region.of((1, 1)))


def test_a_region_is_cut_from_a_picture() -> None:
    whole = Region.of((40, 30), 2, shape=(400, 300))
    assert (whole.part, whole.offset, whole.samples, whole.additive) == ((40, 30), (0, 0), 2, True)
    part = whole.cut(5, 6, 20, 10).cut(1, 2, 3, 4)
    assert (part.size, part.offset, part.part) == ((40, 30), (6, 8), (3, 4))
    assert part.shape == (400, 300)
    samples = list(part.each_sample())
    assert [one.jitters for one in samples] == [(jitter,) for jitter in whole.jitters]
    assert not any(one.additive for one in samples)
    assert Region.of((40, 30)).jitters == ((0.0, 0.0),)


def test_a_region_has_some_samples_or_as_many_as_it_needs() -> None:
    whole = Region.of((40, 30), "auto", shape=(400, 300), draft=True)
    assert (whole.adaptive, whole.sampling, whole.samples, whole.additive) == (
        True,
        "auto",
        1,
        False,
    )
    assert whole.sampled(3) == Region.of((40, 30), 3, shape=(400, 300), draft=True)
    assert whole.sampled(3).sampling == 3
    assert whole.sampled(3).sampled("auto") == whole
    assert whole.cut(5, 6, 20, 10).adaptive


def test_a_region_may_be_some_boxes() -> None:
    whole = Region.of((24, 16))
    assert whole.pieces == ((0, 0, 24, 16),)
    assert np.arange(24 * 16)[whole.indices()].size == 24 * 16
    boxes = [(8, 0, 24, 8), (0, 8, 8, 16)]
    some = whole.only(boxes)
    assert list(some.pieces) == boxes
    chosen = np.zeros((16, 24), bool)
    chosen[:8, 8:] = chosen[8:, :8] = True
    assert np.array_equal(some.indices(), np.flatnonzero(chosen))

"""The signal view: its panels hold the measured numbers, its card lies in the picture."""

import numpy as np
import pytest
from rows import FRAGMENT

from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import ENGINES
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import within
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.signal import (
    NamedSignal,
    SignalView,
    card_box,
    columns,
    measuring_columns,
    panels,
    std_limits,
    verdict,
    words,
)
from cppn_gl.views.plots.strength import measure
from cppn_gl.views.text import variable

N, SIGMA = variable("n"), variable("σ")
GAIN = f"√{N}·{SIGMA}"

SIZES = [(1, 1), (20, 20), (3000, 40), (40, 900), (320, 180), (640, 360), (500, 500)]


def scene(**keys: object) -> Scene:
    return scene_of(Preset().replace(**{"depth": 6, "width": 9, "view": "signal", **keys}))


def overflowing() -> Scene:
    layers = [Layer(np.full((3, n), 1e15), np.zeros(3), "relu") for n in (2, 3, 3, 3)]
    last = Layer(np.ones((1, 3)), np.zeros(1), "sigmoid")
    return scene_of(Preset(spec=Layers((*layers, last))))


def test_the_view_is_in_the_table() -> None:
    assert isinstance(view_of(scene().preset), SignalView)


def test_panels_hold_the_measured_numbers() -> None:
    signal = measure(scene())
    (std,), (mean,), (saturation,) = panels([NamedSignal("", signal)])
    by_label = {line.label: line.y for line in std.lines}
    assert by_label["all units together"] is signal.std
    assert by_label["each unit alone"] is signal.unit_std
    assert by_label[f"no activation: ×{GAIN}"] is signal.predicted
    kept = std.lines[-1]  # over the others
    assert kept.label == f"kept: {GAIN} = 1"
    assert kept.x[0] == 1  # the inputs do not count
    assert (kept.y == signal.std[1]).all()
    assert mean.lines[0].y is signal.mean
    assert saturation.lines[0].y == pytest.approx(100 * signal.saturated, nan_ok=True)
    assert std.log
    assert std.x == mean.x == saturation.x


@pytest.mark.parametrize("structure", ["mlp", "conv"])
def test_measuring_yields_its_progress(structure: str) -> None:
    steps = measuring_columns(scene(depth=3, width=4, structure=structure, grid=16))
    assert all(one is None or isinstance(one, float) for one in steps)


def test_columns_share_their_axes() -> None:
    strong, weak = measure(scene(weight_scale=5.0)), measure(scene(weight_scale=0.01))
    for left, right in panels([NamedSignal("a", strong), NamedSignal("b", weak)]):
        assert left.y == right.y
        assert left.x == right.x
    found = columns(scene())
    assert [column.name for column in found] == ["this network", "normalised"]
    assert found[0].signal.std == pytest.approx(measure(scene()).std)


def test_the_axis_of_standard_deviations_grows_by_whole_decades() -> None:
    low, high = std_limits(np.array([0.5, 1.0, np.nan, 0.0]))
    assert 0.005 < low < 0.01
    assert 10 < high < 20
    low, high = std_limits(np.array([1e-7, 3e5, 1e-300]))
    assert low < 1e-7
    assert low > 1e-14
    assert 1e6 < high < 1e7
    assert std_limits(np.array([np.nan]))[0] == pytest.approx(10**-2.2)


def test_the_words_say_what_was_measured() -> None:
    signal = measure(scene())
    growth, predicted, end, saturation = words(signal)
    assert growth == f"signal per layer: ×{signal.growth:.2f}"
    assert predicted == f"with no activation: ×{signal.gain:.2f}"
    assert end == f"layer 6: mean {signal.mean[-1]:.2f} ± {signal.std[-1]:.2f}"
    assert saturation == f"layer 6: {100 * signal.saturated[-1]:.0f} % saturated"
    assert max(map(len, words(signal, short=True))) <= 19


def test_overflow_is_reported() -> None:
    one = overflowing()
    assert words(measure(one))[-1] == "overflow at layer 3"
    assert panels([NamedSignal("", measure(one))])[0][0].note == "overflow at layer 3"
    view, size = SignalView(), (640, 360)
    assert view.overlay(one, size) is not None
    frame = view._card(one, size).frames[0][0]
    middle = (frame.box[1] + frame.box[3]) / 2
    hit = view.hit(one, size, (frame.box[2] - 3, middle))
    assert hit is not None
    assert hit.words == "layer 5: overflow"


@pytest.mark.parametrize("size", SIZES)
def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    view = SignalView()
    for one in (scene(), scene(depth=1), overflowing()):
        overlay = view.overlay(one, size, (size[0] * 0.8, size[1] * 0.6))
        assert overlay is not None
        assert overlay.shape == (size[1], size[0], 4)


@pytest.mark.parametrize("size", [(960, 600), (640, 360), (400, 900)])
def test_the_card_leaves_the_picture_free_beside_it(size: tuple[int, int]) -> None:
    overlay = SignalView().overlay(scene(), size)
    assert overlay is not None
    free = (overlay[..., 3] == 0).mean()
    assert 0.2 < free < 0.6
    edges = (overlay[0], overlay[-1], overlay[:, 0], overlay[:, -1])
    assert all((edge[:, 3] == 0).all() for edge in edges)


def test_the_standard_deviation_passes_through_its_pixels() -> None:
    view, one, size = SignalView(), scene(), (960, 600)
    overlay = view.overlay(one, size)
    assert overlay is not None
    frame = view._card(one, size).frames[0][0]
    signal = view._card(one, size).found[0].signal
    layers = np.arange(7.0)
    across, down = frame.place(layers, signal.unit_std)
    for column, row in zip(across, down, strict=True):
        pixel = overlay[int(row), int(column), :3].astype(int)
        assert np.abs(pixel - plot.COLORS[1]).max() < 40


def test_the_layer_under_the_cursor_is_described_and_marked() -> None:
    view, one, size = SignalView(), scene(), (960, 600)
    frame = view._card(one, size).frames[1][0]
    across = float(frame.place(np.array([4.0]), np.zeros(1))[0][0])
    place = (across, frame.box[1] + 5.0)
    signal = measure(one)
    hit = view.hit(one, size, place)
    assert hit is not None
    assert hit.words.startswith(f"layer 4: mean {signal.mean[4]:.2f}".replace("-", "−"))
    plain, marked = view.overlay(one, size), view.overlay(one, size, place)
    assert plain is not None
    assert marked is not None
    assert (plain != marked).any()
    assert view.hit(one, size, (2.0, 2.0)) is None


@pytest.mark.gl
def test_the_picture_under_it_is_the_networks(renderer: Renderer) -> None:
    one, size = scene(), (24, 16)
    assert renderer.ctx is not None
    with renderer.ctx:
        planes = Planes(renderer.ctx, size)
        stage = Stage(renderer.painter, lambda network: FRAGMENT)
        drawing = SignalView().begin(stage, planes, one)
        while not drawing.step(within(1.0)):
            pass
        picture = planes.read()
        planes.release()
    x, y = pixel_points(size)
    truth = one.network.evaluate(np.stack([x.ravel(), y.ravel()], axis=1))
    assert picture == pytest.approx(truth.reshape(16, 24, 3), abs=1e-4)


@pytest.mark.parametrize("size", [(300, 200), (640, 400), (960, 600), (2560, 1440), (600, 960)])
def test_the_card_covers_less_than_two_thirds_of_the_picture(size: tuple[int, int]) -> None:
    left, top, right, bottom = card_box(size, 10)
    assert (right - left) * (bottom - top) < size[0] * size[1] * 0.66
    longer = max(size)
    side = right - left if size[0] == longer else bottom - top
    assert 0.5 < side / longer < 2 / 3
    assert left >= 0 <= top
    assert right <= size[0]
    assert bottom <= size[1]


@pytest.mark.parametrize("size", [(300, 200), (340, 300), (400, 300), (640, 400), (400, 900)])
def test_no_text_is_cut_off_by_the_card(size: tuple[int, int]) -> None:
    view, one = SignalView(), scene(depth=24)
    card = view._card(one, size)
    left, _, right, _ = card.box
    overlay = view.overlay(one, size)
    assert overlay is not None
    bottom = card.frames[2][0].box[3] + 2 * card.canvas.leading
    edge = overlay[bottom : card.box[3] - card.canvas.font_size, right - 2 : right, :3]
    assert (edge == edge[:1]).all()
    heads = overlay[card.box[1] : card.frames[0][0].box[1], left + 12 : right - 12, :3]
    assert heads.max() > 150  # the columns are named


@pytest.mark.gl
def test_a_structure_is_measured_before_its_picture_is_drawn(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = Preset().replace(
        view="signal", structure="vgg", depth=4, width=4, **{"network.grid": 16}
    )
    scene, view = scene_of(preset), SignalView()
    assert renderer.ctx is not None
    with renderer.ctx:
        planes = Planes(renderer.ctx, (64, 36))
        stage = Stage(renderer.painter, lambda network: ENGINES["numpy"])
        drawing = view.begin(stage, planes, scene)
        while not drawing.step(within(0.001)):
            pass
        drawing.release()
        planes.release()
    monkeypatch.setattr("cppn_gl.views.plots.signal.columns", None)
    size = (960, 600)
    assert view.overlay(scene, size) is not None
    left, top, right, bottom = view._card(scene, size).frames[0][0].box
    hit = view.hit(scene, size, ((left + right) / 2, (top + bottom) / 2))
    assert hit is not None
    assert hit.words.startswith("layer 2, conv 3×3, tanh: mean ")
    pool = view.hit(scene, size, ((2 * left + 3 * right) / 5, (top + bottom) / 2))
    assert pool is not None
    assert pool.words.startswith("layer 3, max pool 3×3: mean ")
    assert "saturated" not in pool.words


def test_the_verdict_says_what_fades_and_what_saturates() -> None:
    def of(scale: float) -> str:
        keys = {"depth": 6, "width": 10, "init": "normal", "bias_scale": 0.0}
        return verdict(measure(scene_of(Preset().replace(weight_scale=scale, **keys))))

    assert of(0.03) == "fades: layer 5 hardly sees its input"
    assert of(0.4) == ""
    assert of(5.0) == "saturated: most units hardly move"

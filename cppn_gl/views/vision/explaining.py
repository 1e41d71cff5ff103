"""What the attribution view shows: a method's map of a scene's picture, and what the network says.

    Scene -> target_of(): the class or unit explained -> explain(): a method's map, cached
          -> answer(): the shares of classes, for the picture or with a patch on it

Slow methods come in levels, from coarse to fine.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.vision import attribution
from cppn_gl.nn.vision.attribution import METHODS
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.occlusion import LEVELS, Occlusion, cover, patch
from cppn_gl.nn.vision.preprocess import picture_of
from cppn_gl.nn.vision.running import Pass, forward, kernel_of
from cppn_gl.nn.vision.target import Target, class_index
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import AttributionOptions
from cppn_gl.utils.arrays import Box, Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.vision.channels import has_classes
from cppn_gl.views.vision.passes import key_of, network_of, pass_of, shown_of, unit_of

KEPT = 48 * MB  # of maps
FIRST = 8  # steps of integrated gradients, and noisy pictures of SmoothGrad, in a first drawing
NOISY = 16  # pictures of SmoothGrad
MIDDLE, COARSE = 2, 8  # pixels of the window in one of a coarse drawing: the levels 1 and 0
BACK = 2.0  # work of a pass back, relative to one forward
TOP = 5  # classes listed
SMALLEST = 1e-30  # magnitude with the full colour: what is divided by it must not overflow


Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Explained:
    """What a method says. map: (rows, columns), signed. values: (channels, rows, columns), if any.

    note: what the method says of itself, in a few words. level: how fine it is, the finest is
    LEVELS − 1.
    """

    method: str
    target: Target
    map: Float32
    values: Float32 | None = None
    note: str = ""
    level: int = LEVELS - 1
    _reaches: dict[tuple[float, bool], float] = field(default_factory=dict, repr=False)

    def reach(self, percentile: float, *, colours: bool = False) -> float:
        """The value with the most saturated colour; `colours`: of `values`, not of the map."""
        key = percentile, colours
        if key not in self._reaches:
            of = self.values if colours and self.values is not None else self.map
            self._reaches[key] = reach_of(of, percentile)
        return self._reaches[key]


def reach_of(values: Float32, percentile: float) -> float:
    """The value with the most saturated colour: a percentile of the magnitudes that are not 0.

    Of nothing but 0, 1. Most of a map is 0 where only a part of the picture is seen.
    """
    magnitudes = np.abs(values[np.isfinite(values) & (values != 0)])
    return max(float(np.percentile(magnitudes, percentile)), SMALLEST) if magnitudes.size else 1.0


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network says of a picture: its classes' shares and logits, empty without classes."""

    shares: Float64
    logits: Float64

    @property
    def top(self) -> list[int]:
        """The most probable classes, from 0."""
        return [int(k) for k in np.argsort(-self.shares, kind="stable")[:TOP]]


def level_of(size: Size, shape: Size) -> int:
    """The level that a coarse picture of `size` for one of size `shape` asks for."""
    pixels = max(shape[0] / size[0], shape[1] / size[1])
    return 0 if pixels > COARSE / 2 else 1 if pixels >= MIDDLE else LEVELS - 1


def methods_of(scene: Scene, level: int = LEVELS - 1) -> list[str]:
    """The methods shown; at the first level of a sheet those that are quick."""
    method = scene.options(AttributionOptions).method
    if method != "all":
        return [method]
    return [name for name in METHODS if level or name not in ("integrated", "smooth", "occlusion")]


def named_class(network: ImageNetwork, words: str) -> int:
    """The class, from 0, that `class_index` finds. Raises PresetError as the end of a sentence."""
    if not has_classes(network):
        raise PresetError("needs classes, which this network has not: set attribution.of to unit")
    try:
        return class_index(network, words)
    except PresetError as error:
        raise PresetError(f"needs another attribution.class_name: {error.problem}") from None


def target_of(scene: Scene, done: Pass) -> Target:
    """What is explained."""
    network, options = network_of(scene), scene.options(AttributionOptions)
    if options.of == "class" and has_classes(network):
        name = options.class_name
        index = named_class(network, name) if name else int(np.argmax(done.logits))
        target = Target.of_class(network, index)
    else:
        target = Target(*unit_of(scene.preset, network))
    if options.where == "strongest":
        return attribution.strongest(done, target)
    if options.where == "place":
        return attribution.placed(network, target, options.place)
    return target


def explain(scene: Scene, method: str, level: int = LEVELS - 1) -> Steps[Explained]:
    """What a method says at a level, cached."""
    key = _key(scene, method, level)
    found = _explained.find(key)
    if found is None:
        done = yield from pass_of(scene)
        found = yield from _MAKERS[method](scene, done, target_of(scene, done), level)
        _explained.put(key, found)
    return found


def known(scene: Scene, method: str) -> Explained | None:
    """The finest that is cached of what a method says."""
    for level in reversed(range(LEVELS)):
        found = _explained.find(_key(scene, method, level))
        if found is not None:
            return found
    return None


def answer(scene: Scene, *, covered: bool = False) -> Steps[Answer]:
    """What the network says of the picture, or of the covered one. Cached."""
    key = key_of(scene), covering(scene) if covered else None
    found = _answers.find(key)
    if found is None:
        done = yield from pass_of(scene)
        if covered:
            kernel = kernel_of(done)
            done = yield from forward(done.network, covered_picture(scene), kernel=kernel)
        if has_classes(network_of(scene)):
            found = Answer(done.probabilities, done.logits)
        else:
            found = Answer(np.zeros(0), np.zeros(0))
        _answers.put(key, found)
    return found


def covering(scene: Scene) -> Hashable:
    """What covers the picture: place, size and filling; None for nothing."""
    options = scene.options(AttributionOptions)
    if options.method != "occlusion" or options.cover is None:
        return None
    return options.cover, options.fill


def covered_picture(scene: Scene) -> Float32:
    """The input with the patch that stays."""
    options, picture = scene.options(AttributionOptions), shown_of(scene).tensor
    return cover(picture, filling(scene, options.fill), cover_box(scene))


def cover_box(scene: Scene) -> Box:
    """The box of the patch that stays, in the input."""
    options = scene.options(AttributionOptions)
    assert options.cover is not None
    shape = photograph(scene).shape
    size = shape[0], shape[1]
    return patch(network_of(scene).size, options.cover[:2], options.cover[2], size)


def photograph(scene: Scene) -> Pixels:
    """What the network sees of the picture: of one that is stretched, in its own shape."""
    how = scene.preset.preprocess
    if how.fit != "stretch" or how.grey:
        return shown_of(scene).pixels
    return picture_of(scene.preset.input.stored)


def filling(scene: Scene, kind: str) -> Float32:
    """An input (channels, rows, columns) that shows nothing: grey, black, mean or blurred."""
    picture = shown_of(scene).tensor
    if kind == "blurred":
        return attribution.blurred(picture)
    if kind == "mean":
        mean = picture.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
        return np.array(np.broadcast_to(mean, picture.shape), np.float32)
    rows, columns = picture.shape[1:]
    flat = np.full((rows, columns, 3), 128 if kind == "grey" else 0, np.uint8)
    return scene.preset.preprocess.tensor(flat)


def cam_layer(scene: Scene, target: Target) -> int | None:
    """The layer, from 0, that Grad-CAM looks at; None if there is none before the target."""
    wanted, layers = (
        scene.options(AttributionOptions).cam_layer,
        attribution.before(network_of(scene), target),
    )
    if not wanted:
        return layers[-1] if layers else None
    return max((k for k in layers if k < wanted), default=None)


def passes(scene: Scene, level: int) -> float:
    """Passes forward that are still to be made for a picture at a level, about."""
    options, count = scene.options(AttributionOptions), 1.0
    for method in methods_of(scene):
        if _explained.find(_key(scene, method, level)) is not None:
            continue
        if method == "occlusion":
            count += options.positions**2 / 4 ** (LEVELS - 1 - level)
        elif method in ("integrated", "smooth"):
            count += (1 + BACK) * _repeats(options, method, level)
        else:
            count += BACK
    return count


def _repeats(options: AttributionOptions, method: str, level: int) -> int:
    most = options.path if method == "integrated" else NOISY
    return most if level else min(FIRST, most)


def _key(scene: Scene, method: str, level: int) -> Hashable:
    """All that what a method says at a level depends on."""
    options = scene.options(AttributionOptions)
    target: Hashable = options.class_name
    if options.of == "unit" or not has_classes(network_of(scene)):
        target = unit_of(scene.preset, network_of(scene))
    where: Hashable = options.where, options.place if options.where == "place" else None
    own: Hashable = None
    if method == "integrated":
        own = options.baseline, _repeats(options, method, level)
    elif method == "smooth":
        own = _repeats(options, method, level)
    elif method == "gradcam":
        own = options.cam_layer
    elif method == "occlusion":
        own = options.patch, options.fill, options.positions, level
    return key_of(scene), options.of, target, where, method, own


def _plain(method: str) -> Any:
    def made(scene: Scene, done: Pass, target: Target, level: int) -> Steps[Explained]:
        of = {
            "gradient": attribution.gradient,
            "input": attribution.times_input,
            "guided": attribution.guided,
            "deconvnet": attribution.deconvnet,
        }[method]
        return _of_values(method, target, (yield from of(done, target)))

    return made


def _of_values(method: str, target: Target, values: Float32, note: str = "") -> Explained:
    return Explained(method, target, values.sum(axis=0), values, note)


def _integrated(scene: Scene, done: Pass, target: Target, level: int) -> Steps[Explained]:
    options = scene.options(AttributionOptions)
    steps = _repeats(options, "integrated", level)
    baseline = filling(scene, options.baseline)
    values, difference = yield from attribution.integrated(done, target, baseline, steps)
    total = float(values.sum(dtype=np.float64))
    note = f"sum {total:.2f}; the score's difference is {difference:.2f} ({steps} steps)"
    return _of_values("integrated", target, values, note)


def _smooth(scene: Scene, done: Pass, target: Target, level: int) -> Steps[Explained]:
    count = _repeats(scene.options(AttributionOptions), "smooth", level)
    values = yield from attribution.smooth(done, target, count=count)
    return _of_values("smooth", target, values, f"mean of {count} noisy pictures")


def _gradcam(scene: Scene, done: Pass, target: Target, level: int) -> Steps[Explained]:
    layer, network = cam_layer(scene, target), network_of(scene)
    if layer is None:
        flat = np.zeros((1, 1), np.float32)
        return Explained("gradcam", target, flat, note="no layer with several places before it")
    found = yield from attribution.class_activation(done, target, layer)
    stage = network.stages[layer]
    note = f"layer {layer + 1}, {stage.name}: {stage.shape[2]} × {stage.shape[1]} places"
    return Explained("gradcam", target, found, note=note)


def _occlusion(scene: Scene, done: Pass, target: Target, level: int) -> Steps[Explained]:
    options, network = scene.options(AttributionOptions), network_of(scene)
    key = _key(scene, "occlusion", -1)
    found = _occlusions.find(key)
    if found is None:
        fill = filling(scene, options.fill)
        shape = photograph(scene).shape
        size = shape[0], shape[1]
        found = Occlusion(target, fill, options.patch, options.positions, size)
        _occlusions.put(key, found)
    yield from found.refine(done, level)
    places = len(found.indices(level))
    note = f"{places} × {places} places of a {options.fill} patch"
    return Explained("occlusion", target, found.map(level, network.size), note=note, level=level)


_MAKERS: dict[str, Any] = {
    **{name: _plain(name) for name in ("gradient", "input", "guided", "deconvnet")},
    "integrated": _integrated,
    "smooth": _smooth,
    "gradcam": _gradcam,
    "occlusion": _occlusion,
}


def _bytes(key: Hashable, found: Explained) -> float:
    return found.map.nbytes + (0 if found.values is None else found.values.nbytes)


_explained: LRUCache[Hashable, Explained] = LRUCache(KEPT, _bytes)
_occlusions: LRUCache[Hashable, Occlusion] = LRUCache(16 * MB, lambda _, one: one.fill.nbytes)
_answers: LRUCache[Hashable, Answer] = LRUCache(256)

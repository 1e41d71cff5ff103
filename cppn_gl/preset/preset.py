"""Presets: immutable descriptions of a picture, to TOML and back, with changes and animation.

    TOML text -> Preset -> at(time) -> Network, Viewport (where to look), Animation (clock)

A preset, a size and a time determine a picture.
"""

import dataclasses
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import tomli_w

from cppn_gl.nn.draws import SEED, seed_words
from cppn_gl.nn.features import MOVING, Clock, of_image
from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_file import Input
from cppn_gl.nn.image_input import ImageInput, placed
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import OUTPUTS, Network, network_bytes
from cppn_gl.nn.normalize import Normalize, normalized
from cppn_gl.nn.sources import Layers, NetworkSource, Random
from cppn_gl.nn.training.data import FASHION, data_label, has_pictures
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.preset.animate import checked_animate, moment
from cppn_gl.preset.animation import Animate, Animation
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.color import Color
from cppn_gl.preset.show import PLAIN, VIEWS, Options, Show, SynthesisOptions
from cppn_gl.preset.show import plain as plain_view
from cppn_gl.preset.sweep import check_sweep
from cppn_gl.preset.tables import (
    FORMAT,
    MAX_EXTENT,
    MIN_EXTENT,
    TABLES,
    TOP,
    Viewport,
    expand_all,
    plain,
    replaced,
    resolve,
)
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, checked

if TYPE_CHECKING:  # imported where they are needed: most presets learn nothing
    from cppn_gl.nn.training.checkpoint import Checkpoint
    from cppn_gl.nn.training.data import Dataset
    from cppn_gl.nn.training.run import Run
    from cppn_gl.nn.vision.source import Trained

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "MAX_EXTENT",
    "MIN_EXTENT",
    "TABLES",
    "TOP",
    "Animation",
    "Preset",
    "Viewport",
    "resolve",
]

MAX_BYTES = 64 * 2**20
ALWAYS = ("network", "view", "animation")  # tables that are written even with default values
_normalized: LRUCache[Any, Network] = LRUCache(8 * MB, lambda key, network: network_bytes(network))
_structures: LRUCache[Any, Network] = LRUCache(
    64 * MB, lambda key, network: network_bytes(network), weak=True
)
_ENDS_WALK = {"network": "network.seed", "latents": "network.latent"}
_POINT = re.compile(r"\[\n +([^\n]+),\n +([^\n]+),\n +([^\n]+),\n +\]")  # as tomli_w writes it
_UNPREPARED = Preprocess()
_FIELDS = {"network": "spec", "preprocess": "preparation"}  # of tables with other names
T = TypeVar("T", bound=Options)


@lru_cache(maxsize=64)
def _default(kind: Any) -> Any:
    return kind()


@dataclass(frozen=True)
class Preset:
    """A network, its viewport, colours, animation and views. Immutable: see `replace`."""

    spec: NetworkSource = dataclasses.field(default_factory=Random)
    view: Viewport = dataclasses.field(default_factory=Viewport)
    animation: Animation = dataclasses.field(default_factory=Animation)
    color: Color = dataclasses.field(default_factory=Color)
    show: Show = dataclasses.field(default_factory=Show)
    sweep: Sweep = dataclasses.field(default_factory=Sweep)
    animate: Animate = dataclasses.field(default_factory=Animate)
    normalize: Normalize = dataclasses.field(default_factory=Normalize)
    input: Input = dataclasses.field(default_factory=Input)
    preparation: Preprocess = dataclasses.field(default_factory=Preprocess)  # [preprocess]
    train: Train = dataclasses.field(default_factory=Train)
    title: str = ""
    description: str = ""
    shows: str = ""
    theme: str = ""
    views: tuple[Options, ...] = ()  # the options of views that are not the default: see `options`
    name: str = dataclasses.field(default="preset", compare=False)  # what files are named after
    # Trained weights that came with its text; used while they are of this training.
    kept: "Checkpoint | None" = dataclasses.field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for field in ("title", "description", "shows", "theme"):
            checked(TOP[field][0], getattr(self, field), field)
        changed = (options for options in self.views if options != type(options)())
        views = tuple(sorted(changed, key=lambda options: type(options).__qualname__))
        if len({type(options) for options in views}) < len(views):
            raise PresetError("a view has options twice", key="views")
        object.__setattr__(self, "views", views)
        animate = checked_animate(self.animate, self)
        object.__setattr__(self, "animate", animate)
        check_sweep(self.sweep)
        if self.classifies:
            if self.show.view == PLAIN[0]:  # which shows none such
                object.__setattr__(self, "show", Show(plain_view(True)))
            self._check_pictures()
        elif self.preparation != _UNPREPARED:
            problem = "only networks that see whole pictures have [preprocess]"
            raise PresetError(problem, key="preprocess")
        else:
            self._check_outputs()
        if has_pictures(self.train.data) and not self.classifies:
            problem = f"{data_label(self.train.data)} needs a network that sees pictures: "
            raise PresetError(problem + "[[network.nodes]] tables", key="train.data")
        if self.learns and self.spec.structured:
            problem = "a network that learns consists of dense layers"
            raise PresetError(problem, key="network.structure")
        if self.learns and self.spec.boost:
            problem = "the units of a network that learns are not boosted"
            raise PresetError(problem, key="network.boost")
        if self.spec.region is not None and self.normalize.which != "none":
            problem = "the graph in the network's file has its own normalisation"
            raise PresetError(problem, key="normalize.which")
        if self.learns and of_image(self.spec.inputs) and not self.classifies:
            names = " ".join(of_image(self.spec.inputs))
            problem = f"a network that learns sees no image, which the inputs {names} need"
            raise PresetError(problem, key="network.inputs")

    def _check_pictures(self) -> None:
        """Raise PresetError for what a network that sees pictures does not have."""
        if self.learns and isinstance(self.spec, File):
            raise PresetError("its weights are given: it learns no more", key="train.data")
        if self.learns and not has_pictures(self.train.data):
            problem = f"a network that sees pictures learns {FASHION}, or a folder of pictures"
            raise PresetError(problem, key="train.data")
        if self.normalize.which != "none":
            problem = "a network that sees pictures has its own normalisation"
            raise PresetError(problem, key="normalize.which")
        grows = self.show.view == "synthesis"
        if grows and self.input.live and self.options(SynthesisOptions).start == "picture":
            problem = "a picture grows from one that stays; a camera's are not kept"
            raise PresetError(problem, key="input.image")
        known = isinstance(self.spec, File) and self.spec.known
        if not self.learns and not (known and self.preparation == _UNPREPARED):
            self.network()  # of a known one when it is needed: its package may be missing

    def _check_outputs(self) -> None:
        outputs = self.spec.shapes[-1][0]
        if outputs not in OUTPUTS and not self.learns:
            problem = f"the last layer has {outputs} outputs; expected 1, 3 or 4"
            if isinstance(self.spec, File):
                raise PresetError(f"{self.spec.label}: {problem}", key="network.file")
            raise PresetError(problem, key="network.layers")

    def options(self, kind: type[T]) -> T:
        """A view's options by their class: `options(VolumeOptions).opacity`."""
        own = next((options for options in self.views if type(options) is kind), None)
        return own or cast(T, _default(kind))  # type: ignore[arg-type]

    def table(self, name: str) -> Any:
        """A table by its name in a file."""
        if name in VIEWS:
            return self.options(TABLES[name])
        return getattr(self, _FIELDS.get(name, name))

    def network(self) -> Network:
        """The network; if it is animated, use that of `at(time)`.

        One that learns is that of `train.steps`; raises PresetError if it cannot be trained.
        """
        if self.learns:
            return self._trained()
        if self.classifies:
            seen = cast("Trained", self.spec)
            return seen.network_for(self.preprocess)
        if self.spec.structured:
            *_, made = self._structured()
            return cast(Network, made)
        spec, how, image = self.spec, self.normalize, self.image
        if self.normalize.which == "none":
            return spec.network().seeing(image)
        key = spec, how, None if image is None else image.digest
        return _normalized.get(
            key, lambda: normalized(spec.network().seeing(image), how, Clock(), spec.seed)
        )

    @property
    def at_hand(self) -> bool:
        """Whether `network` returns at once: a structure's statistics may take a minute."""
        structured = self.spec.structured and not self.learns
        return not structured or _structures.find(self._structure) is not None

    @property
    def _structure(self) -> Any:
        """What the network of a structure depends on."""
        image = self.image
        return self.spec, self.normalize, None if image is None else image.digest

    def _structured(self) -> Iterator[Any]:
        """Makes the network of a structure in slices, and yields it last.

        It is the same object while it is in use. Its statistics are those of time 0.
        """
        from cppn_gl.nn.graph import GraphNetwork
        from cppn_gl.nn.statistics import measured, placed

        image, key = self.image, self._structure
        made = _structures.find(key)
        if made is None:
            spec, last = self.spec, None
            if isinstance(spec, Random) and spec.last_layer:
                # A layer's picture shows it as it is in the whole network.
                spec, last = dataclasses.replace(spec, last_layer=None), spec.last_layer
            network = spec.network().seeing(image)
            assert isinstance(network, GraphNetwork)
            if not isinstance(spec, File):
                network = placed(network, self.normalize, spec.seed)
            if last is not None:
                network = network.truncated(last)
            if network.statistics is None:
                network = yield from measured(network, Clock())
            made = _structures.put(key, network)
        yield made

    @property
    def image(self) -> ImageInput | None:
        """The image that inputs are taken from, over the declared region; None if none is."""
        if self.classifies or not of_image(self.spec.inputs):
            return None
        of, how = self.input, self.normalize
        center, extent = self.spec.region or (how.region_center, how.region_extent)
        return placed(of.stored, of.fit, of.encoding, center=center, extent=extent)

    def _trained(self) -> Network:
        run, step = self.run, self.train.steps
        if self.dataset.problem and run.within(step) != step:
            problem = f"step {step} needs the data: {self.dataset.problem}"
            raise PresetError(problem, key="train.data")
        return run.network(step)

    @property
    def checkpoint(self) -> "Checkpoint | None":
        """The trained weights that it carries or names, if they are of this training."""
        from cppn_gl.nn.training.checkpoint import known_checkpoint

        kept = known_checkpoint(self) if self.learns else None
        return kept if kept is not None and self.run.fits(kept) else None

    @property
    def learns(self) -> bool:
        """Whether its network is trained: a table [train] names data."""
        return bool(self.train.data)

    @property
    def classifies(self) -> bool:
        """Whether its network sees whole pictures, and not points: it is an ImageNetwork."""
        return self.spec.classifies

    @property
    def preprocess(self) -> Preprocess:
        """How the input image becomes what such a network sees: [preprocess], and what is known.

        Raises PresetError that asks for keys that are missing.
        """
        if not self.learns:
            return cast("Trained", self.spec).preprocessed(self.preparation)
        from cppn_gl.nn.vision.image_sets import ImageSet, preprocessing

        return preprocessing(cast(ImageSet, self.dataset), self.preparation)

    @property
    def dataset(self) -> "Dataset":
        """The data that it learns. Raises PresetError.

        Without points, and with a `problem`, where only trained weights came with the preset.
        """
        from cppn_gl.nn.training.checkpoint import data_of

        return data_of(self)

    @property
    def start(self) -> NetworkSource:
        """The source of the network of step 0, with the outputs that the data need.

        It is `spec` of a preset that learns nothing. Raises PresetError.
        """
        if not self.learns or self.classifies:
            return self.spec
        from cppn_gl.nn.training.start import start_of

        return start_of(self.spec, self.train, self.dataset)

    @property
    def run(self) -> "Run":
        """Its training. Raises PresetError."""
        from cppn_gl.nn.training.run import run_of

        return run_of(self)

    @property
    def reads_much(self) -> bool:
        """Whether `run` reads all pictures of a data set: that may take seconds, or minutes."""
        return self.learns and self.classifies

    @property
    def source(self) -> Hashable:
        """What its network depends on, besides the step of a training."""
        train = self.train.learning if self.learns else None
        if self.classifies:  # the image is what it sees, not part of it
            return self.spec, self.preparation, train
        image = self.input if of_image(self.spec.inputs) else None
        return self.spec, self.normalize, image, train

    @property
    def made_of(self) -> Hashable:
        """What its network depends on: presets in which this is equal have the same network."""
        return self.source, self.train.steps if self.learns else 0

    def prepare(self) -> Iterator[object]:
        """Prepare `network`, in slices of some 10 ms: draw the weights, and train.

        Keep what it yields until then, or large layers are drawn again.
        """
        if self.learns:
            yield from self.run.prepare(self.train.steps)
        else:
            yield from self.spec.draw()
            if self.spec.structured:
                yield from self._structured()

    @property
    def channels(self) -> int:
        """The channels of its picture: 3, or 4 with alpha, if its view shows that."""
        if self.learns or self.classifies:
            return 3
        return 4 if self.spec.shapes[-1][0] == 4 and self.show.row.alpha else 3

    def at(self, time: float) -> "Preset":
        """The preset with animated keys at their values of `time` seconds; itself if none are.

        The result is still animated: its own `at` can be asked for another time.
        """
        return self._changed(moment(self, time)) if self.moves else self

    @property
    def moves(self) -> bool:
        """Whether keys or the network are animated, so that `at` changes them."""
        return bool(self.animate.moving or self.animation.walk)

    @property
    def network_moves(self) -> bool:
        """Whether the network itself changes with time.

        Animated options of a view, such as [sensitivity] noise, do not count: they are not baked
        into shaders.
        """
        tables = {name.partition(".")[0] for name, _ in self.animate.moving}
        return bool(self.animation.walk or tables & {"network", "normalize", "train"})

    @property
    def animated(self) -> bool:
        """Whether anything changes with time: inputs, keys, or the network."""
        return self.moves or bool(set(MOVING) & set(self.spec.inputs))

    def replace(self, **keys: Any) -> "Preset":
        """A preset with some keys changed, given by name or as "table.key". Raises PresetError.

        A new depth cuts a list of activations, or repeats its last entry. A key that is set is no
        longer animated, unless its [animate] entry is set too. A new seed ends a walk, and clears
        `between`. A seed may be given by words: these become the title, until the next seed.
        """
        named = {".".join(resolve(name)).lstrip("."): value for name, value in keys.items()}
        given = expand_all(named)
        changes = dict(given)
        for name, _ in self.animate.moving:
            if name in given:
                changes.setdefault(f"animate.{name}", None)
        if self.animation.walk and _ENDS_WALK[self.animation.walker] in given:
            changes.setdefault("animation.walk", ())
        if "network.seed" in given and self.spec.redrawable:
            changes.setdefault("network.between", None)
        if "network.seed" in given:
            words = seed_words(given["network.seed"])
            if words or (seed_words(self.title) and SEED(self.title) == self.spec.seed):
                changes.setdefault("title", words)
        return self._changed(changes)

    def _changed(self, keys: dict[str, Any]) -> "Preset":
        """With some keys changed, each by its dotted name."""
        tables: dict[str, Any] = {}
        changes: dict[str, dict[str, Any]] = {}
        for name, value in keys.items():
            table, dot, field = name.partition(".")
            if dot:
                changes.setdefault(table, {})[field] = value
            else:
                tables[name] = value
        if "format" in tables:
            raise PresetError("cannot be changed", key="format")
        other = "file" in changes.get("network", {})  # to which [preprocess] does not belong
        if other and self.classifies:
            tables["preparation"] = Preprocess()
        for table, values in changes.items():
            own = Preprocess() if other and table == "preprocess" else self.table(table)
            new = replaced(own, values)
            if isinstance(new, Options):
                others = tables.get("views", self.views)
                tables["views"] = (*(one for one in others if type(one) is not type(new)), new)
            else:
                tables[_FIELDS.get(table, table)] = new
        return dataclasses.replace(self, **tables)

    def layer_picture(self, layer: int) -> "Preset":
        """The preset of layer `layer`'s picture: that of the network of this depth.

        Of a network that learns, the first layers of its step as given ones, which learn no more.
        """
        if self.classifies:
            problem = "layers of a network that sees pictures have no picture of the plane"
            raise PresetError(problem, key="network.depth")
        if self.learns:
            network = self.network()
            latent = tuple(network.latent) or None
            given = Layers(network.layers, network.inputs, self.spec.seed, latent, network.period)
            spec = given.layer_picture(layer)
            moving = {
                n: None for n, _ in self.animate.moving if n.startswith(("network.", "train."))
            }
            still = self.animate.replace(moving)
            return dataclasses.replace(
                self, spec=spec, normalize=Normalize(), train=Train(), animate=still
            )
        still = self.animate.replace({"network.depth": None})
        return dataclasses.replace(self, spec=self.spec.layer_picture(layer), animate=still)

    def output_layer(self, layer: int) -> Layer:
        """The effective output layer of layer `layer`'s picture.

        Draws no other layer, unless the output layer is normalised.
        """
        if self.normalize.which == "all" or self.learns:
            return self.layer_picture(layer).network().effective(layer - 1)
        return self.spec.output_layer(layer)

    def to_toml(
        self,
        *,
        network: dict[str, Any] | None = None,
        train: dict[str, Any] | None = None,
        input: dict[str, Any] | None = None,
    ) -> str:
        """The preset as TOML text, for `parse_preset`. `network`, `train`, `input`: other tables.

        Files are named by their absolute paths; see network_file.py for others.
        """
        document = {"format": FORMAT, "title": self.title, "description": self.description}
        document |= {f: v for f in ("shows", "theme") if (v := getattr(self, f))}
        tables = {name: self.table(name) for name in TABLES}
        written = {n: plain(t) for n, t in tables.items() if n in ALWAYS or t != TABLES[n]()}
        written |= {} if network is None else {"network": network}
        written |= {} if train is None else {"train": train}
        written |= {} if input is None else {"input": input}
        return _points_in_lines(tomli_w.dumps(document | written))


def _points_in_lines(toml: str) -> str:
    """TOML text with each point of `[train] own` in one line, instead of five."""
    head, start, rest = toml.partition("\nown = [\n")
    points, end, tail = rest.partition("\n]\n")
    return head + start + _POINT.sub(r"[\1, \2, \3]", points) + end + tail if start else toml

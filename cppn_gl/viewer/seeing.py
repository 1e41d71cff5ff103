"""The explorer's actions on trained image networks: the layer and the channel looked at, pins.

The unit looked at is one fact, `[channels] unit`, which all views of such networks read.
"""

from abc import ABC, abstractmethod
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_file import SAMPLE, SHIPPED
from cppn_gl.nn.training.data import FASHION
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import (
    VIEWS,
    ChannelsOptions,
    Options,
    SynthesisOptions,
    UnitsOptions,
)
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.growing import grows
from cppn_gl.viewer.sight import Sight
from cppn_gl.viewer.viewing import following
from cppn_gl.views import view_of

if TYPE_CHECKING:  # most presets need no image networks
    from cppn_gl.nn.vision.network import ImageNetwork
    from cppn_gl.viewer.learning import Learning

MOST_PINNED = 8
TESTS = 10_000  # pictures of Fashion-MNIST's tests
COVER = 0.5, 0.5, 0.6  # the middle of a patch, and its side, in parts of the picture
Unit = tuple[int, int]  # layer and channel, from 1


class Seeing(ABC):
    """The actions on networks that see pictures, mixed into Explorer."""

    message: str
    learning: "Learning"

    def __init__(self) -> None:
        # The channel looked at last in each layer of a network, so that ↑ and ↓ return to it.
        self._visited: tuple[object, dict[int, int]] = (None, {})
        self._pictures: list[str] = []  # files that were seen
        self.sight = Sight()  # what the network makes of its picture
        super().__init__()

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @property
    @abstractmethod
    def moment(self) -> Preset:
        """The preset with its animated keys at their current values."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset and set the message to `say`."""

    @property
    def sees(self) -> bool:
        """Whether the preset's network is a function of a whole picture."""
        return self.preset.classifies

    @property
    def eye(self) -> "ImageNetwork":
        """That network; while it is trained, the last one that is ready, or that of step 0."""
        learns = self.preset.learns  # Training says which network is ready
        network = cast(Any, self).network if learns else self.preset.network()
        if network is None:
            ready = self.learning.ready
            same = ready is not None and ready.preset.source == self.preset.source
            network = ready.network if ready is not None and same else self.preset.run.network(0)
        return cast("ImageNetwork", network)

    @property
    def unit(self) -> Unit:
        """The layer and the channel looked at, within what the network has."""
        return unit_of(self.preset, self.eye)

    def see(self, seconds: float) -> bool:
        """Work for about so long on the pass of the picture; True when it is completed."""
        self.sight.follow(scene_of(self.moment, 0.0, self.eye))
        return self.sight.advance(seconds)

    def look_at(self, layer: int, channel: int | None = None) -> None:
        """Look at a layer's channel: by default at the one looked at there before."""
        network, now = self.eye, self.unit
        layer = min(max(layer, 1), len(network.stages))
        self._channels_of(network)[now[0]] = now[1]
        wanted = self.channel_in(layer) if channel is None else channel
        unit = layer, min(max(wanted, 1), network.stages[layer - 1].shape[0])
        words = unit_words(network, unit)
        if unit == now:
            self.message = words
        else:
            also = view_of(self.preset).on_channel
            self.change(words, **{"channels.unit": unit}, **also)

    def channel_in(self, layer: int) -> int:
        """The channel looked at in a layer, or that would be."""
        network, now = self.eye, self.unit
        wanted = self._channels_of(network).get(layer, now[1])
        return min(wanted, network.stages[layer - 1].shape[0])

    def walk_layers(self, by: int) -> None:
        """Look at a later or an earlier layer."""
        self.look_at(self.unit[0] + by)

    def walk_channels(self, by: int) -> None:
        """Look at another channel of the layer; where a class's picture grows, another class."""
        layer, channel = self.unit
        of = self.preset.options(SynthesisOptions)
        if grows(self.preset) and of.of == "class":
            from cppn_gl.nn.vision.target import class_index, class_key

            network = self.eye
            at = class_index(network, of.class_name) + by
            at = min(max(at, 0), network.scores - 1)
            words = f"class {at + 1}: {network.class_name(at)}"
            self.change(words, **{"synthesis.class_name": class_key(network, at)})
        else:
            self.look_at(layer, channel + by)

    def _channels_of(self, network: "ImageNetwork") -> dict[int, int]:
        """The channels visited in a network."""
        if self._visited[0] != network.digest:
            self._visited = network.digest, {}
        return self._visited[1]

    def next_picture(self, large: bool = False) -> None:
        """Let the network see the next picture: of those that are shipped, or were opened.

        Of one that learns a data set, the next of its tests.
        """
        now = self.preset.input.image
        sample = SAMPLE.fullmatch(now)
        if sample or self.preset.train.data == FASHION:
            number = int(sample[2]) + (-1 if large else 1) if sample else 0
            name = f"{FASHION}:{number % TESTS}"
            self.change(f"picture {name}{_class_words(number % TESTS)}", **{"input.image": name})
            return
        if self.preset.input.path is not None and now not in self._pictures:
            self._pictures.append(now)
        listed = [*SHIPPED, *(one for one in self._pictures if Path(one).exists())]
        name = following(listed, now, large)
        self.change(f"picture {Path(name).name}", **{"input.image": name})

    def next_method(self, large: bool = False) -> None:
        """Tell what a unit sees by the next method, in the view for it."""
        row = VIEWS["attribution"]
        now = cast(Any, self.preset.options(row.options or Options)).method
        check = next(one for one in fields(row.options) if one.name == "method").metadata["check"]  # type: ignore[arg-type]
        shown = self.preset.show.view == row.name
        method = following(list(check.known), now, large) if shown else now
        keys = {} if shown else {"show.view": row.name}
        self.change(method_words(method), **keys, **{"attribution.method": method})

    def pin(self, large: bool = False) -> None:
        """Keep the channel looked at in sight, or release it; of units, the selected one.

        In the view attribution, where it covers the picture by a patch, keep one, or take it away.
        """
        if self.sees and self.preset.show.view == "attribution":
            self._cover()
            return
        kind, table = (ChannelsOptions, "channels") if self.sees else (UnitsOptions, "units")
        options = cast(Any, self.preset.options(kind))
        if self.sees:
            unit, name = self.unit, unit_name(self.eye, self.unit)
        elif options.unit is not None:
            unit, name = options.unit, f"unit {options.unit[1]} of layer {options.unit[0]}"
        else:
            self.message = f"{keys_of('pin')} keeps a unit in sight: first click one"
            return
        pinned = tuple(options.pinned)
        if unit in pinned:
            rest = tuple(one for one in pinned if one != unit)
            self.change(f"{name}: no longer kept in sight", **{f"{table}.pinned": rest})
        elif len(pinned) == MOST_PINNED:
            key = keys_of("pin")
            self.message = f"{MOST_PINNED} are kept already: go to one of them, {key} releases it"
        else:
            self.change(f"{name}: kept in sight", **{f"{table}.pinned": (*pinned, unit)})

    def _cover(self) -> None:
        """Cover the middle of the picture by a patch that stays, or take it away."""
        options = cast(Any, self.preset.options(VIEWS["attribution"].options or Options))
        if options.method != "occlusion":
            key = keys_of("next_activation")
            self.message = f"a patch covers the picture in the method occlusion: {key} goes there"
        elif options.cover is not None:
            self.change("nothing is covered", **{"attribution.cover": None})
        else:
            self.change("the middle is covered", **{"attribution.cover": COVER})

    def nothing_drawn(self) -> str:
        """What a key that draws or changes random weights says of weights that are learned."""
        walk = " ".join(keys_of(one) for one in ("deeper", "shallower", "wider", "narrower"))
        if not isinstance(self.preset.spec, File):
            return f"this network learns from pictures; {walk} look at its layers and channels"
        return (
            f"the weights are those of {spec_label(self.preset)}, learned from pictures: "
            f"{walk} look at its layers and channels"
        )


def method_words(name: str) -> str:
    """A method of the view `attribution`, and what its numbers mean."""
    from cppn_gl.nn.vision.attribution import METHODS

    method = METHODS.get(name)
    return f"{method.label}: {method.meaning}" if method else "all methods, side by side"


def spec_label(preset: Preset) -> str:
    """What the network is called: its file's name, or that of a known model."""
    return preset.spec.label if isinstance(preset.spec, File) else preset.name


def _class_words(number: int) -> str:
    """What is in a picture of Fashion-MNIST's tests; "" if they are not there."""
    from cppn_gl.nn.vision.image_sets import test_class

    try:
        return f", of the class {test_class(number)}"
    except PresetError:
        return ""


def unit_of(preset: Preset, network: "ImageNetwork") -> Unit:
    """The unit that a preset looks at, within what a network has."""
    from cppn_gl.views.vision import passes

    layer, channel = passes.unit_of(preset, network)
    return layer + 1, channel + 1


def unit_name(network: "ImageNetwork", unit: Unit) -> str:
    """A unit in a few words: "fire4/expand1x1, channel 7", with the name of a class."""
    stage = network.stages[unit[0] - 1]
    words = f"{stage.name}, channel {unit[1]}"
    name = class_of(network, unit)
    return f"{words} ({name})" if name else words


def class_of(network: "ImageNetwork", unit: Unit) -> str:
    """The class that a unit stands for; "" if it stands for none."""
    layer, channel = unit
    count = len(network.classes)
    scores = count and all(one.shape[0] == count for one in network.stages[layer - 1 :])
    return network.classes[channel - 1] if scores else ""


def unit_words(network: "ImageNetwork", unit: Unit) -> str:
    """A unit, of how many, and the layer's place and size."""
    layer, channel = unit
    count, rows, columns = network.stages[layer - 1].shape
    stage, name = network.stages[layer - 1], class_of(network, unit)
    named = f" ({name})" if name else ""
    return (
        f"{stage.name}, layer {layer} of {len(network.stages)}: channel {channel} of {count}"
        f"{named}, {columns}×{rows}"
    )

"""The explorer's actions on structures: which one, its stages, a unit alone, a unit boosted.

A network of convolutions and the like is a graph of stages; "layer k" of it is stage k, from 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, cast

from cppn_gl.nn.blocks import DEPTHWISE, KEYS, POOLS, STRUCTURES, Block
from cppn_gl.nn.sources import NetworkSource, Random
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import Options
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.viewing import following

BOOSTS = 0.0, 8.0  # range of the panel's slider


def layer_count(spec: NetworkSource) -> int:
    """The number of layers that can be shown: of a graph, of its stages."""
    if not isinstance(spec, Random) or not spec.structured:
        return spec.depth
    return spec.last_layer or len(spec.stage_units)


def block_words(block: Block) -> tuple[str, str]:
    """A block in a word or two, and its details: ("conv 5×5", "depthwise · 32 channels")."""
    kind = block.type.replace("_", " ")
    side = block.size if block.type in POOLS else block.kernel
    if side is not None and (block.type in POOLS or "kernel" in KEYS[block.type]):
        kind = f"{kind} {side}×{side}"
    details = []
    if block.branches:
        details.append(
            f"{len(block.branches)} branches: {' | '.join(map(_branch, block.branches))}"
        )
    if block.channels is not None:
        details.append(f"{block.channels} channels")
    if block.dilation > 1:
        details.append(f"taps {block.dilation} apart")
    if block.groups != 1:
        details.append("depthwise" if block.groups == DEPTHWISE else f"{block.groups} groups")
    if block.type == "vgg":
        details.append(f"{block.layers} layers")
    if block.activation is not None:
        details.append(block.activation)
    return kind, " · ".join(details)


def _branch(blocks: Sequence[Block]) -> str:
    """A branch in words."""
    names = (f"{block_words(one)[0]}{f' × {one.repeat}' * (one.repeat > 1)}" for one in blocks)
    return " → ".join(names) or "identity"


class Structuring(ABC):
    """The actions on structures, mixed into Explorer, which has the preset and the history."""

    message: str

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @property
    @abstractmethod
    def moment(self) -> Preset:
        """The preset with its animated keys at their current values."""

    @property
    @abstractmethod
    def options(self) -> Options:
        """The options of the view shown."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset and set the message to `say`."""

    @abstractmethod
    def _has(self, name: str) -> bool:
        """Whether the network has a key to change; if not, the message says why."""

    @abstractmethod
    def open(self, preset: Preset, words: str, time: float | None = None) -> None:
        """Explore another preset, and remember this one to return to."""

    def next_structure(self, large: bool = False) -> None:
        """The next structure of the same depth and width (Shift: the previous)."""
        if self._has("structure"):
            now = cast(Random, self.moment.spec).structure
            self.restructure(following(list(STRUCTURES), now, large))

    def restructure(self, name: str) -> None:
        """Another structure, instead of blocks that are listed."""
        words = f"structure {name}: {STRUCTURES[name]}"
        if cast(Random, self.moment.spec).blocks:
            words += f"; in place of the blocks, {keys_of('history_back')} brings them back"
        self.change(words, structure=name)

    @property
    def stage(self) -> int:
        """The stage that the view shows by its option `layer`, from 1; 0 for all of them."""
        return int(getattr(self.options, "layer", 0))

    def show_stage(self, stage: int) -> None:
        """Show the units of a stage; again: those of all."""
        shown = self.preset.show.view == "units" and self.stage == stage
        words = "all layers" if shown else f"layer {stage} of {layer_count(self.preset.spec)}"
        self.change(words, **{"show.view": "units", "units.layer": 0 if shown else stage})

    def zoom_to_unit(self, unit: tuple[int, int]) -> None:
        """Show a unit, (layer, number from 1), alone; `leave` returns."""
        keys = {"show.view": "units", "units.unit": unit, "units.zoom": True}
        self.open(self.preset.replace(**keys), f"unit {unit[1]} of layer {unit[0]}")

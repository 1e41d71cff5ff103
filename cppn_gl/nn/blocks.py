"""Blocks: what a structure is listed as in a preset, and what its short names stand for.

[[network.blocks]] -> check_blocks() -> blocks -> structures.plan()
structure, depth, kernel -> blocks_of() -> the same
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH, SIZES
from cppn_gl.utils.checks import PresetError, checked, choice, integer, nearest, show

STRUCTURES = {  # by name, in words
    "mlp": "dense layers, every point by itself",
    "conv": "convolutions, one after another",
    "nin": "a convolution and two 1×1 layers, again and again",
    "vgg": "two 3×3 convolutions and a max pool, again and again",
    "inception": "modules of four branches side by side: 1×1, 3×3, 5×5 and a pool",
    "resnet": "modules of two 3×3 convolutions, added to what they read",
}
MAX_BLOCKS = 256  # tables of [[network.blocks]] in one list
MAX_BRANCHES = 16
MAX_NESTING = 8  # lists of blocks inside branches
MAX_NODES = 1024  # of a network
OVERVIEW = "expected [[network.blocks]] tables, each with a type"

TYPES = {  # of blocks, in words
    "dense": "a layer that sees its own point alone: a 1×1 convolution",
    "conv": "a convolution: every channel is a weighted sum over a window of `kernel`² taps",
    "max_pool": "the largest value in a window of `size`² taps, channel by channel",
    "avg_pool": "the mean of such a window",
    "normalize": "every channel gets its mean and standard deviation from [normalize]",
    "activation": "an activation alone",
    "concat": "`branches` side by side: the channels of all of them",
    "add": "the sum of `branches` that have equally many channels",
    "nin": "network in network: a convolution and two 1×1",
    "vgg": "two or three (`layers`) 3×3 convolutions",
    "inception": "branches 1×1, 3×3, 5×5, and max pool with 1×1, of `channels` together",
    "residual": "two convolutions, added to what they read, then the activation",
}
# The keys of each type of block, besides `type`.
KEYS: dict[str, tuple[str, ...]] = {
    "dense": ("channels", "activation", "repeat"),
    "conv": ("channels", "kernel", "dilation", "groups", "activation", "repeat"),
    "max_pool": ("size", "repeat"),
    "avg_pool": ("size", "repeat"),
    "normalize": ("activation",),
    "activation": ("activation",),
    "concat": ("branches", "activation", "repeat"),
    "add": ("branches", "activation", "repeat"),
    "nin": ("channels", "kernel", "activation", "repeat"),
    "vgg": ("channels", "layers", "activation", "repeat"),
    "inception": ("channels", "activation", "repeat"),
    "residual": ("channels", "kernel", "activation", "repeat"),
}
POOLS = ("max_pool", "avg_pool")
DEPTHWISE = "depthwise"


def _groups(value: Any) -> Any:
    return value if value == DEPTHWISE else integer(1, MAX_WIDTH)(value)


CHECKS: dict[str, Any] = {
    "channels": integer(1, MAX_WIDTH),
    "kernel": choice(SIZES),
    "size": choice(SIZES),
    "dilation": integer(1, 64),
    "groups": _groups,
    "activation": choice(ACTIVATIONS),
    "layers": choice((2, 3)),
    "repeat": integer(1, MAX_DEPTH),
}


@dataclass(frozen=True)
class Block:
    """A table of `[[network.blocks]]`. None stands for the default of the network.

    branches: of `concat` and `add`; an empty one is the identity.
    """

    type: str
    channels: int | None = None
    kernel: int | None = None
    size: int = 3
    dilation: int = 1
    groups: int | str = 1
    activation: str | None = None
    layers: int = 2
    branches: tuple[tuple["Block", ...], ...] = ()
    repeat: int = 1

    def to_toml(self) -> dict[str, Any]:
        """The table, without the keys that have their default values."""
        table: dict[str, Any] = {"type": self.type}
        for field in dataclasses.fields(self)[1:]:
            value = getattr(self, field.name)
            if field.name == "branches" and value:
                table["branches"] = [[block.to_toml() for block in one] for one in value]
            elif value != field.default:
                table[field.name] = value
        return table


def check_blocks(value: Any) -> tuple[Block, ...]:
    """The blocks of `[[network.blocks]]`, from tables of TOML values. Raises ValueError."""
    return _list(value, "", 1)


def _list(value: Any, where: str, nesting: int) -> tuple[Block, ...]:
    if not isinstance(value, list | tuple) or any(
        not isinstance(one, Mapping | Block) for one in value
    ):
        place = f"{where}: " if where else ""
        raise ValueError(f"{place}{show(value)}; {OVERVIEW}")
    if len(value) > MAX_BLOCKS:
        raise ValueError(f"a list of {len(value)} blocks; expected at most {MAX_BLOCKS}")
    before = f"{where}, " if where else ""
    return tuple(
        one if isinstance(one, Block) else _block(one, f"{before}block {number}", nesting)
        for number, one in enumerate(value, 1)
    )


def _block(table: Mapping[str, Any], where: str, nesting: int) -> Block:
    if "type" not in table:
        raise ValueError(f"{where} has no type: {' '.join(KEYS)}")
    kind = _checked(choice(KEYS), table["type"], f"{where}: type")
    values: dict[str, Any] = {"type": kind}
    for name, value in table.items():
        if name == "type":
            continue
        if name not in KEYS[kind]:
            known = nearest(name, KEYS[kind])
            raise ValueError(f"{where} ({kind}): no such key {show(name)}{known}")
        place = f"{where} ({kind}): {name}"
        if name == "branches":
            values[name] = _branches(value, where, place, nesting)
        else:
            values[name] = _checked(CHECKS[name], value, place)
    if "branches" in KEYS[kind] and not values.get("branches"):
        raise ValueError(f"{where} ({kind}) has no branches: lists of blocks")
    if kind == "activation" and "activation" not in values:
        raise ValueError(f"{where} (activation) has no activation")
    return Block(**values)


def _branches(value: Any, where: str, place: str, nesting: int) -> tuple[tuple[Block, ...], ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_BRANCHES:
        raise ValueError(f"{place}: {show(value)}; expected 1 to {MAX_BRANCHES} lists of blocks")
    if nesting == MAX_NESTING:
        raise ValueError(f"{place}: nested deeper than {MAX_NESTING} lists")
    return tuple(
        _list(one, f"{where}, branch {number}", nesting + 1) for number, one in enumerate(value, 1)
    )


def _checked(check: Any, value: Any, place: str) -> Any:
    try:
        return checked(check, value, "")
    except PresetError as error:
        raise ValueError(f"{place}: {error.problem}") from None


def blocks_of(structure: str, depth: int, kernel: int) -> tuple[Block, ...]:
    """The blocks that a structure by name stands for, without the output layer."""
    hidden = depth - 1
    if structure == "conv":
        return (Block("conv", kernel=kernel, repeat=hidden),) if hidden else ()
    if structure == "inception":
        return (Block("inception", repeat=hidden),) if hidden else ()
    if structure == "nin":
        whole, rest = divmod(hidden, 3)
        more = (Block("conv", kernel=kernel), Block("dense"))[:rest]
        return (*((Block("nin", kernel=kernel, repeat=whole),) if whole else ()), *more)
    if structure == "vgg":
        whole, rest = divmod(hidden, 2)
        return (*(Block("vgg"), Block("max_pool")) * whole, *(Block("conv", kernel=3),) * rest)
    if structure == "resnet" and hidden:
        whole, rest = divmod(hidden - 1, 2)
        first = Block("conv", kernel=kernel)
        more = (Block("residual", repeat=whole),) if whole else ()
        return (first, *more, *(Block("conv", kernel=3),) * rest)
    return (Block("dense", repeat=hidden),) if hidden else ()

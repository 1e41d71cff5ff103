"""From outputs to display values: the `[color]` table and its mappings."""

from dataclasses import dataclass

from cppn_gl.schema import choice, flag, key, validate

MAPPINGS = {"rgb": "the outputs are red, green and blue"}


@dataclass(frozen=True)
class Color:
    """The `[color]` table: how outputs become colours."""

    mapping: str = key("rgb", choice(MAPPINGS), f"{' '.join(MAPPINGS)}", short=True)
    invert: bool = key(False, flag, "light for dark")
    stretch: str = key(
        "none", choice(["none", "minmax", "percentile"]), "outputs stretched over the view"
    )

    def __post_init__(self) -> None:
        validate(self, "color.")

    @property
    def plain(self) -> bool:
        """Whether outputs are shown as they are."""
        return self == Color()

"""The themes of presets, by which the chooser and the gallery group them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """A theme: its title, and a sentence about its presets, in Markdown."""

    title: str
    words: str


THEMES: dict[str, Theme] = {
    "essay": Theme(
        "A visual exploration of random neural networks",
        "The figures of [Tyler Neylon's essay](https://tylerneylon.com/a/randnn/) of 2018, and "
        "parts of them.",
    ),
    "tie-dye": Theme("Tie-dye", "Two inputs, three outputs, normal weights and biases."),
    "recipes": Theme("Recipes of other people", "Networks as their pages describe them."),
    "structures": Theme(
        "Inside a network", "Layers, units, signal and regions: how a network makes its picture."
    ),
    "learning": Theme(
        "Learning",
        "Networks that train while you watch: two-dimensional data, pictures, distance fields, and "
        "how layers bend space until classes come apart.",
    ),
    "research": Theme(
        "Which networks can learn",
        "Three pictures from research, live: the loss around a network's weights, the boundary of "
        "the hyperparameters that train, and the edge between order and chaos.",
    ),
    "trained": Theme(
        "What a network has seen",
        "Networks that have learned from photographs: what their layers and channels respond to, "
        "and what their answers rest on.",
    ),
    "pictures": Theme("Pictures", "Activations, inputs and colours, chosen for how they look."),
}

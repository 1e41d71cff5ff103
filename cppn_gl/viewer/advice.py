"""Words for a picture without contrast or full of static: why it is so, and which key mends it.

    what is shown -> spread at a few hundred points -> Trouble, if any
                  -> mends, each tried on the same points -> "signal has faded: ] raises …"

All is measured in slices between frames, and only when what is shown has changed.
"""

from collections.abc import Callable, Generator, Hashable, Mapping
from typing import cast

from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.nn.spread import POINTS, Seen, Spread
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.keeping import LARGE, MAX_SCALE, MIN_SCALE, Probe, ScaleSearch
from cppn_gl.views import view_of

SLICE = 0.004  # seconds for a turn of the window's loop
FADED, STUCK = 0.2, 0.8  # pre-activations' spread; fraction of outputs at an end of their range
SPREAD, CONTRAST = 1.0, 0.2  # of a picture to look for
# These show many networks, or what does not depend on the signal's strength.
WITHOUT = ("sheet", "regions")

Words = Generator[None, None, str]
Names = Mapping[str, str]


class Adviser:
    """Follows what is shown and measures it; `words` are true of what was measured last."""

    def __init__(self) -> None:
        self.words = ""
        self._key: Hashable = None
        self._task: Stepping[str] | None = None

    @property
    def busy(self) -> bool:
        """Whether something remains to be measured."""
        return self._task is not None

    def follow(
        self, explorer: Explorer, preset: Preset, network: Network, names: Callable[[], Names]
    ) -> None:
        """Measure the preset shown and its network, unless they have been measured.

        `names()`: the user's labels of keys. While time runs, the last change's moment counts.
        """
        time, home = None if explorer.moving else explorer.time, explorer.home
        key = explorer.shown, home, explorer.window, time
        if key != self._key:
            self._key = key
            of = preset, explorer.time, explorer.window, home, names(), network
            self._task = Stepping(advice(*of))

    def advance(self, seconds: float = SLICE) -> None:
        """Measure for about `seconds`."""
        if self._task is not None and self._task.step(within(seconds)):
            self.words, self._task = self._task.result or "", None


def advice(
    preset: Preset,
    time: float,
    size: tuple[int, int],
    home: Viewport,
    names: Names,
    network: Network | None = None,
) -> Words:
    """What is wrong with a picture and which key mends it; "" if nothing is.

    `home`: the viewport of key 0. `network`: that of the preset at `time`, if drawn already. Of a
    network that learns nothing is wrong: other keys change it; nothing of a graph, whose values at
    single points take too long; and nothing of a network that sees pictures.
    """
    view = view_of(preset)
    moves = preset.network_moves or preset.learns or preset.classifies
    if view.name in WITHOUT or moves or preset.spec.structured or min(size) < 2:
        return ""
    probe = Probe(preset, time, size, POINTS, network)
    spread = yield from probe.at()
    look = probe.seen(spread)
    trouble = _trouble(spread, look, static=view.plane)
    if not trouble:
        return ""
    if preset.view != home:
        zoom = yield from _zoom(probe, time, size, home, names)
        if zoom:
            return f"{'static' if look.static else 'hardly any contrast'} {zoom}"
    return f"{trouble}: {yield from _mend(probe, time, size, names)}"


def _trouble(spread: Spread, look: Seen, *, static: bool) -> str:
    """What is wrong with a picture; "" if nothing is."""
    if spread.finite < 0.5:
        return "the numbers overflow"
    if look.flat:
        if spread.before < FADED:
            return "signal has faded"
        if spread.stuck > STUCK:
            return "outputs are saturated, stuck at an end of their range"
        return "outputs hardly vary here"
    return "static, neighbouring pixels are unrelated" if static and look.static else ""


def _good(probe: Probe, scale: float | None = None) -> Generator[None, None, bool]:
    """Whether a probe shows a picture with contrast and without static, at a weight scale."""
    spread = yield from probe.at(scale)
    return not _trouble(spread, probe.seen(spread), static=True)


def _zoom(probe: Probe, time: float, size: tuple[int, int], home: Viewport, names: Names) -> Words:
    """The keys that return to the preset's own viewport, if it shows a picture; otherwise ""."""
    there = probe.preset.replace(**{"view.center": home.center, "view.extent": home.extent})
    if not (yield from _good(Probe(there, time, size, POINTS, probe.network))):
        return ""
    back = f"{keys_of('reset_view', names)} returns to the preset's view"
    ratio = probe.preset.view.extent / home.extent
    if ratio < 1:
        return f"this close: {keys_of('zoom_out', names)} zooms out, {back}"
    if ratio > 1:
        return f"this far out: {keys_of('zoom_in', names)} zooms in, {back}"
    return f"here: {back}"


def _mend(probe: Probe, time: float, size: tuple[int, int], names: Names) -> Words:
    """The key that mends a picture, in words: one that has been tried."""
    preset = probe.preset

    def scaled(scale: float) -> str:
        up = scale > now
        key, verb = keys_of("stronger" if up else "weaker", names), "raises" if up else "lowers"
        return f"{key} {verb} the weight scale ({now:.3g} → about {scale:.2g})"

    now = cast(Random, preset.spec).weight_scale if preset.spec.redrawable else 0.0
    large = probe.network.parameters > LARGE
    if probe.scalable:
        search = ScaleSearch(Probe(preset, time, size, network=probe.network))
        best = yield from search.matching(SPREAD, CONTRAST, now)
        if (yield from _good(probe, best.scale)):
            return scaled(best.scale)
    elif now and preset.normalize.which == "hidden" and not large:
        # Only the output layer's weights count, in proportion.
        before = (yield from probe.at()).before
        scale = min(max(now * SPREAD / max(before, 1e-30), MIN_SCALE), MAX_SCALE)
        if (yield from _good(Probe(preset.replace(weight_scale=scale), time, size, POINTS))):
            return scaled(scale)
    depth = preset.spec.depth
    for layer in sorted({depth * 3 // 4, depth // 2, depth // 4} - {0}, reverse=True):
        if large and preset.normalize.which != "none":
            break  # normalising them would take too long
        if (yield from _good(Probe(preset.layer_picture(layer), time, size, POINTS))):
            if preset.spec.redrawable:
                return f"{keys_of('shallower', names)} removes layers (about {layer} would do)"
            return f"{keys_of('layer_down', names)} shows earlier layers, such as {layer}"
    return f"{keys_of('history_back', names)} goes back"

"""After how long a preset's picture returns, if it does.

Preset -> loop_of() -> Loop(period, words)
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cppn_gl.preset.preset import Preset

SECONDS = 10.0  # of a film whose picture never returns
MOST = 1000  # passes; a longer common period is none


@dataclass(frozen=True)
class Loop:
    """When the picture returns.

    period: in seconds; None if it never does, or nothing moves. words: why, in a few sentences.
    """

    period: float | None
    words: str


def good_time(preset: "Preset") -> float:
    """A time in seconds at which an animated preset has much to show: the middle of a pass."""
    return preset.animation.seconds / 2 if preset.moves else 0.0


def film_seconds(preset: "Preset") -> float:
    """How long a film of a preset is, unless wished otherwise: until its picture returns."""
    return loop_of(preset).period or SECONDS


def jumps(seconds: float, period: float) -> bool:
    """Whether a film of a picture that returns after `period` does not end where it began."""
    loops = seconds / period
    return round(loops) < 1 or abs(loops - round(loops)) > 1e-6 * loops


def loop_of(preset: "Preset") -> Loop:
    """When a preset's picture returns, and the condition for that in words."""
    animation, names = preset.animation, set(preset.spec.inputs)
    periods, found = list[float](), list[str]()
    forever, jumps = "t" in names and animation.speed != 0, False
    if forever:
        found.append(
            "t grows with time: the picture never returns. With cos_t and sin_t in the place of "
            "t it would."
        )
    turning = [name for name in ("cos_t", "sin_t") if name in names]
    if turning:
        periods.append(animation.loop)
        verb = "turn" if len(turning) > 1 else "turns"
        found.append(f"{' and '.join(turning)} {verb} once in {animation.loop:g} s.")
    if preset.moves:
        seconds = animation.seconds
        what = [name for name, _ in preset.animate.moving] + ["the seeds"] * bool(animation.walk)
        passes = [values for _, values in preset.animate.moving]
        passes += [animation.walk] if animation.walk else []
        closed = all(one[0] == one[-1] for one in passes)
        listed = ", ".join(what[:3]) + (" …" if len(what) > 3 else "")
        ending, passed = animation.ending, f"{listed}: one pass takes {seconds:g} s,"
        if ending == "stop":
            forever = True
            found.append(f"{passed} then it stays at the end: it never returns.")
        else:
            jumps = ending == "repeat" and not closed
            periods.append(2 * seconds if ending == "bounce" else seconds)
            how = {
                "bounce": "then it goes back.",
                "loop": "and ends as it began, without a jump.",
                "repeat": f"then it begins again, {'with a jump' if jumps else 'where it ended'}.",
            }
            found.append(f"{passed} {how[ending]}")
    if forever or not periods:
        return Loop(None, " ".join(found))
    period = _common(periods)
    if period is None:
        found.append("The two have no short common period.")
    else:
        film = "" if jumps else ": a film of that length is a seamless loop"
        found.append(f"So every frame returns after {period:g} s{film}.")
    return Loop(period, " ".join(found))


def _common(periods: list[float]) -> float | None:
    """The shortest time that is a multiple of all, if it is at most MOST times the longest."""
    longest = max(periods)
    ratios = [Fraction(period / longest).limit_denominator(MOST) for period in periods]
    if any(
        not ratio or not math.isclose(float(ratio), period / longest, rel_tol=1e-9)
        for ratio, period in zip(ratios, periods, strict=True)
    ):
        return None
    times = math.lcm(*(ratio.numerator for ratio in ratios))
    return longest * times if times <= MOST else None

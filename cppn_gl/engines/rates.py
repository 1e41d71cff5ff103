"""How fast engines, and views, have been here: what work is sized by."""

from collections.abc import Hashable

FIRST_RATE = 4e9  # multiplications a second; half of it is the first guess
MAX_RATES = 64
SHORT = 0.002  # seconds

RateKey = tuple[Hashable, Hashable]  # what a rate is of: an engine or a view, and of what networks


class Rates:
    """Multiplications a second, of each kind of work."""

    def __init__(self) -> None:
        self._rates: dict[RateKey, float] = {}
        self._last: dict[Hashable, float] = {}  # of each engine, whatever it drew

    def rate(self, kind: RateKey) -> float:
        """Multiplications a second that were reached, or a low guess."""
        return self._rates.get(kind, self._last.get(kind[0], FIRST_RATE) / 2)

    def record(self, kind: RateKey, work: float, seconds: float) -> None:
        """Remember how fast a tile was: half of the new, half of the old."""
        rate = work / max(seconds, 1e-6)
        old = self._rates.get(kind)
        if seconds < SHORT:  # mostly the cost of a call: at least this fast
            rate = max(rate, old or self._last.get(kind[0], FIRST_RATE))
        elif old is not None:
            rate = (rate + old) / 2
        self._rates[kind] = self._last[kind[0]] = rate
        if len(self._rates) > MAX_RATES:
            self._rates.pop(next(iter(self._rates)))

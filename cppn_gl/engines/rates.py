"""Measured speeds of engines and views, from which steps of work are sized."""

from collections.abc import Hashable

FIRST_RATE = 4e9  # multiplications per second; the first guess is half of it
MAX_RATES = 64
SHORT = 0.002  # seconds; shorter measurements are mostly call overhead

RateKey = tuple[Hashable, Hashable]  # (engine or view, structure of the networks)


class Rates:
    """Multiplications per second for each kind of work."""

    def __init__(self) -> None:
        self._rates: dict[RateKey, float] = {}
        self._last: dict[Hashable, float] = {}  # the latest of each engine

    def rate(self, kind: RateKey) -> float:
        """The measured rate in multiplications per second, or a low guess."""
        return self._rates.get(kind, self._last.get(kind[0], FIRST_RATE) / 2)

    def record(self, kind: RateKey, work: float, seconds: float) -> None:
        """Average a rate with a new measurement: `work` multiplications in `seconds`."""
        rate = work / max(seconds, 1e-6)
        old = self._rates.get(kind)
        if seconds < SHORT:  # a lower bound of the true rate
            rate = max(rate, old or self._last.get(kind[0], FIRST_RATE))
        elif old is not None:
            rate = (rate + old) / 2
        self._rates[kind] = self._last[kind[0]] = rate
        if len(self._rates) > MAX_RATES:
            self._rates.pop(next(iter(self._rates)))

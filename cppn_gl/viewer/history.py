"""The history of an exploration: a list of moments to step through.

Nothing is lost: a change made after stepping back is appended at the end.
"""

from cppn_gl.viewer.journal import Journal, Moment, parse_moment

MAX_MOMENTS = 5000


class History:
    """The moments seen, newest last, and the current one.

    A gesture (a held key, a drag) is one moment: each change replaces the previous one, and the
    moment is written to the journal when the gesture ends.
    """

    def __init__(self, first: Moment, journal: Journal):
        self._journal = journal
        # Moments of earlier sessions are parsed when the user steps back to them.
        self._moments: list[Moment | str] = [*journal.read()]
        self._at = len(self._moments)
        self._now = first
        if self._moments and first.saved and self._moments[-1] == first.to_line().rstrip("\n"):
            self._moments[-1] = first
            self._at -= 1
        else:
            self._moments.append(first)
            journal.append(first)
        self._gesture: object = None
        self._unwritten: Moment | None = None
        self.lost: set[str] = set()  # files of the networks of moments that the last step dropped

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def now(self) -> Moment:
        """The current moment."""
        return self._now

    @property
    def place(self) -> tuple[int, int]:
        """(number of the current moment, from 1; number of moments)."""
        return self._at + 1, len(self._moments)

    def add(self, moment: Moment, gesture: object) -> None:
        """Append a moment and make it current; it replaces the last one of the same gesture."""
        if moment == self.now:
            return
        if gesture is not None and gesture == self._gesture:
            self._moments[-1] = moment
        else:
            self.finish()
            self._moments.append(moment)
            del self._moments[:-MAX_MOMENTS]
            self._gesture = gesture
        self._at, self._now = len(self._moments) - 1, moment
        self._unwritten = moment
        if gesture is None:
            self.finish()

    def replace(self, moment: Moment) -> None:
        """Put another moment in the place of the current one, which stays as it is on disk."""
        self._moments[self._at] = self._now = moment

    def step(self, by: int) -> bool:
        """Step back (-1) or forward (+1); False at the end. Unreadable moments are dropped."""
        self.finish()
        self.lost = set()
        while 0 <= self._at + by < len(self._moments):
            moment = self._moments[self._at + by]
            if isinstance(moment, str):
                read = parse_moment(moment, self.lost)
                if read is None:
                    del self._moments[self._at + by]
                    self._at -= by < 0
                    continue
                moment = self._moments[self._at + by] = read
            self._at, self._now = self._at + by, moment
            return True
        return False

    def finish(self) -> None:
        """End the gesture and write its moment to the journal."""
        if self._unwritten is not None:
            self._journal.append(self._unwritten)
        self._unwritten = self._gesture = None

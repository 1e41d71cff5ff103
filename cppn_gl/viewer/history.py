"""Walking through everything seen. Nothing is forgotten: a change made after walking back is
added at the end, as the newest moment."""

from cppn_gl.viewer.journal import Journal, Moment, parse_moment

MAX_MOMENTS = 5000


class History:
    """The moments seen, the newest last, and which one is looked at.

    A gesture (a held key, a drag) is one moment: its changes replace each other until it ends,
    and only then is the moment written to the journal.
    """

    def __init__(self, first: Moment, journal: Journal):
        self._journal = journal
        # Lines of earlier sessions stay text until somebody walks back to them.
        self._moments: list[Moment | str] = [*journal.read()]
        self._at = len(self._moments)
        self._now = first
        if self._moments and first.kept and self._moments[-1] == first.to_line().rstrip("\n"):
            self._moments[-1] = first
            self._at -= 1
        else:
            self._moments.append(first)
            journal.append(first)
        self._gesture: object = None
        self._unwritten: Moment | None = None

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def now(self) -> Moment:
        """The moment looked at."""
        return self._now

    @property
    def place(self) -> tuple[int, int]:
        """(which one, of how many), counted from 1."""
        return self._at + 1, len(self._moments)

    def add(self, moment: Moment, gesture: object) -> None:
        """Look at a new moment. The same gesture as before replaces its moment."""
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

    def step(self, by: int) -> bool:
        """Walk back (-1) or on (+1); False at the end. A moment that cannot be read is dropped."""
        self.finish()
        while 0 <= self._at + by < len(self._moments):
            moment = self._moments[self._at + by]
            if isinstance(moment, str):
                read = parse_moment(moment)
                if read is None:
                    del self._moments[self._at + by]
                    self._at -= by < 0
                    continue
                moment = self._moments[self._at + by] = read
            self._at, self._now = self._at + by, moment
            return True
        return False

    def finish(self) -> None:
        """End the gesture: its moment is kept."""
        if self._unwritten is not None:
            self._journal.append(self._unwritten)
        self._unwritten = self._gesture = None

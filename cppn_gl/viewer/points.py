"""The explorer's actions on the points that a network learns: added, moved and removed by mouse.

A point that is touched makes the data the preset's own; all of them train. The network is trained
again to the step that is shown, so that one sees what a point does.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from cppn_gl.nn.training.data import OWN, Dataset
from cppn_gl.nn.training.data_sets import MAX_CLASSES
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.class_colors import NAMES
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.views import PICTURE
from cppn_gl.views.base import View
from cppn_gl.views.text import significant

NEAR = 9.0  # pixels of a point, within which it is meant
VALUES = -1.0, 0.0, 1.0  # of points with values
DIGITS = 4  # decimals of a place

OwnPoints = tuple[tuple[float, float, float], ...]


class PointEditing(ABC):
    """The actions on points, mixed into Explorer, which has the preset and the history.

    pointed_place: x and y of the plane under the cursor, and a pixel's size; None where there is no
    plane. brush: which class, or which of VALUES, new points have.
    """

    message: str

    def __init__(self) -> None:
        self.pointed_place: Callable[[], tuple[float, float, float] | None] = lambda: None
        self.brush = 0
        self._editing = False
        self._held: int | None = None  # the point that is being moved
        super().__init__()

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @abstractmethod
    def nothing_drawn(self) -> str:
        """What a key of networks of the plane says of one that sees pictures."""

    @property
    @abstractmethod
    def view(self) -> View:
        """The view that is shown."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset and set the message to `say`."""

    # What can be edited

    @property
    def editing_points(self) -> bool:
        """Whether the mouse edits points: only where the plane is shown."""
        return self._editing and self.view.plane and not self._not_editable()

    def _not_editable(self) -> str:
        """Why there are no points to edit, in words; "" if there are."""
        if self.preset.classifies:
            return self.nothing_drawn()
        if not self.preset.learns:
            return f"there are no data yet: {keys_of('find')} finds the key train.data"
        try:
            dataset = self.preset.dataset
        except PresetError as error:
            return "" if self.preset.train.data == OWN else error.problem
        shapes = dataset.kind in ("picture", "distance")
        return "the data are a picture's pixels, which are not edited" if shapes else ""

    @property
    def has_points(self) -> bool:
        """Whether the data are points, or could become some; not the pixels of a picture."""
        if self.preset.classifies:
            return False
        data = self._data()
        return data is None or data.kind in ("classes", "values")

    def edit_points(self, large: bool = False) -> None:
        """Let the mouse edit the points, or take the next class (Shift: no longer)."""
        self._held = None
        problem = self._not_editable()
        if large or problem:
            self._editing = False
            self.message = problem or "the mouse moves the picture again"
            return
        if not self.view.plane:
            self.change(**{"show.view": PICTURE})
        elif self._editing:
            self.brush += 1
        self.brush %= len(self.brushes)
        self._editing = True
        self.message = (
            f"a click adds a point of {self.brush_words}, a drag moves one, a right click removes "
            f"one; {keys_of('edit_points')}: another class, Shift+{keys_of('edit_points')} ends"
        )

    @property
    def brushes(self) -> tuple[float, ...]:
        """What new points may have: the classes there are, and one more; or VALUES."""
        data = self._data()
        if not self.classes:
            return VALUES
        classes = 2 if data is None else data.classes
        return tuple(map(float, range(min(classes + 1, MAX_CLASSES))))

    @property
    def brush_words(self) -> str:
        """The class or value of new points, in words."""
        return self.words_of(self.brushes[self.brush % len(self.brushes)])

    @property
    def classes(self) -> bool:
        """Whether the points have classes; values otherwise."""
        data = self._data()
        return data is None or data.labels is not None

    def words_of(self, value: float) -> str:
        """A class or value in words."""
        data = self._data()
        if not self.classes:
            return f"value {significant(value)}"
        new = " (new)" if value >= (2 if data is None else data.classes) else ""
        return f"class {value:.0f}, {NAMES[int(value)]}{new}"

    def _data(self) -> Dataset | None:
        try:
            return self.preset.dataset
        except PresetError:  # of own points there are none yet
            return None

    @property
    def own_points(self) -> OwnPoints:
        """The points as the preset's own: x, y, and class or value."""
        train, data = self.preset.train, self._data()
        if train.data == OWN or data is None:
            return train.own
        third = data.labels if data.values is None else data.values[:, 0]
        columns = (data.x.tolist(), data.y.tolist(), np.asarray(third, float).tolist())
        return tuple(zip(*columns, strict=True))

    # The mouse

    def press_point(self) -> bool:
        """Hold the point under the cursor, or add one there; whether the press was for points."""
        place = self.pointed_place() if self.editing_points else None
        if place is None:
            return False
        x, y, pixel = place
        points = self.own_points
        self._held = nearest(points, (x, y), NEAR * pixel)
        if self._held is None:
            third = self.brushes[self.brush % len(self.brushes)]
            self._held = len(points)
            self._put((*points, (round(x, DIGITS), round(y, DIGITS), third)), "added")
        return True

    def drag_point(self) -> bool:
        """Move the point that is held; whether one is."""
        if self._held is None or not self.editing_points:
            self._held = None
            return False
        place, points = self.pointed_place(), self.own_points
        if place is None or self._held >= len(points):
            return True
        x, y = (round(value, DIGITS) for value in place[:2])
        moved = (x, y, points[self._held][2])
        self._put((*points[: self._held], moved, *points[self._held + 1 :]), "moved")
        return True

    def release_point(self) -> bool:
        """Let go of the point that is held; whether one was."""
        held, self._held = self._held, None
        return held is not None

    def remove_point(self) -> bool:
        """Remove the point under the cursor; whether there was one."""
        place = self.pointed_place() if self.editing_points else None
        if place is None:
            return False
        points = self.own_points
        found = nearest(points, place[:2], NEAR * place[2])
        if found is None:
            return False
        if len(points) == 1:
            self.message = "the last point stays: a network needs something to learn"
        else:
            self._put((*points[:found], *points[found + 1 :]), "removed")
        return True

    def _put(self, points: OwnPoints, done: str) -> None:
        train = self.preset.train
        keys: dict[str, Any] = {"train.own": points}
        words = f"point {done}; {len(points):,} in all"
        if train.data != OWN:
            keys |= {"train.data": OWN, "train.test_fraction": 0.0, "train.classes": 0}
            keys["train.target"] = "classes" if self.classes else "values"
            words += ": the data are the preset's own now, and all points train"
        elif train.classes:
            keys["train.classes"] = 0
        self.change(words, **keys)


def nearest(points: OwnPoints, place: tuple[float, float], reach: float) -> int | None:
    """The index of the point that is nearest to a place, within `reach`; the last of equal ones."""
    if not points:
        return None
    x, y = np.array(points)[:, :2].T
    distances = np.hypot(x - place[0], y - place[1])
    found = len(points) - 1 - int(distances[::-1].argmin())
    return found if distances[found] <= reach else None

"""The explorer's actions on training: train and pause, steps, the rate, and the data's points.

A step of training is no step of the history: the preset explored always has the `train.steps` of
the network that is to be shown, and the moment of the history is replaced. What changes the weights
of every step, such as another depth, begins again at step 0, and goes on training if it trained.
"""

import dataclasses
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from cppn_gl.nn.network import Network
from cppn_gl.nn.training.data import OWN
from cppn_gl.nn.training.data_sets import DATA_SETS, RADIUS
from cppn_gl.nn.training.schedules import SCHEDULES
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.tables import resolve
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.history import History
from cppn_gl.viewer.journal import Moment
from cppn_gl.viewer.learning import Learning, Ready, at_step
from cppn_gl.viewer.points import OwnPoints
from cppn_gl.views.text import significant

RATES = tuple(digit * 10.0**power for power in range(-5, 2) for digit in (1, 3))
STEPS = 100  # with Shift
PACE_STEP = 2.0


class Training(ABC):
    """The actions on training, mixed into Explorer, which has the preset and the history."""

    message: str
    history: History

    def __init__(self) -> None:
        self.learning = Learning()
        super().__init__()

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @property
    @abstractmethod
    def moment(self) -> Preset:
        """The preset with its animated keys at their current values."""

    @property
    @abstractmethod
    def loaded(self) -> Preset:
        """The preset as it was loaded or opened, before changes."""

    @abstractmethod
    def nothing_drawn(self) -> str:
        """What a key of networks of the plane says of one that sees pictures."""

    @property
    @abstractmethod
    def own_points(self) -> OwnPoints:
        """The points as the preset's own."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset and set the message to `say`."""

    @abstractmethod
    def _look(self, moment: Moment) -> None:
        """Make a moment the current one."""

    # What is trained

    def begun(self, preset: Preset) -> Preset:
        """A preset as it is explored first.

        One that learns and has no weights of its own begins at step 0, and trains to its own step
        in a time in which one can watch it.
        """
        if not preset.learns:
            return preset
        train, learning = preset.train, self.learning
        learning.pause()
        learning.watch(train.steps)
        if train.checkpoint or preset.kept is not None or not train.steps or timed(preset):
            return preset
        learning.play(train.steps)
        return at_step(preset, 0)

    def follow_training(self) -> Ready | None:
        """Train what is explored; the network that has become ready, if any. Once a frame."""
        moving = timed(self.preset)
        self.learning.follow(self.moment if moving else self.preset)
        ready = self.learning.take()
        if ready is not None and ready.final and not moving:
            self._show_step(ready.step)
        return ready

    @property
    def network(self) -> Network | None:
        """The network of `moment`; None while it is being trained up to its step, or measured."""
        moment, ready = self.moment, self.learning.ready
        if not moment.learns:
            return moment.network() if moment.at_hand else None
        there = ready is not None and (ready.preset.source, ready.step) == (
            moment.source,
            moment.train.steps,
        )
        return ready.network if ready is not None and there else None

    def training_words(self) -> str:
        """What the training tells: that it has ended by itself, or that a step is re-run."""
        news = self.learning.news()
        if news.startswith("trained"):
            if not factor_of(self.preset):
                return f"{news}, where the rate has become 0; {keys_of('train_reset')} starts again"
            return f"{news}; {keys_of('train')} trains on"
        if "diverged" in news:
            return f"{news}: a lower learning rate helps, Shift+{keys_of('rate_up')}"
        return news

    def _trained(self) -> Preset:
        """The preset explored, at a step that need not be trained first."""
        preset, run = self.preset, self.learning.run
        if not preset.learns or run is None or run.ready(preset.train.steps):
            return preset
        return at_step(preset, max(one for one in run.snapshots if one <= preset.train.steps))

    def _show_step(self, step: int) -> None:
        """Make another step that of the current moment."""
        now = self.history.now
        if now.preset.learns and now.preset.train.steps != step:
            preset = at_step(now.preset, step)
            self.history.replace(Moment(preset, now.home, now.layer, self.loaded))

    def restarted(self, before: Preset, after: Preset, keys: Any) -> Preset:
        """A changed preset at the step that it is to show.

        Another network, other data or settings begin again at step 0, at the rate of before. Points
        that are moved train to the same step.
        """
        changed = {".".join(resolve(name)).lstrip(".") for name in keys}
        if not after.learns or "train.steps" in changed or before.source == after.source:
            return after
        steps = after.train.steps if "train.own" in changed else 0
        train = dataclasses.replace(after.train, steps=steps, checkpoint="")
        if before.learns and not changed & {"train.rate", "train.changes"}:
            train = dataclasses.replace(train, rate=rate_of(before), changes=())
        if not before.learns and not timed(after):
            self.learning.play()
        return dataclasses.replace(after, train=train)

    def _trains(self) -> bool:
        """Whether the preset learns; if not, the message says what would make it."""
        if not self.preset.learns:
            self.message = (
                f"nothing is trained: {keys_of('find')} finds the key train.data, what to learn"
            )
            if self.preset.classifies:
                self.message = "its weights are given; the preset train-fashion learns"
        return self.preset.learns

    def _steps_on(self) -> bool:
        """Whether training can be led by keys; if not, the message says why."""
        if not self._trains():
            return False
        if timed(self.preset):
            self.learning.pause()
            self.message = f"the time says which step is shown: {keys_of('pause')} stops it"
        return not timed(self.preset)

    # Actions

    def train(self, large: bool = False) -> None:
        """Train, or pause."""
        if not self._steps_on():
            return
        if self.learning.playing:
            self.learning.pause()
            self.message = "training paused"  # at a step that its thread has yet to tell
        else:
            self.learning.play()
            self.message = "training"
            if not factor_of(self.preset):
                self.message += f", but nothing changes: {ended(self.preset)}"

    @property
    def step(self) -> int:
        """The training step whose network is to be shown."""
        return self.moment.train.steps

    def train_step(self, large: bool = False) -> None:
        """Pause, and train one step (Shift: 100)."""
        if self._steps_on():
            self.seek(self.step + (STEPS if large else 1))

    def seek(self, step: int) -> None:
        """Pause, and show another step: one of a snapshot at once, others when re-run."""
        self.learning.pause()
        try:
            self._show_step(at_step(self.preset, step).train.steps)
            self.message = f"step {step:,}"
        except PresetError as error:
            self.message = error.problem

    def train_back(self, large: bool = False) -> None:
        """Pause, and show the snapshot before this step (Shift: after it)."""
        ready = self.learning.ready
        if not self._steps_on() or ready is None:
            return
        steps = np.array(sorted({0, *ready.snapshots, ready.newest}))
        found = steps[steps > self.step] if large else steps[steps < self.step]
        if len(found):
            self.seek(int(found[0] if large else found[-1]))
        else:
            self.learning.pause()
            end = f"the last step trained; {keys_of('train')} trains on" if large else "step 0"
            self.message = f"this is {end}"

    def train_reset(self, large: bool = False) -> None:
        """Pause, and show step 0: the random network."""
        if self._steps_on():
            self.seek(0)

    def rate_up(self, large: bool = False) -> None:
        """Raise the learning rate from this step on (Shift: lower it)."""
        if not self._trains():
            return
        now = rate_of(self.preset)
        others = [one for one in RATES if (one < now * 0.999 if large else one > now * 1.001)]
        if others:
            self.set_rate(others[-1] if large else others[0])
        else:
            end = "smallest" if large else "largest"
            self.message = f"learning rate {significant(now)}, the {end} of this key"

    def set_rate(self, rate: float) -> None:
        """Train at another learning rate from this step on; earlier steps stay."""
        preset, step = self.preset, self.preset.train.steps
        changes = tuple(one for one in preset.train.changes if one[0] < step)
        if step:
            keys: dict[str, Any] = {"train.changes": (*changes, (step, rate))}
        else:
            keys = {"train.rate": rate, "train.changes": ()}
        words = f"learning rate {significant(rate)}" + (f" from step {step:,} on" if step else "")
        if not factor_of(preset):
            words += f", but nothing changes: {ended(preset)}"
        self.change(words, **keys, **{"train.steps": step})

    def faster(self, large: bool = False) -> None:
        """Train twice as many steps a second (Shift: half as many)."""
        if self._trains():
            learning = self.learning
            learning.set_pace(learning.pace * (1 / PACE_STEP if large else PACE_STEP))
            self.message = pace_words(learning)

    def choose_data(self, data: str) -> None:
        """Learn other data: a set's name, `own` points, or a file; seen from where they lie.

        Own points begin with those there are.
        """
        train = self.preset.train
        keys: dict[str, Any] = {"train.data": data, "train.target": "auto"}
        own = self.own_points if self.preset.learns else ()
        if data == OWN and not train.own and own:
            values = self.preset.dataset.labels is None
            keys |= {"train.own": own, "train.target": "values" if values else "classes"}
        if train.classes:
            keys["train.classes"] = 0
        plane = data in (OWN, *DATA_SETS)
        if plane != (train.data in (OWN, *DATA_SETS)):
            keys |= {"view.center": (0.0, 0.0), "view.extent": RADIUS if plane else 1.0}
        self.change(f"learns {data or 'nothing'}", **keys)

    def toggle_boundary(self, large: bool = False) -> None:
        """Draw the boundary between classes as a line, or not."""
        if self.preset.classifies:
            self.message = self.nothing_drawn()
        elif self._trains():
            shown = not self.preset.train.boundary
            self.change(
                f"decision boundary {'on' if shown else 'off'}", **{"train.boundary": shown}
            )


def timed(preset: Preset) -> bool:
    """Whether time says which step of the training is shown."""
    return "train.steps" in preset.animate.table


def pace_words(learning: Learning) -> str:
    """How fast it is to train, and how fast it does."""
    words = f"up to {learning.pace:,.{0 if learning.pace >= 10 else 1}f} steps a second"
    return f"{words}; {learning.speed:,.0f} done" if learning.speed else words


def rate_of(preset: Preset) -> float:
    """The learning rate of a preset's step, without its schedule."""
    train = preset.train
    past = [rate for step, rate in train.changes if step <= train.steps]
    return past[-1] if past else train.rate


def factor_of(preset: Preset) -> float:
    """The factor of a preset's schedule on the rate of its step."""
    train = preset.train
    schedule, steps = SCHEDULES[train.schedule], np.array([float(train.steps)])
    return float(schedule(steps, train.schedule_steps, train.schedule_factor)[0])


def rate_words(preset: Preset) -> str:
    """The learning rate of a preset's step: 0.03, or with a schedule 0.0031 (cosine of 0.03)."""
    rate = significant(rate_of(preset))
    now = significant(rate_of(preset) * factor_of(preset), 2)
    schedule = preset.train.schedule
    return rate if schedule == "constant" or now == rate else f"{now} ({schedule} of {rate})"


def ended(preset: Preset) -> str:
    """Why the rate is 0: its schedule has ended."""
    train = preset.train
    return f"the rate is 0 since step {train.schedule_steps:,} (train.schedule {train.schedule})"

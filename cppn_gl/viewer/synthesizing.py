"""The explorer's actions on pictures that grow: grow and pause, steps, restart.

They have the keys of training. A step is no step of the history: the preset explored always has the
`synthesis.steps` of what is shown. What changes the picture, such as another channel, begins again
at step 0, and grows to the step that the preset named.
"""

from typing import Any

from cppn_gl.nn.draws import MAX_SEED
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.preset.tables import resolve
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.growing import Growing, at_growth, grows, is_sheet, source_of, step_of
from cppn_gl.viewer.journal import Moment
from cppn_gl.viewer.training import Training

STEPS = "synthesis.steps"
LARGE = 10  # steps with Shift


class Synthesizing(Training):
    """The actions on pictures that grow, mixed into Explorer; on others those of training."""

    def __init__(self) -> None:
        self.growing = Growing()
        super().__init__()

    @property
    def grows(self) -> bool:
        """Whether the preset shows a picture that grows."""
        return grows(self.preset)

    def begun(self, preset: Preset) -> Preset:
        """A preset as it is explored first: at step 0, from which it grows to its own."""
        return self._from_noise(super().begun(preset))

    def restarted(self, before: Preset, after: Preset, keys: Any) -> Preset:
        """A changed preset at the step that it is to show: another picture begins anew."""
        after = super().restarted(before, after, keys)
        changed = {".".join(resolve(name)).lstrip(".") for name in keys}
        if not grows(after) or STEPS in changed:
            self.growing.pause()
            return after
        if grows(before) and source_of(before) == source_of(after):
            return after
        named = step_of(self.loaded) if grows(self.loaded) else SynthesisOptions().steps
        return self._from_noise(after, named)

    def _from_noise(self, preset: Preset, steps: int = 0) -> Preset:
        if not grows(preset) or by_time(preset):
            return preset
        self.growing.play(max(step_of(preset), steps))
        return at_growth(preset, 0)

    def follow_growth(self) -> None:
        """Grow what is explored, and show the step that has become ready. Once a frame."""
        moving = by_time(self.preset)
        preset = self.moment if moving else self.preset
        self.growing.follow(preset if grows(preset) or is_sheet(preset) else None)
        step = self.growing.take()
        if step is not None and not moving and self.grows:
            self._show_growth(step)

    def growth_shown(self, preset: Preset) -> Preset:
        """A preset at a step of its picture that can be shown at once."""
        if not grows(preset) and not is_sheet(preset):
            return preset
        step = self.growing.ready_step(preset)
        return at_growth(preset, 0 if step is None else step)

    def _show_growth(self, step: int) -> None:
        now = self.history.now
        if step_of(now.preset) != step:
            preset = at_growth(now.preset, step)
            self.history.replace(Moment(preset, now.home, now.layer, self.loaded))

    # Actions

    def train(self, large: bool = False) -> None:
        """Grow, or pause."""
        if not self.grows:
            super().train(large)
        elif self._leads():
            if self.growing.playing:
                self.growing.pause()
                self.message = "paused"  # at a step that its thread has yet to tell
            else:
                self.growing.play()
                self.message = "growing"

    def train_step(self, large: bool = False) -> None:
        """Pause, and grow one step (Shift: 10)."""
        if not self.grows:
            super().train_step(large)
        elif self._leads():
            self.grow_to(step_of(self.preset) + (LARGE if large else 1))

    def train_back(self, large: bool = False) -> None:
        """Pause, and show the picture ten steps before (Shift: after)."""
        if not self.grows:
            super().train_back(large)
        elif self._leads():
            self.grow_to(max(0, step_of(self.preset) + (LARGE if large else -LARGE)))

    def train_reset(self, large: bool = False) -> None:
        """Pause, and show what it began from."""
        if not self.grows:
            super().train_reset(large)
        elif self._leads():
            self.grow_to(0)

    def grow_to(self, step: int) -> None:
        """Pause, and show another step."""
        self.growing.pause()
        try:
            self._show_growth(step)
            self.message = f"step {step:,}"
        except PresetError as error:
            self.message = error.problem

    def other_noise(self, seed: int) -> None:
        """Begin from other noise."""
        self.change("other noise", **{"synthesis.seed": seed % (MAX_SEED + 1)})

    def growing_words(self) -> str:
        """What the growth tells: that it has ended by itself."""
        news = self.growing.news()
        return f"{news}; {keys_of('train')} goes on" if news else ""

    def _leads(self) -> bool:
        """Whether it can be led by keys; if not, the message says why."""
        if by_time(self.preset):
            self.message = f"the time says which step is shown: {keys_of('pause')} stops it"
        return not by_time(self.preset)


def by_time(preset: Preset) -> bool:
    """Whether time says which step of the picture is shown."""
    return STEPS in preset.animate.table

"""How large a picture is drawn, and when: without a screen, on a clock of the test's own."""

from typing import Any

import pytest
from browser import modules

pytestmark = pytest.mark.browser

# Pictures of a device that draws `rate` pixels a second, and needs `fixed` seconds for any picture.
PACED = """([pixels, rate, fixed, count]) => {
  const pace = new modules.pace.Pace();
  const scales = [];
  for (let at = 0; at < count; at++) {
    const scale = pace.choose(pixels);
    scales.push(scale);
    pace.record(pixels * scale * scale, pixels * scale * scale / rate + fixed);
  }
  return scales;
}"""


def paced(page: Any, pixels: float, rate: float, fixed: float = 0.0) -> list[float]:
    found: list[float] = modules(page).evaluate(PACED, [pixels, rate, fixed, 60])
    return found


@pytest.mark.parametrize("slower", [1, 2, 5, 10, 20, 50])
def test_a_moving_picture_takes_a_thirtieth_of_a_second(page: Any, slower: float) -> None:
    pixels, rate = 1e6, 1e6 * 30 / slower
    scale = paced(page, pixels, rate)[-1]
    assert scale == 1 / 8 or pixels * scale**2 / rate <= 1.25 / 30
    finer = [one for one in page.evaluate("modules.pace.SCALES") if one > scale]
    assert not finer or pixels * min(finer) ** 2 / rate > 0.75 / 30


def test_a_fast_device_draws_all_pixels(page: Any) -> None:
    assert paced(page, 1e6, 1e9)[-1] == 1


def test_a_time_that_any_picture_takes_does_not_make_it_coarse(page: Any) -> None:
    assert paced(page, 1e6, 1e8, fixed=0.010)[-1] == 1


def test_where_any_picture_takes_long_it_is_not_coarse_for_nothing(page: Any) -> None:
    assert paced(page, 1e6, 1e7, fixed=0.1)[-1] >= 1 / 2


def test_the_scale_does_not_flicker(page: Any) -> None:
    for rate in (4e6, 7.5e6, 9.9e6, 17e6, 29e6):
        assert len(set(paced(page, 1e6, rate)[20:])) == 1, rate


def test_a_known_rate_is_used_before_anything_was_measured(page: Any) -> None:
    scale = modules(page).evaluate("new modules.pace.Pace().choose(1e6, 1e9)")
    assert scale == 1


STAGE = """
class Stage {
  constructor({ cost = 0, moves = false } = {}) {
    Object.assign(this, { cost, moves, time: 0, drawn: [], shown: [], ticks: [], hints: [],
      errors: [], cancels: 0, asleep: false, wait: null });
    const frame = () => new Promise((resolve) => { this.next = resolve; });
    this.loop = new modules.pace.Loop(this, { now: () => this.time, hidden: () => this.asleep,
      frame });
  }
  size() { return [800, 400]; }
  moving() { return this.moves; }
  rate() { return 0; }
  tick(seconds) { this.ticks.push(seconds); }
  async draw(width, height, cancelled) {
    this.drawn.push([width, height]);
    if (this.broken) throw new Error("broken");
    if (this.wait) await this.wait;
    this.time += this.cost * width * height;
    if (cancelled()) { this.cancels++; return null; }
    return { width, height };
  }
  show(picture, width, height, sharp) { this.shown.push([width, height, sharp]); }
  progress(long) { this.hints.push(long); }
  fail(error) { this.errors.push(error.message); }
}
async function until(condition) {
  for (let at = 0; !condition(); at++) {
    if (at > 2000) throw new Error(`never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
async function frame(stage, milliseconds = 16) {
  await until(() => stage.next);
  const next = stage.next;
  stage.next = null;
  stage.time += milliseconds;
  next(stage.time);
}
"""


def staged(page: Any, body: str) -> Any:
    """The value of the body of an async function that may use Stage, until and frame."""
    return modules(page).evaluate(f"async () => {{ {STAGE} {body} }}")


def test_what_rests_is_drawn_coarse_first_and_then_with_all_pixels(page: Any) -> None:
    shown = staged(
        page,
        """const stage = new Stage();
        stage.loop.touch();
        stage.loop.run();
        await frame(stage);
        await until(() => stage.shown.length === 1);
        stage.time += 1000;
        stage.loop.wake();
        await until(() => stage.loop.resting);
        stage.loop.stop();
        return stage.shown;""",
    )
    assert len(shown) == 2
    assert shown[0][0] < 800
    assert not shown[0][2]
    assert shown[1] == [800, 400, True]


def test_a_sharp_picture_is_given_up_when_something_changes(page: Any) -> None:
    found = staged(
        page,
        """const stage = new Stage();
        stage.loop.touch();
        stage.loop.run();
        await frame(stage);
        await until(() => stage.shown.length === 1);
        let finish;
        stage.wait = new Promise((resolve) => { finish = resolve; });
        stage.time += 1000;
        stage.loop.wake();
        await until(() => stage.drawn.length === 2);
        stage.loop.touch();
        stage.wait = null;
        finish();
        await frame(stage);
        await until(() => stage.shown.length === 2);
        stage.loop.stop();
        return [stage.cancels, stage.shown.map(([, , sharp]) => sharp), stage.hints.at(-1)];""",
    )
    assert found == [1, [False, False], False]


def test_time_moves_on_between_pictures_and_never_far(page: Any) -> None:
    ticks = staged(
        page,
        """const stage = new Stage({ moves: true });
        stage.loop.run();
        await frame(stage, 16);
        await frame(stage, 20);
        await frame(stage, 5000);
        await until(() => stage.ticks.length === 2);
        stage.loop.stop();
        return stage.ticks;""",
    )
    assert ticks == pytest.approx([0.02, 1])


def test_a_hidden_page_draws_nothing(page: Any) -> None:
    found = staged(
        page,
        """const stage = new Stage({ moves: true });
        stage.asleep = true;
        stage.loop.touch();
        stage.loop.run();
        await until(() => stage.loop._wake);
        const before = stage.drawn.length;
        stage.asleep = false;
        stage.loop.wake();
        await frame(stage);
        await until(() => stage.drawn.length === 1);
        stage.loop.stop();
        return [before, stage.ticks];""",
    )
    assert found == [0, []]


def test_what_went_wrong_is_told_once_and_tried_again_after_a_change(page: Any) -> None:
    found = staged(
        page,
        """const stage = new Stage();
        stage.broken = true;
        stage.loop.touch();
        stage.loop.run();
        await frame(stage);
        await until(() => stage.errors.length === 1 && stage.loop._wake);
        stage.broken = false;
        stage.loop.touch();
        await frame(stage);
        await until(() => stage.shown.length === 1);
        stage.loop.stop();
        return [stage.errors, stage.drawn.length];""",
    )
    assert found == [["broken"], 2]

// How large a picture is drawn, and when.
//
//   something moves -> a picture as large as takes a thirtieth of a second, again and again
//   all is at rest  -> one picture of all pixels of the screen, shown when it is complete
//
// A hidden page draws nothing.

export const SECONDS = 1 / 30; // of a picture while something moves
export const SCALES = [1, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8]; // of the sides
const ROOM = 0.75; // of SECONDS: what a finer picture is expected to take at most
const OVER = 1.25; // times SECONDS: what a picture takes before it becomes coarser
const PATIENCE = 4; // pictures with room before a finer one is tried
const WORTH = 2; // times what any picture takes, that a finer one may
const WEIGHT = 0.4; // of the last measurement
const CHANGED = 0.7; // logarithm of a change of seconds that is another network's, not noise
const MOST_FIXED = 0.95; // of the seconds of a picture

// Chooses the scale of moving pictures from what the last ones took, with hysteresis. A picture
// takes `fixed` seconds, and a part that grows with its pixels: two sizes tell these apart.
export class Pace {
  constructor(seconds = SECONDS) {
    this.seconds = seconds;
    this._at = SCALES.length - 3;
    this._roomy = 0;
    this._now = null; // {pixels, seconds} of pictures as large as the last one, averaged
    this._other = null; // the same of those before, of another size
  }

  // The scale, of SCALES, for a picture that has `pixels` at scale 1. `expected`: a rate from
  // elsewhere, in pixels a second, that holds until something was measured.
  choose(pixels, expected = 0) {
    const model = this._model(expected);
    if (!model) return SCALES[this._at];
    const needs = (at) => model.fixed + (pixels * SCALES[at] ** 2) / model.rate;
    const finest = (seconds) => {
      const found = SCALES.findIndex((_, at) => needs(at) <= seconds);
      return found < 0 ? SCALES.length - 1 : found;
    };
    // Where any picture takes long, a coarse one is not worth it.
    const seconds = Math.max(this.seconds, model.fixed * WORTH);
    const roomy = finest(seconds * ROOM);
    if (!this._now) {
      this._at = roomy;
    } else if (needs(this._at) > seconds * OVER) {
      this._at = Math.max(this._at, finest(seconds));
      this._roomy = 0;
    } else if (roomy >= this._at) {
      this._roomy = 0;
    } else if (++this._roomy >= PATIENCE) {
      this._at = roomy;
      this._roomy = 0;
    }
    return SCALES[this._at];
  }

  // A picture of `pixels` took so many seconds.
  record(pixels, seconds) {
    const { _now: now } = this;
    if (!now || now.pixels !== pixels) {
      if (now) this._other = now;
      this._now = { pixels, seconds };
      return;
    }
    // Another network may be slower or faster: what was measured before it tells nothing.
    if (Math.abs(Math.log(seconds / now.seconds)) > CHANGED) this._other = null;
    now.seconds += WEIGHT * (seconds - now.seconds);
  }

  _model(expected) {
    const { _now: now, _other: other } = this;
    if (!now) return expected ? { fixed: 0, rate: expected } : null;
    let fixed = 0;
    if (other) {
      const slope = (now.seconds - other.seconds) / (now.pixels - other.pixels);
      fixed = Math.min(Math.max(now.seconds - slope * now.pixels, 0), now.seconds * MOST_FIXED);
    }
    return { fixed, rate: now.pixels / Math.max(now.seconds - fixed, 1e-5) };
  }
}

const REST = 150; // milliseconds without a change before the sharp picture is begun
const LONG = 500; // milliseconds after which its progress is told
const LONGEST = 1; // seconds that time moves on between two pictures, however slow

// The frame loop. `stage` says what there is to draw, and takes what was drawn:
//   size() -> [width, height] in device pixels; moving() -> whether the picture changes by itself;
//   tick(seconds); draw(width, height, cancelled) -> a promise of a picture, or null if cancelled;
//   show(picture, width, height, sharp); rate() -> pixels a second or 0; progress(whether it is
//   long under way); fail(error).
export class Loop {
  constructor(stage, { pace = new Pace(), frame = nextFrame, hidden = isHidden,
    now = () => performance.now() } = {}) {
    Object.assign(this, { stage, pace, frame, hidden, now });
    this.version = 0; // counts changes
    this.pictures = 0; // shown
    this.sharp = -1; // the version whose sharp picture is shown
    this.scale = 0; // of the last moving picture
    this._shown = -1;
    this._wake = null;
    this._changed = 0;
    this._stopped = false;
  }

  // Something changed: draw it.
  touch() {
    this.version++;
    this._changed = this.now();
    this.wake();
  }

  // Look again at whether there is something to do.
  wake() {
    if (this._wake) this._wake();
  }

  stop() {
    this._stopped = true;
    this.wake();
  }

  get resting() {
    return this.sharp === this.version && !this.stage.moving();
  }

  async run() {
    let last = 0;
    while (!this._stopped) {
      const { version } = this;
      try {
        if (this.hidden() || Math.min(...this.stage.size()) < 1) {
          last = 0;
          await this._sleep();
        } else if (this.stage.moving() || this._shown !== this.version) {
          const now = await this.frame();
          if (this.stage.moving() && last) this.stage.tick(Math.min((now - last) / 1000, LONGEST));
          last = this.stage.moving() ? now : 0;
          await this._move();
        } else if (this.sharp !== this.version) {
          last = 0;
          const wait = REST - (this.now() - this._changed);
          if (wait > 0) await this._sleep(wait);
          else await this._settle();
        } else {
          last = 0;
          await this._sleep();
        }
      } catch (error) {
        this.stage.fail(error);
        this._shown = this.sharp = version; // not the same again: wait for a change
        if (version === this.version) await this._sleep();
      }
    }
  }

  // A picture while something moves: it is finished, so that each change is seen.
  async _move() {
    const { stage, version } = this;
    const [width, height] = stage.size();
    const scale = this.pace.choose(width * height, stage.rate());
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const started = this.now();
    const picture = await this._draw(w, h, () => this._stopped, !stage.moving());
    this._shown = version;
    if (!picture || this._stopped) return;
    this.pace.record(w * h, (this.now() - started) / 1000);
    this.scale = scale;
    if (scale === 1 && !stage.moving()) this.sharp = version;
    stage.show(picture, w, h, scale === 1);
    this.pictures++;
  }

  // The picture of all pixels; given up as soon as there is something else to draw.
  async _settle() {
    const { stage, version } = this;
    const [width, height] = stage.size();
    const cancelled = () => this._stopped || version !== this.version || stage.moving()
      || this.hidden();
    try {
      const picture = await this._draw(width, height, cancelled, true);
      if (cancelled() || !picture) return;
      this.sharp = version;
      stage.show(picture, width, height, true);
      this.pictures++;
    } catch (error) {
      if (!cancelled()) throw error;
    }
  }

  // A picture of the stage; `told`: that it takes long is.
  async _draw(width, height, cancelled, told) {
    const { stage } = this;
    const timer = told ? setTimeout(() => stage.progress(true), LONG) : 0;
    try {
      return await stage.draw(width, height, cancelled);
    } finally {
      clearTimeout(timer);
      if (told) stage.progress(false);
    }
  }

  // Until `wake`, or for so many milliseconds.
  _sleep(milliseconds = 0) {
    return new Promise((resolve) => {
      const timer = milliseconds ? setTimeout(() => this._wake(), milliseconds) : 0;
      this._wake = () => {
        clearTimeout(timer);
        this._wake = null;
        resolve();
      };
    });
  }
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

function isHidden() {
  return document.hidden;
}

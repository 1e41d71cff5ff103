// Fingers and the mouse on the picture: one drags it, two zoom it as well, the wheel zooms. What is
// under a finger stays there.

import { clamp } from "./ladder.js";

export const CLICK = 4; // CSS pixels; a shorter move is a click or a tap, not a drag
const TOUCH_CLICK = 10; // the same of a finger
const DOUBLE = 350; // milliseconds between two taps
const NEAR = 40; // CSS pixels between them
const NOTCH = 40; // pixels of a wheel event; smaller ones are of a trackpad
const STEP = 100; // pixels of the wheel for a step of the zoom
const PINCH = 10; // the same of a pinch on a trackpad, which comes as a wheel with Ctrl
const LINES = 3; // lines of the wheel for a step
const WHEEL_GESTURE = 600; // milliseconds; steps closer together are one gesture

// Local coordinates [u, v] of a place in a rectangle: its shorter side spans -1 to 1, v upwards.
export function local(x, y, { left, top, width, height }) {
  const half = Math.max(1, Math.min(width, height)) / 2;
  return [(x - left - width / 2) / half, (top + height / 2 - y) / half];
}

// The view after fingers moved from local places to others: that of the plane which was under them
// stays under them. One finger moves it; two zoom it too, about their middle.
export function moved({ center, extent }, from, to, least = 0, most = Infinity) {
  const factor = from.length > 1 ? spread(from) / Math.max(spread(to), 1e-6) : 1;
  const next = factor === 1 ? extent : clamp(extent * factor, least, most);
  const [was, now] = [middle(from), middle(to)];
  return { center: center.map((c, k) => c + was[k] * extent - now[k] * next), extent: next };
}

// Steps of the zoom that a wheel event asks for: whole ones of a wheel, parts of a trackpad's.
export function wheelSteps({ deltaY, deltaMode = 0, ctrlKey = false }) {
  if (!deltaY) return 0;
  const unit = deltaMode === 1 ? LINES : deltaMode === 2 ? 1 : STEP;
  if (deltaMode === 0 && Math.abs(deltaY) < NOTCH) return -deltaY / (ctrlKey ? PINCH : STEP);
  return -Math.sign(deltaY) * Math.max(1, Math.round(Math.abs(deltaY) / unit));
}

// Listens to an element. `acts`: frame(x, y) -> the rectangle of the picture at a place, in CSS
// pixels; view() -> {center, extent}; look(view), of a gesture that has begun
// with begin() and ends with end(); point(uv, [x, y]), where the mouse is, or nulls;
// zoom(steps, uv); click(x, y); double(uv); limits: [least, most] extents.
export class Pointer {
  constructor(element, acts) {
    this.element = element;
    this.acts = acts;
    this._fingers = new Map(); // id -> [x, y] in CSS pixels
    this._start = null; // {view, places} when the present fingers came down
    this._down = null; // {x, y, touch}: a press that is no drag yet
    this._frame = null; // the picture that the fingers hold
    this._dragging = false;
    this._tap = null; // the last tap, for a double one
    this._wheelAt = -Infinity;
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel",
      "pointerleave"]) {
      element.addEventListener(name, (event) => this[name](event));
    }
    element.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    element.addEventListener("contextmenu", (event) => {
      if (this._fingers.size) event.preventDefault(); // a long press of a drag
    });
  }

  get held() {
    return this._fingers.size > 0;
  }

  _local(x, y) {
    return local(x, y, this._frame || this.acts.frame(x, y));
  }

  pointerdown(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (this._fingers.size >= 2) return;
    this.element.setPointerCapture(event.pointerId);
    this._fingers.set(event.pointerId, [event.clientX, event.clientY]);
    this._frame = this._frame || this.acts.frame(event.clientX, event.clientY);
    const touch = event.pointerType !== "mouse";
    if (this._fingers.size === 1) {
      this._down = { x: event.clientX, y: event.clientY, touch };
    } else {
      this._begin(); // two fingers are a gesture at once
    }
    this._hold();
  }

  pointermove(event) {
    if (event.pointerType === "mouse") {
      const { clientX: x, clientY: y } = event;
      this.acts.point(this._local(x, y), [x, y]);
    }
    if (!this._fingers.has(event.pointerId)) return;
    this._fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const { _down: down } = this;
    if (down) {
      const far = down.touch ? TOUCH_CLICK : CLICK;
      if (Math.hypot(event.clientX - down.x, event.clientY - down.y) < far) return;
      this._begin();
      // A finger that has moved that far is where the plane follows from: no jump. A mouse's path
      // counts from the press.
      if (down.touch) {
        this._hold();
        return;
      }
    }
    const { view, places } = this._start;
    this.acts.look(moved(view, places, this._places(), ...this.acts.limits));
  }

  pointerup(event) {
    if (!this._fingers.delete(event.pointerId)) return;
    const { _down: down } = this;
    if (down) this._clicked(event, down.touch);
    this._released();
  }

  pointercancel(event) {
    if (this._fingers.delete(event.pointerId)) this._released();
  }

  pointerleave(event) {
    if (event.pointerType === "mouse" && !this.held) this.acts.point(null, null);
  }

  _released() {
    if (this._fingers.size) {
      this._hold(); // the finger that stays goes on
      return;
    }
    this._down = this._start = this._frame = null;
    if (this._dragging) this.acts.end();
    this._dragging = false;
  }

  _clicked(event, touch) {
    const [x, y, at] = [event.clientX, event.clientY, event.timeStamp];
    const last = this._tap;
    this._tap = touch ? { x, y, at } : null;
    const twice = touch && last && at - last.at < DOUBLE
      && Math.hypot(x - last.x, y - last.y) < NEAR;
    if (twice) {
      this._tap = null;
      this.acts.double(this._local(x, y));
    } else {
      this.acts.click(x, y);
    }
  }

  _begin() {
    this._down = null;
    if (!this._dragging) this.acts.begin();
    this._dragging = true;
  }

  // The fingers that are down hold the plane as it is now.
  _hold() {
    this._start = { view: this.acts.view(), places: this._places() };
  }

  _places() {
    return [...this._fingers.values()].map(([x, y]) => this._local(x, y));
  }

  _wheel(event) {
    // In a frame the wheel scrolls the page around it, until the picture was clicked.
    if (window !== window.parent && !document.hasFocus()) return;
    event.preventDefault();
    const steps = wheelSteps(event);
    if (!steps) return;
    if (event.timeStamp - this._wheelAt > WHEEL_GESTURE) this.acts.begin();
    this._wheelAt = event.timeStamp;
    this.acts.zoom(steps, this._local(event.clientX, event.clientY));
  }
}

function middle(places) {
  return [0, 1].map((k) => places.reduce((sum, place) => sum + place[k], 0) / places.length);
}

function spread([a, b]) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

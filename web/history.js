// The history of an exploration, as viewer/history.py: nothing is lost, since a change that is made
// after stepping back is appended at the end.

const MOST = 5000; // moments

// The moments seen, newest last, and the current one. A gesture (a held key, a drag) is one moment:
// each of its changes replaces the one before.
export class History {
  constructor(first) {
    this._moments = [first];
    this._at = 0;
    this._gesture = null;
  }

  get now() {
    return this._moments[this._at];
  }

  // [number of the current moment, from 1; number of moments].
  get place() {
    return [this._at + 1, this._moments.length];
  }

  // Append a moment; it replaces the last one of the same gesture. null is no gesture.
  add(moment, gesture = null) {
    if (gesture !== null && gesture === this._gesture) {
      this._moments[this._moments.length - 1] = moment;
    } else {
      this._moments.push(moment);
      if (this._moments.length > MOST) this._moments.shift();
    }
    this._gesture = gesture;
    this._at = this._moments.length - 1;
  }

  // Step back (-1) or on (+1); whether there was a moment.
  step(by) {
    this._gesture = null;
    if (!(this._at + by in this._moments)) return false;
    this._at += by;
    return true;
  }
}

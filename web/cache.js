// A cache of what was used last, within a number of bytes.

export class Cache {
  // limit: bytes of all that is kept; what does not fit is not kept at all.
  constructor(limit) {
    this.limit = limit;
    this.held = new Map(); // key -> {value, bytes}, the least recently used first
    this.bytes = 0;
  }

  // The value of a key; `make()` makes it, of about `bytes(value)` bytes, if there is none.
  get(key, make, bytes) {
    const found = this.held.get(key);
    if (found !== undefined) {
      this.held.delete(key);
      this.held.set(key, found);
      return found.value;
    }
    const value = make();
    const entry = { value, bytes: bytes(value) };
    this.held.set(key, entry);
    this.bytes += entry.bytes;
    for (const [old, { bytes: freed }] of this.held) {
      if (this.bytes <= this.limit) break;
      this.held.delete(old);
      this.bytes -= freed;
    }
    return value;
  }
}

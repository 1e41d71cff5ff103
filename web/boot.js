// The script that stands in the page as it is: it unpacks the others, and starts them. Where it
// cannot, the still picture stays, and it says why. The page's `cppn` is there at once.
//
//   characters -> 7 bits, or 16 -> bytes: a length of 4, raw LZMA (lc 3, lp 0, pb 0) -> parts
(() => {
  const element = (id) => document.getElementById(id);

  function bytesOf(characters) {
    const bytes = new Uint8Array(2 * characters.length);
    let bits = 0;
    let held = 0;
    let at = 0;
    for (let index = 0; index < characters.length; index++) {
      const code = characters.charCodeAt(index);
      const more = code - 128; // which of three codes, and nine bits more
      bits = more < 0 ? (bits << 7) | code
        : (bits << 16) | ([0, 13, 60][more >> 9] << 9) | (more & 511);
      for (held += more < 0 ? 7 : 16; held > 7; ) bytes[at++] = bits >> (held -= 8);
      bits &= 255;
    }
    return bytes;
  }

  // Igor Pavlov's LZMA, by its specification.
  function unpacked(input) {
    const output = new Uint8Array(new DataView(input.buffer).getUint32(0));
    const odds = new Uint16Array(8192).fill(1024); // of each bit: of 2048, that it is 0
    let read = 5; // the length, and a byte 0
    let code = 0;
    let range = -1 >>> 0;
    const shifted = () => {
      code = ((code << 8) | input[read++]) >>> 0;
    };
    for (let count = 4; count--; ) shifted();

    const narrowed = (bit) => {
      if (range < 16777216) {
        range = (range << 8) >>> 0;
        shifted();
      }
      return bit;
    };
    const bit = (index) => {
      const bound = (range >>> 11) * odds[index];
      if (code < bound) {
        range = bound;
        odds[index] += (2048 - odds[index]) >> 5;
        return narrowed(0);
      }
      range -= bound;
      code -= bound;
      odds[index] -= odds[index] >> 5;
      return narrowed(1);
    };
    const tree = (start, bits) => {
      let node = 1;
      for (let count = bits; count--; ) node = node * 2 + bit(start + node);
      return node - (1 << bits);
    };
    const reversed = (start, bits) => {
      let node = 1;
      let value = 0;
      for (let place = 0; place < bits; place++) {
        const found = bit(start + node);
        node = node * 2 + found;
        value += found << place;
      }
      return value;
    };
    const direct = (bits) => {
      let value = 0;
      for (let count = bits; count--; ) {
        range >>>= 1;
        const found = code < range ? 0 : 1;
        if (found) code -= range;
        value = value * 2 + narrowed(found);
      }
      return value;
    };
    const length = (start) => {
      if (!bit(start)) return 2 + tree(start + 2, 3);
      return bit(start + 1) ? 18 + tree(start + 18, 8) : 10 + tree(start + 10, 3);
    };

    // Places in `odds`: six rows of 12 states, then these.
    const [SLOTS, ALIGNED, FAR, NEW, OLD, LITERALS] = [80, 336, 352, 480, 760, 1040];
    let state = 0;
    let [first, second, third, fourth] = [0, 0, 0, 0]; // the last distances
    let at = 0;
    while (at < output.length) {
      let copied = 0;
      if (!bit(state)) {
        const start = LITERALS + 768 * (output[at - 1] >> 5);
        let node = 1;
        if (state > 6) {
          let other = output[at - first - 1] | 256;
          for (let same = true; same && node < 256; ) {
            other = (other << 1) & 511;
            const side = other >> 8;
            const found = bit(start + 256 + 256 * side + node);
            node = node * 2 + found;
            same = found === side;
          }
        }
        while (node < 256) node = node * 2 + bit(start + node);
        output[at++] = node;
        state = state < 4 ? 0 : state - (state < 10 ? 3 : 6);
        continue;
      }
      if (bit(12 + state)) {
        if (!bit(24 + state)) {
          if (!bit(60 + state)) copied = 1;
        } else {
          let distance = second;
          if (bit(36 + state)) {
            distance = third;
            if (bit(48 + state)) {
              distance = fourth;
              fourth = third;
            }
            third = second;
          }
          second = first;
          first = distance;
        }
        if (copied) {
          state = state < 7 ? 9 : 11;
        } else {
          copied = length(OLD);
          state = state < 7 ? 8 : 11;
        }
      } else {
        [second, third, fourth] = [first, second, third];
        copied = length(NEW);
        state = state < 7 ? 7 : 10;
        first = tree(SLOTS + 64 * Math.min(copied - 2, 3), 6);
        if (first > 3) {
          const bits = (first >> 1) - 1;
          const slot = first;
          first = (2 | (first & 1)) << bits;
          if (slot < 14) first += reversed(FAR + first - slot, bits);
          else first += direct(bits - 4) * 16 + reversed(ALIGNED, 4);
        }
      }
      while (copied-- && at < output.length) {
        output[at] = output[at - first - 1];
        at++;
      }
    }
    return new TextDecoder().decode(output);
  }

  let page;
  let problem;
  globalThis.cppn = {
    // The preset shown now, as TOML.
    get preset() {
      return page ? page.preset : JSON.parse(element("cppn-gl").textContent).preset;
    },
    // A Promise of the pixels of the preset shown now: Uint8Array RGBA, row 0 on top, one sample a
    // pixel.
    async render(width, height, time) {
      if (!page) throw problem;
      return page.render(width, height, time);
    },
  };
  try {
    const parts = unpacked(bytesOf(element("packed").textContent)).split("\0");
    const [style, description, program, ...texts] = parts;
    const shaders = {};
    while (texts.length) shaders[texts.shift()] = texts.shift();
    const script = document.createElement("script");
    const sheet = document.createElement("style");
    script.textContent = program;
    sheet.textContent = style;
    document.head.append(sheet, script);
    page = globalThis.program.start(JSON.parse(description), shaders);
  } catch (error) {
    problem = error;
    element("problem").textContent = `This is a still picture: ${error.message || error}.`;
  }
})();

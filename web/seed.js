// Seeds in writing, as cppn_gl/nn/draws.py reads them: a number, or words that stand for one.

export const MAX_SEED = 2n ** 63n - 1n;

const MAX_TITLE = 100; // characters of words that are kept as a title
const NUMBER = /^[ \t-\r]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t-\r]*$/;
const DIGITS = /^[ \t-\r]*([0-9]+)[ \t-\r]*$/;
// White space, and control characters with line separators, as Python knows them.
const SPACE = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/;

// The first 32 bits of the fraction of a number.
function fraction(x) {
  return (x - Math.floor(x)) * 2 ** 32;
}

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((p) => n % p !== 0)) PRIMES.push(n);
const START = Uint32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const ROUND = Uint32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));

function rotated(word, count) {
  return (word >>> count) | (word << (32 - count));
}

// SHA-256 (FIPS 180-4) of bytes: Uint32Array (8), big-endian words. Browsers have their own only
// for pages from a secure origin, which a file is not everywhere.
export function sha256(bytes) {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length * 8);
  const hash = START.slice();
  const w = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let k = 0; k < 16; k++) w[k] = view.getUint32(at + 4 * k);
    for (let k = 16; k < 64; k++) {
      const x = w[k - 15];
      const y = w[k - 2];
      const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
      const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
      w[k] = w[k - 16] + s0 + w[k - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let k = 0; k < 64; k++) {
      const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[k] + w[k]) | 0;
      const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
      const other = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + other) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, k) => (hash[k] += word));
  }
  return hash;
}

// The seed (BigInt) of digits or words; null for other numbers, such as -5, and for no words.
export function seedOf(text) {
  const digits = DIGITS.exec(text);
  if (digits !== null) {
    const long = digits[1].length >= 100; // even if it begins with zeros
    return long || BigInt(digits[1]) > MAX_SEED ? null : BigInt(digits[1]);
  }
  if (!wordsOf(text) || LONE.test(text)) return null;
  const [high, low] = sha256(new TextEncoder().encode(text.normalize("NFC")));
  return ((BigInt(high) << 32n) | BigInt(low)) & MAX_SEED;
}

// The words of a seed that is given by words, as a title of one line, cut if long; "" for a number.
export function wordsOf(text) {
  if (NUMBER.test(text)) return "";
  const spaced = (words) => words.split(SPACE).filter(Boolean).join(" ");
  const title = [...spaced(spaced(text.normalize("NFC")).replace(CONTROL, ""))];
  if (title.length <= MAX_TITLE) return title.join("");
  return `${title.slice(0, MAX_TITLE - 1).join("").replace(/\s+$/, "")}…`;
}

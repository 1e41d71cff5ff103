// TOML text of a preset, which cppn_gl/preset/parsing.py reads back.
//
// A document holds strings, booleans, integers (BigInt), floats (numbers), arrays, and tables
// (plain objects); an array of tables is written as [[table]].

const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" };

function text(value) {
  const escaped = value.replace(/["\\\x00-\x1f\x7f]/g, (c) => {
    if (c === '"' || c === "\\") return `\\${c}`;
    return ESCAPES[c] || `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

// A float in its shortest form, such as 0.1, 2.0 or 1e-7.
function float(value) {
  const shortest = Object.is(value, -0) ? "-0.0" : String(value);
  return /[.e]/.test(shortest) ? shortest : `${shortest}.0`;
}

// The float64 of fewest digits that is rounded to a float32: 0.4 for 0.4000000059604645.
function short(value) {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}

function array(values) {
  const items = values.map(written);
  if (!values.some(Array.isArray)) return `[${items.join(", ")}]`;
  return `[\n${items.map((item) => `    ${item},\n`).join("")}]`;
}

function written(value) {
  switch (typeof value) {
    case "string":
      return text(value);
    case "number":
      return float(value);
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return array(value);
  }
}

function name(key) {
  return /^[\w-]+$/.test(key) ? key : text(key);
}

function isTable(value) {
  return typeof value === "object" && !Array.isArray(value);
}

function lines(table, path) {
  const simple = [];
  const tables = [];
  for (const [key, value] of Object.entries(table)) {
    const full = path === "" ? name(key) : `${path}.${name(key)}`;
    if (isTable(value)) {
      tables.push(`\n[${full}]\n${lines(value, full)}`);
    } else if (Array.isArray(value) && value.length > 0 && value.every(isTable)) {
      for (const one of value) tables.push(`\n[[${full}]]\n${lines(one, full)}`);
    } else {
      simple.push(`${name(key)} = ${written(value)}\n`);
    }
  }
  return simple.join("") + tables.join("");
}

// The text of a document.
export function tomlOf(document) {
  return lines(document, "");
}

// The table of a layer: its weights, (rows, columns), and biases are Float32Arrays.
export function layerTable({ rows, columns, weight, bias, activation }) {
  const shortest = (values) => Array.from(values, short);
  const row = (_, k) => shortest(weight.subarray(k * columns, (k + 1) * columns));
  return { weight: Array.from({ length: rows }, row), bias: shortest(bias), activation };
}

// The text of the programs that draw networks: the counterpart of engines/gl/shader.py and baked.py.
//
//   network, layout -> structureOf() -> headOf() + the texts of shaders/ -> pictureSource()
//
// A program depends on a structure {layout, hidden, output, curved, alpha}, not on depth, widths and
// weights; one with literals also on the weights, but not on their scales.

import { ACTIVATIONS } from "./activations.js";
import { kinds } from "./features.js";
import { MAX_DRAWN, MAX_WIDTH, TEXTURE_WIDTH, roundUp, stride, unrolled } from "./layout.js";

const LANES = {
  1: {
    real: "float",
    steps: "0.0",
    integers: [
      ["UINTS", "uint"],
      ["INTS", "int"],
      ["PIXEL_COLUMNS(p)", "uint((p).x)"],
      ["PIXEL_ROWS(p)", "uint((p).y)"],
    ],
    select: "bad > 0.0 ? mark : value",
  },
  4: {
    real: "vec4",
    steps: "vec4(0.0, 2.0, 4.0, 6.0)",
    integers: [
      ["UINTS", "uvec4"],
      ["INTS", "ivec4"],
      ["PIXEL_COLUMNS(p)", "(uint((p).x) + uvec4(0u, 1u, 2u, 3u))"],
      ["PIXEL_ROWS(p)", "uvec4(uint((p).y))"],
    ],
    select: "mix(value, REAL(mark), greaterThan(bad, REAL(0.0)))",
  },
};
const CHANGES = {
  r: () => "radius_change(u, v)",
  x2: () => "(u) * (u)",
  y2: () => "(v) * (v)",
  xy: () => "(u) * (v)",
  wave_x: (k) => `wave_change(${k}, PIXEL_COLUMNS(pixel))`,
  wave_y: (k) => `wave_change(${k}, PIXEL_ROWS(pixel))`,
};
const NETWORK_HERE = "#pragma network"; // where the text of the network's function belongs
const TERMS = 4; // products per statement

export function structureOf(network, layout) {
  const used = new Set(network.layers.slice(0, -1).map((layer) => layer.activation));
  const hidden = Object.keys(ACTIVATIONS).filter((name) => used.has(name));
  const output = network.layers[network.layers.length - 1].activation;
  return { layout, hidden, output, curved: kinds(network.inputs), alpha: network.channels === 4 };
}

// The length of the Frame block's arrays of waves, for curved features of these kinds.
export function waveCount(curved) {
  return curved.some((kind) => kind.startsWith("wave")) ? curved.length : 0;
}

function define(name, value) {
  return `#define ${name} ${value}`;
}

function repeated(count, text) {
  return Array.from({ length: count }, (_, k) => text(k)).join(" ");
}

function defines(structure, lanes) {
  const { layout, hidden, output, curved, alpha } = structure;
  const { real, steps, integers, select } = LANES[lanes];
  const names = Object.keys(ACTIVATIONS);
  const choices = hidden.slice(0, -1).map((name) => {
    return `if (kind == ${names.indexOf(name)}) return activation_${name}(x);`;
  });
  const last = hidden.length ? `activation_${hidden[hidden.length - 1]}(x)` : "x";
  const step = 4 * layout.chunks;
  const chunks = `(layers.shape[layer].y + ${step - 1}) / ${step} * ${layout.chunks}`;
  const more = roundUp(Math.max(curved.length - 1, 0), 4);
  const changes = curved.map((kind, k) => CHANGES[kind](k));
  const curve = ["far[g]", ...Array.from({ length: more }, (_, k) => `more[(g) * MORE + ${k}]`)];
  return [
    ["ADDITIVE", 0],
    ["ALPHA", Number(alpha)],
    ["LANES", lanes],
    ["GROUPS", 1],
    ["REAL", real],
    ["LANE_STEPS", steps],
    ["PRECISE", ""],
    ["UNROLLED", Number(unrolled(layout))],
    ["UNITS", layout.units],
    ["ROWS", layout.rows],
    ["CHUNKS", layout.chunks],
    ["BIASES", Math.ceil(layout.rows / 4)],
    ["OVERFLOWS", Number(!hidden.every((name) => ACTIVATIONS[name].bounded))],
    ["HIDDEN_ACTIVATIONS", [...choices, `return ${last};`].join(" ")],
    ["OUTPUT_ACTIVATION", `activation_${output}`],
    ["STRIDE(layer)", `(${unrolled(layout) ? stride(layout, 0) : `BIASES + ROWS * (${chunks})`})`],
    ["EACH_GROUP(DO, what)", "DO(0, what)"],
    ["EACH_ROW(DO, what)", repeated(layout.rows, (k) => `DO(${k}, what)`)],
    ["EACH_CHUNK(DO, what)", repeated(layout.chunks, (k) => `DO(${k}, what)`)],
    ["EACH_UNIT(DO)", repeated(layout.units, (k) => `DO(${k}, 0)`)],
    ["EACH_MOVED(DO)", repeated(layout.units - layout.rows, (k) => `DO(${k}, 0)`)],
    ["SELECT(value, bad, mark)", `value = ${select}`],
    ["MORE", more],
    ["WAVES", waveCount(curved)],
    ...integers,
    [
      "CURVE(g, u, v, pixel)",
      curve.map((place, k) => `${place} = ${changes[k] || "REAL(0.0)"};`).join(" "),
    ],
    ["EACH_MORE(DO, g)", repeated(more / 4, (k) => `DO(${k}, g)`)],
  ];
}

// The function `vec4 weight(int i)`, and the blocks or the texture that it reads.
function weights({ blocks, blockSize }) {
  if (!blocks) {
    const [mask, shift] = [TEXTURE_WIDTH - 1, Math.log2(TEXTURE_WIDTH)];
    const fetch = `texelFetch(weights, ivec2(i & ${mask}, i >> ${shift}), 0)`;
    return ["uniform sampler2D weights;", `vec4 weight(int i) { return ${fetch}; }`];
  }
  const numbers = Array.from({ length: blocks }, (_, k) => k);
  const declared = numbers.map((k) => {
    return `layout(std140) uniform Weights${k} { vec4 w[${blockSize}]; } weights${k};`;
  });
  if (blocks === 1) return [...declared, "vec4 weight(int i) { return (weights0.w[i]); }"];
  const choices = numbers.map((k) => {
    const condition = k < blocks - 1 ? `if (i < ${(k + 1) * blockSize}) ` : "";
    return `    ${condition}return (weights${k}.w[i & ${blockSize - 1}]);`;
  });
  return [...declared, "vec4 weight(int i) {", ...choices, "}"];
}

// The definitions and declarations that the texts of shaders/ need.
export function headOf(structure, lanes) {
  const { layout, curved } = structure;
  const waves = waveCount(curved);
  const rest = waves ? [`    uvec4 angle[${waves}];`, `    vec4 wave[${waves}];`] : [];
  const more = curved.length > 1 ? ["uniform sampler2D curved_weights;"] : [];
  return [
    ...defines(structure, lanes).map(([name, value]) => define(name, value)),
    ...more,
    "layout(std140) uniform Frame {",
    "    ivec2 size;",
    "    ivec2 offset;",
    "    vec2 jitter;",
    "    vec2 center;",
    "    float extent;",
    "    float radius;",
    "    float sample_weight;",
    "    int depth;",
    "    int outputs;",
    "    int clamped;",
    "    vec2 alpha;",
    ...rest,
    "} frame;",
    "layout(std140) uniform Layers {",
    `    ivec4 shape[${MAX_DRAWN}];`,
    `    vec4 scale[${MAX_DRAWN}];`,
    "} layers;",
    "layout(std140) uniform First {",
    `    vec4 unit[${MAX_WIDTH}];`,
    "} first;",
    ...weights(layout),
  ].join("\n");
}

// A float32 as GLSL: the shortest text that is read as this number.
export function literal(value) {
  let text = "";
  for (let digits = 1; digits <= 9; digits++) {
    text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) break;
  }
  text = text.replace(/^(-?)0\./, "$1.").replace("e+", "e");
  if (!/[.e]/.test(text)) text += ".";
  return text.startsWith("-") ? `(${text})` : text;
}

// The function `network` with the unscaled weights of one network as literals. Layer 1 stays in its
// block, since view and time are folded into it, and so do the scales.
export function literalNetwork(network) {
  const last = network.layers.length - 1;
  const more = kinds(network.inputs).length > 1;
  const lines = [
    "void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],",
    "out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {",
    "REAL s;",
  ];
  network.layers.forEach(({ rows, columns, weight, bias, activation }, index) => {
    if (index > 0) lines.push(`vec4 k${index} = layers.scale[${index}];`);
    for (let row = 0; row < rows; row++) {
      if (index === 0) {
        const fold = `first.unit[${row}]`;
        const terms = more ? ` MORE_TERMS(${row}, 0)` : "";
        lines.push(
          `s = ${fold}.x * u[0] + ${fold}.y * v + ${fold}.z + ${fold}.w * far[0]${terms};`,
          "broken[0] += REAL(isnan(s));"
        );
      } else {
        for (let column = 0; column < columns; column += TERMS) {
          const terms = [];
          for (let k = column; k < Math.min(column + TERMS, columns); k++) {
            terms.push(`${literal(weight[row * columns + k])} * u${index - 1}_${k}`);
          }
          lines.push(`s ${column ? "+=" : "="} ${terms.join(" + ")};`);
        }
        lines.push(`s = k${index}.x * s + k${index}.y * ${literal(bias[row])};`);
        lines.push("NOTE_BROKEN(0, s)");
      }
      const value = index === last ? "s" : `activation_${activation}(s)`;
      lines.push(`REAL u${index}_${row} = ${value};`);
    }
  });
  const rows = network.outputs;
  ["red", "green", "blue"].forEach((name, k) => {
    lines.push(`${name}[0] = u${last}_${Math.min(k, rows - 1)};`);
  });
  if (rows === 4) lines.push(`SET_ALPHA(0, u${last}_3)`);
  return [...lines, "}"].join("\n");
}

// A program's text after its #version: `shaders` are the texts of shader_texts() in Python.
export function pictureSource(shaders, structure, lanes, literals = "") {
  const of = literals ? { ...structure, layout: { ...structure.layout, blocks: 0 } } : structure;
  const body = shaders.picture.replace(NETWORK_HERE, () => literals || shaders.network);
  return `${headOf(of, lanes)}\n${body}`;
}

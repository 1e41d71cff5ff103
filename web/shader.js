// The text of the programs that draw networks: the counterpart of engines/gl/shader.py and baked.py.
//
//   network, layout -> structureOf() -> headOf() + the texts of shaders/ -> loopSources()
//                                     its weights as literals            -> literalSources()
//
// A program depends on a structure {layout, hidden, output, curved, alpha}, not on depth, widths and
// weights; one with literals also on the weights, but not on their scales. Sources are [vertex
// shader, fragment shader], without #version.

import { ACTIVATIONS } from "./activations.js";
import { kinds } from "./features.js";
import { MAX_DRAWN, MAX_WIDTH, TEXTURE_WIDTH, alphaRange, roundUp, stride, unrolled,
} from "./layout.js";

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
const FRAME = [
  ["ivec2", "size"],
  ["ivec2", "offset"],
  ["vec2", "jitter"],
  ["vec2", "center"],
  ["float", "extent"],
  ["float", "radius"],
  ["float", "sample_weight"],
  ["int", "depth"],
  ["int", "outputs"],
  ["int", "clamped"],
  ["vec2", "alpha"],
];
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

function frameBlock(curved) {
  const waves = waveCount(curved);
  const rest = waves ? [`    uvec4 angle[${waves}];`, `    vec4 wave[${waves}];`] : [];
  const members = FRAME.map(([type, name]) => `    ${type} ${name};`);
  return ["layout(std140) uniform Frame {", ...members, ...rest, "} frame;"];
}

const OTHER_BLOCKS = [
  "layout(std140) uniform Layers {",
  `    ivec4 shape[${MAX_DRAWN}];`,
  `    vec4 scale[${MAX_DRAWN}];`,
  "} layers;",
  "layout(std140) uniform First {",
  `    vec4 unit[${MAX_WIDTH}];`,
  "} first;",
];

// The definitions and declarations that the texts of shaders/ need. `frame`: lines that declare it.
export function headOf(structure, lanes, frame = frameBlock(structure.curved)) {
  const more = structure.curved.length > 1 ? ["uniform sampler2D curved_weights;"] : [];
  const defined = defines(structure, lanes).map(([name, value]) => `#define ${name} ${value}`);
  return [...defined, ...more, ...frame, ...OTHER_BLOCKS, ...weights(structure.layout)].join("\n");
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

// The function `network` with the unscaled weights of one network as literals. Layer 1 is not among
// them, since view and time are folded into it, nor are the scales. `flat`: see literalSources.
function literalNetwork(network, flat) {
  const last = network.layers.length - 1;
  const more = kinds(network.inputs).length > 1;
  const lines = [
    "void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],",
    "out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {",
    "REAL s;",
  ];
  network.layers.forEach(({ rows, columns, weight, bias, activation }, index) => {
    const [factor, shift] = flat.scales
      ? scalePlace(index).map((place) => `scale${place}`)
      : [`k${index}.x`, `k${index}.y`];
    if (index > 0 && !flat.scales) lines.push(`vec4 k${index} = layers.scale[${index}];`);
    for (let row = 0; row < rows; row++) {
      if (index === 0) {
        const fold = row < flat.rows ? `first${row}` : `first.unit[${row}]`;
        const terms = more ? ` MORE_TERMS(${row}, 0)` : "";
        lines.push(
          `s = ${fold}.x * u[0] + ${fold}.y * v + ${fold}.z + ${fold}.w * far[0]${terms};`,
          "broken[0] += REAL(isnan(s));",
        );
      } else {
        for (let column = 0; column < columns; column += TERMS) {
          const terms = [];
          for (let k = column; k < Math.min(column + TERMS, columns); k++) {
            terms.push(`${literal(weight[row * columns + k])} * u${index - 1}_${k}`);
          }
          lines.push(`s ${column ? "+=" : "="} ${terms.join(" + ")};`);
        }
        lines.push(`s = ${factor} * s + ${shift} * ${literal(bias[row])};`);
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

// Where the two scales of layer `index`, from 1, are in vec4s scale0, scale1 …
function scalePlace(index) {
  const [place, half] = [(index - 1) >> 1, (index - 1) & 1];
  return half ? [`${place}.z`, `${place}.w`] : [`${place}.x`, `${place}.y`];
}

// The program of one network, with its unscaled weights as literals and one lane. `most`: how many
// vec4s a vertex may hand to a fragment.
//
// A software renderer checks each index of a block at each pixel, which takes it as long as a dozen
// products. So what is the same at all pixels is handed over by the vertices, as far as it fits.
export function literalSources(shaders, structure, network, most) {
  const { layers, outputs } = network;
  const count = layers.length >> 1; // vec4s that hold the scales of two layers each
  const frame = !waveCount(structure.curved);
  const room = Math.max(0, most - 2 - (frame ? 2 : 0)); // drivers count gl_FragCoord, too
  const scales = count <= room;
  const rows = Math.min(layers[0].rows, scales ? room - count : room);
  const handed = []; // [type, name, value]
  if (frame) {
    handed.push(["ivec4", "place", "ivec4(frame.size, frame.offset)"]);
    handed.push(["vec4", "eye", "vec4(frame.center, frame.extent, frame.radius)"]);
  }
  for (let k = 0; scales && k < count; k++) {
    const value = `vec4(layers.scale[${2 * k + 1}].xy, layers.scale[${2 * k + 2}].xy)`;
    handed.push(["vec4", `scale${k}`, value]);
  }
  for (let row = 0; row < rows; row++) handed.push(["vec4", `first${row}`, `first.unit[${row}]`]);
  const [low, factor] = alphaRange(network).map((value) => literal(Math.fround(value)));
  const members = FRAME.map(([type, name]) => `${type} ${name};`).join(" ");
  const values = `place.xy, place.zw, vec2(0.0), eye.xy, eye.z, eye.w, 1.0, ${layers.length}, `;
  const given = [
    `struct Frame { ${members} };`,
    `#define frame Frame(${values}${outputs}, 0, vec2(${low}, ${factor}))`,
  ];
  const vertex = [
    ...frameBlock(structure.curved),
    ...OTHER_BLOCKS,
    ...handed.map(([type, name]) => `flat out ${type} ${name};`),
    shaders.full.replace("{", () => {
      return ["{", ...handed.map(([, name, value]) => `${name} = ${value};`)].join("\n");
    }),
  ];
  const of = { ...structure, layout: { ...structure.layout, blocks: 0 } };
  const literals = literalNetwork(network, { scales, rows });
  const fragment = [
    ...handed.map(([type, name]) => `flat in ${type} ${name};`),
    headOf(of, 1, frame ? given : frameBlock(structure.curved)),
    shaders.picture.replace(NETWORK_HERE, () => literals),
  ];
  return [vertex, fragment].map((lines) => lines.join("\n"));
}

// The program of all networks of a structure. `shaders`: the texts of shader_texts() in Python.
export function loopSources(shaders, structure, lanes) {
  const body = shaders.picture.replace(NETWORK_HERE, () => shaders.network);
  return [shaders.full, `${headOf(structure, lanes)}\n${body}`];
}

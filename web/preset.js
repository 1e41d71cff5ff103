// A preset as the page shows it: changes of keys, moments in time, TOML text, words.
//
//     description -> presetOf() -> Preset -> at(time) -> Moment: spec of the network, view, colours
//
// Its tables are those of the preset's file (cppn_gl/preset/). Integers are BigInts, floats numbers.

import { layerTable, tomlOf } from "./toml.js";
import { latentCount } from "./features.js";
import { layoutOf } from "./network.js";
import { movedAt } from "./animation.js";
import { seedOf, wordsOf } from "./seed.js";
import { wordsAbout } from "./words.js";

const TOP = ["title", "description", "shows", "theme"];
const SEEDS = ["network.seed", "network.between", "animation.walk"]; // integers beyond 2^53
const ENDS_WALK = { network: "network.seed", latents: "network.latent" };
const SIZES = ["depth", "width", "outputs"];

// The values that JSON holds, with integers as BigInts.
function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.int === "string") return BigInt(value.int);
  const entries = Object.entries(value).map(([name, one]) => [name, decoded(one)]);
  return Object.fromEntries(entries);
}

// Integers as numbers, also within arrays and tables.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  }
  return typeof value === "bigint" ? Number(value) : value;
}

// float32 numbers from base64.
function floatsOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

function layersOf({ layers, weights }) {
  const values = floatsOf(weights);
  let at = 0;
  return layers.map(({ rows, columns, activation }) => {
    const weight = values.subarray(at, (at += rows * columns));
    const bias = values.subarray(at, (at += rows));
    return { rows, columns, weight, bias, activation };
  });
}

// The units of each layer of a random network's table.
function unitsOf({ depth, width, outputs }) {
  return [...Array(Number(depth) - 1).fill(width), outputs];
}

function hiddenOf({ depth, activation }) {
  return Array.isArray(activation) ? activation : Array(Number(depth) - 1).fill(activation);
}

// What network.js makes a network of, from a [network] table. layers: given ones, or null.
function specOf(table, layers) {
  const or = (name) => (table[name] === undefined ? null : table[name]);
  const shared = {
    inputs: table.inputs,
    seed: table.seed,
    latent: or("latent"),
    boost: plain(table.boost || []),
    period: or("period"),
  };
  if (layers !== null) return { kind: "given", layers, ...shared };
  return {
    kind: "random",
    depth: Number(table.depth),
    width: Number(table.width),
    outputs: Number(table.outputs),
    activations: [...hiddenOf(table), table.output_activation],
    init: table.init,
    weightScale: table.weight_scale,
    biasScale: or("bias_scale"),
    omega: or("omega"),
    between: or("between"),
    ...shared,
  };
}

function weightsOf(spec) {
  return layoutOf(spec).shapes.reduce((sum, [rows, columns]) => sum + rows * (columns + 1), 0);
}

function greatest(values) {
  return values.reduce((a, b) => (a > b ? a : b));
}

// The [network] table with some keys changed; undefined removes one. For another depth a list of
// activations is cut, or its last entry repeated; boosted units that are no more are left out.
function networkWith(table, values) {
  const found = { ...table, ...values };
  if (Array.isArray(table.activation) && !("activation" in values)) {
    const { length } = table.activation;
    const last = length > 0 ? table.activation[length - 1] : "tanh";
    const hidden = Array.from({ length: Number(found.depth) - 1 }, (_, k) => table.activation[k]);
    found.activation = hidden.map((name) => name || last);
  }
  if (table.boost && !("boost" in values) && SIZES.some((name) => name in values)) {
    const units = unitsOf(found);
    const fits = ([layer, unit]) => layer <= units.length && unit <= units[Number(layer) - 1];
    found.boost = table.boost.filter(fits);
  }
  for (const name of Object.keys(found)) if (found[name] === undefined) delete found[name];
  if (found.boost && found.boost.length === 0) delete found.boost;
  return found;
}

// A document with values by dotted key; undefined, and null, remove one.
function changed(document, changes) {
  const found = { ...document };
  const tables = {};
  for (const [key, value] of Object.entries(changes)) {
    const dot = key.indexOf(".");
    const table = dot < 0 ? "" : key.slice(0, dot);
    tables[table] = tables[table] || {};
    tables[table][key.slice(dot + 1)] = value === null ? undefined : value;
  }
  for (const [table, values] of Object.entries(tables)) {
    if (table === "") Object.assign(found, values);
    else if (table === "network" && "depth" in document.network) {
      found.network = networkWith(document.network, values);
    } else {
      found[table] = { ...document[table], ...values };
      for (const name of Object.keys(values)) {
        if (values[name] === undefined) delete found[table][name];
      }
    }
  }
  if (found.animate && Object.keys(found.animate).length === 0) delete found.animate;
  return found;
}

function fingerprint({ network, normalize }) {
  const text = (_, value) => (typeof value === "bigint" ? `${value}n` : value);
  return JSON.stringify([network, normalize], text);
}

// The state at a time: what is drawn. `spec` is that of network.js.
class Moment {
  constructor(shared, document, time) {
    this.shared = shared;
    this.document = document;
    const { network, view, animation } = document;
    this.spec = specOf(network, shared.layers);
    this.view = { center: view.center, extent: view.extent };
    this.clock = { time, speed: animation.speed, loop: animation.loop };
    this.color = { ...shared.color, ...plain(document.color || {}) };
    this.normalize = this.normalizing();
    if (shared.normalized !== null && shared.normalizedAs === fingerprint(document)) {
      this.spec.normalized = shared.normalized;
    }
  }

  // The value of "table.key", as Preset.get.
  get(key) {
    return valueOf(this.shared, this.document, key);
  }

  normalizing() {
    const of = (name) => this.get(`normalize.${name}`);
    if (of("which") === "none") return null;
    return {
      which: of("which"),
      regionCenter: of("region_center"),
      regionExtent: of("region_extent"),
      grid: of("grid"),
      gain: of("gain"),
      gainSpread: of("gain_spread"),
      shift: of("shift"),
      shiftSpread: of("shift_spread"),
    };
  }
}

// The value of "table.key", or its default; null for one that is not set. Seeds are BigInts.
function valueOf({ keys }, document, key) {
  const dot = key.indexOf(".");
  const table = dot < 0 ? document : document[key.slice(0, dot)];
  const value = table && table[key.slice(dot + 1)];
  const found = value === undefined && keys[key] ? keys[key].default : value;
  if (found === undefined) return null;
  return SEEDS.includes(key) ? found : plain(found);
}

function integer(value) {
  return typeof value === "bigint" ? value : BigInt(Math.round(value));
}

// Lists of integers and floats by their keys, as they are held.
const LISTS = {
  "animation.walk": (seeds) => seeds.map(integer),
  "network.between": ([seed, part]) => [integer(seed), part],
  "network.boost": (all) => all.map(([layer, unit, by]) => [integer(layer), integer(unit), by]),
};

// A value as a key holds it: within its range, integers as BigInts. Throws RangeError.
function checked(limits, key, value) {
  if (LISTS[key]) return LISTS[key](value);
  if (Array.isArray(value)) return value.map((one) => checked(limits, key, one));
  if (limits === null) return value;
  if (key === "network.seed" && typeof value === "string") {
    const seed = seedOf(value);
    if (seed === null) throw new RangeError(`${value} is neither a number up to 2^63 nor words`);
    return seed;
  }
  if (limits.choices) {
    if (!limits.choices.includes(plain(value))) throw new RangeError(`${key} has no ${value}`);
    return typeof value === "number" ? BigInt(value) : value;
  }
  if (Number.isNaN(value)) throw new RangeError(`${key}: not a number`);
  const { least, most, whole } = limits;
  const inside = value < least ? least : value > most ? most : value;
  return whole ? integer(inside) : Number(inside);
}

// A network, its viewport, colours and animation. Immutable: see `replace`.
class Preset {
  constructor(shared, document) {
    this.shared = shared;
    this.document = document;
  }

  // The value of "table.key" without animation; null for one that is not set.
  get(key) {
    return valueOf(this.shared, this.document, key);
  }

  // {least, most, low, high, factor, whole, default, help}: the range of a key of numbers, and its
  // useful part; {choices}: of names. null for a key that this preset does not have.
  limits(key) {
    const row = this.shared.keys[key];
    if (row === undefined || !("least" in row || "choices" in row)) return null;
    const most = this.room(key);
    return most === null ? row : { ...row, most, high: Math.min(row.high, most) };
  }

  // The largest depth or width with which there are not too many weights; null for other keys.
  room(key) {
    const { network, animate = {} } = this.document;
    const name = key.slice(8);
    if (key !== "network.depth" && key !== "network.width") return null;
    const moving = Object.keys(animate).filter((other) => other.startsWith("network."));
    const sizes = specOf(network, null);
    for (const other of moving) sizes[other.slice(8)] = Number(greatest(animate[other]));
    const fits = (value) => weightsOf({ ...sizes, [name]: value }) <= this.shared.mostWeights;
    let { least, most } = this.shared.keys[key];
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (fits(middle)) least = middle;
      else most = middle - 1;
    }
    return most;
  }

  // A preset with some keys changed: {"network.depth": 12}; null unsets one that may be absent.
  //
  // Numbers are clamped to their range. A key that is set is no longer animated. A new seed ends a
  // walk, and clears `between`; it may be given by words, which become the title. Throws
  // RangeError.
  replace(keys) {
    let found = new Preset(this.shared, this.document);
    for (const [key, value] of Object.entries(keys)) {
      const limits = found.limits(key.replace(/^animate\./, ""));
      const held = value === null ? null : checked(limits, key, value);
      found = new Preset(this.shared, changed(found.document, { [key]: held }));
    }
    const { animate = {}, animation, network, color } = this.document;
    const also = {};
    for (const name of Object.keys(animate)) {
      if (name in keys && !(`animate.${name}` in keys)) also[`animate.${name}`] = null;
    }
    const walks = animation.walk.length > 0 && !("animation.walk" in keys);
    if (walks && ENDS_WALK[animation.walker] in keys) also["animation.walk"] = [];
    if ("network.seed" in keys) {
      if ("between" in network && !("network.between" in keys)) also["network.between"] = null;
      const seed = keys["network.seed"];
      const words = typeof seed === "string" ? wordsOf(seed) : "";
      const { title } = this.document;
      const named = wordsOf(title) !== "" && seedOf(title) === network.seed;
      if ((words || named) && !("title" in keys)) also.title = words;
    }
    if ("color.palette" in keys && keys["color.palette"].length > 0 && !("color.mapping" in keys)) {
      const own = color && ["palette", "plates"].includes(color.mapping);
      if (!own) also["color.mapping"] = "palette";
    }
    return new Preset(this.shared, changed(found.document, also));
  }

  // The state at a time in seconds: animated keys at their values, the walk at its place.
  at(time) {
    if (this.last === undefined || this.last.clock.time !== time) {
      const { network } = this.document;
      const { layers } = this.shared;
      const layout = layers === null ? layoutOf(specOf(network, null)) : null;
      const latents = latentCount(network.inputs);
      const moved = movedAt(this.document, this.shared.keys, layout, latents, time);
      this.last = new Moment(this.shared, changed(this.document, moved), time);
    }
    return this.last;
  }

  // Whether the picture changes with time.
  get moves() {
    const { animate, animation, network } = this.document;
    const { inputs } = network;
    const turns = inputs.includes("cos_t") || inputs.includes("sin_t");
    const grows = inputs.includes("t") && animation.speed !== 0;
    return Boolean(animate) || animation.walk.length > 0 || turns || grows;
  }

  // The preset as TOML text, from which cppn_gl opens it.
  toToml() {
    const { network, ...others } = this.document;
    const top = Object.fromEntries(TOP.filter((n) => n in others).map((n) => [n, others[n]]));
    const { layers } = this.shared;
    const table = layers === null ? network : { ...network, layers: layers.map(layerTable) };
    return tomlOf({ format: 1n, ...top, network: table, ...others });
  }

  // What is shown at a time, in words: the title first.
  words(time) {
    const { document, moves, shared } = this;
    const { name, home, cells } = shared;
    return wordsAbout({ name, document, moves, home, cells }, this.at(time));
  }
}

// The preset of a page, as cppn_gl/output/web/description.py describes it.
export function presetOf(description) {
  const { tables, network, normalized, color, keys, time } = description;
  const shared = {
    name: description.name,
    keys: decoded(keys),
    color,
    cells: description.cells,
    layers: network.kind === "given" ? layersOf(network) : null,
    mostWeights: description.most_weights,
    normalized: null,
    normalizedAs: "",
  };
  const document = decoded(tables);
  const first = new Preset(shared, document).at(time);
  const home = first.view;
  if (normalized === null) return new Preset({ ...shared, home }, document);
  const normalizedAs = fingerprint(first.document);
  return new Preset({ ...shared, home, normalized: floatsOf(normalized), normalizedAs }, document);
}

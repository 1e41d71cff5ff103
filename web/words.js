// What a page shows, in words.

import { secondsOf } from "./animation.js";

const PASSES = {
  bounce: (seconds) => `moving to and fro, ${seconds} s each way`,
  loop: (seconds) => `moving round in ${seconds} s`,
  repeat: (seconds) => `moving in ${seconds} s, again and again`,
  stop: (seconds) => `moving once, in ${seconds} s`,
};
const LABELS = { "view.extent": "extent", "network.omega": "ω₀" };

// A number with four digits at most that count.
function short(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

function point([x, y]) {
  return `(${short(x)}, ${short(y)})`;
}

// "sin, 8 × tanh" for a list of names.
function runs(names) {
  const found = [];
  for (const name of names) {
    const last = found[found.length - 1];
    if (last && last.name === name) last.count += 1;
    else found.push({ name, count: 1 });
  }
  return found.map(({ name, count }) => (count > 1 ? `${count} × ${name}` : name)).join(", ");
}

function structure({ activations, depth, width }) {
  const hidden = activations.slice(0, -1);
  const [last] = activations.slice(-1);
  if (depth === 1) return `1 layer: ${last}`;
  const same = hidden.every((name) => name === hidden[0]);
  return `${depth} layers of ${width} units: ${same ? hidden[0] : runs(hidden)}, then ${last}`;
}

function boosts(all) {
  return all.map(([layer, unit, by]) => `unit ${unit} of layer ${layer} × ${short(by)}`);
}

function draws({ init, weightScale, biasScale, omega, seed, between, boost }) {
  const parts = [`${init} × ${short(weightScale)}`];
  if (biasScale !== null) parts.push(`biases × ${short(biasScale)}`);
  if (omega !== null && omega !== 1) parts.push(`ω₀ ${short(omega)}`);
  parts.push(`seed ${seed}`);
  if (between) parts.push(`${short(100 * between[1])} % of the way to seed ${between[0]}`);
  return [...parts, ...boosts(boost)].join(", ");
}

function given({ layers, boost }) {
  const units = layers.map(({ rows }) => rows).join(", ");
  const count = layers.length === 1 ? "1 layer" : `${layers.length} layers`;
  const many = units === "1" ? "unit" : "units";
  const names = runs(layers.map((layer) => layer.activation));
  return [`${count} of ${units} ${many} with given weights: ${names}`, ...boosts(boost)].join(", ");
}

function network(spec) {
  const found = spec.kind === "given" ? [given(spec)] : [structure(spec), draws(spec)];
  const latents = spec.latent === null ? [] : spec.latent.slice(0, 4).map(short);
  const more = spec.latent !== null && spec.latent.length > 4 ? " …" : "";
  found.push(`inputs ${spec.inputs.join(" ")}`);
  if (latents.length > 0) found.push(`z = ${latents.join(", ")}${more}`);
  if (spec.period !== null) found.push(`period ${short(spec.period)}`);
  return found;
}

function normalizing({ which, gain, gainSpread, shift, shiftSpread, regionCenter, regionExtent }) {
  const spread = (value, by) => `${short(value)}${by > 0 ? ` ± ${short(by)}` : ""}`;
  const units = which === "all" ? "all units" : "hidden units";
  const where = `over ± ${short(regionExtent)} around ${point(regionCenter)}`;
  const to = `mean ${spread(shift, shiftSpread)}, deviation ${spread(gain, gainSpread)}`;
  return `${units} normalised ${where}: ${to}`;
}

function colors({ mapping, invert, stretch, inks, isolines }) {
  const parts = [];
  if (mapping !== "rgb") parts.push(mapping);
  if (invert) parts.push("inverted");
  if (stretch !== "none") parts.push(`stretched (${stretch})`);
  if (inks > 0) parts.push(`${inks} flat inks`);
  if (isolines > 0) parts.push(`contour lines every ${short(isolines)}`);
  return parts.length > 0 ? [`colours: ${parts.join(", ")}`] : [];
}

function label(key) {
  return LABELS[key] || key.slice(key.indexOf(".") + 1).replace(/_/g, " ");
}

function listed(values) {
  const words = values.map((value) => (Array.isArray(value) ? point(value) : short(value)));
  if (words.length < 5) return words.join(", ");
  return `${words.slice(0, 3).join(", ")} … ${words.slice(-1)}`;
}

function moving({ animate = {}, animation }) {
  const parts = Object.entries(animate).map(([key, values]) => `${label(key)} ${listed(values)}`);
  const what = animation.walker === "latents" ? "the constants of seeds" : "seeds";
  if (animation.walk.length > 0) parts.push(`${what} ${listed(animation.walk)}`);
  if (parts.length === 0) return [];
  const pass = PASSES[animation.ending](short(secondsOf(animation)));
  return [`${pass}: ${parts.join("; ")}`];
}

// The pictures of a sheet or of each layer.
function pictures(cells, { show, sweep = {} }) {
  if (!cells || !show || show.view !== cells.view) return [];
  if (cells.view === "layers") return ["the picture of each layer"];
  const varied = [sweep.rows, sweep.cols].filter(Boolean).join(" × ");
  const size = `a sheet of ${cells.rows} × ${cells.columns} pictures`;
  return [varied === "" ? size : `${size}: ${varied}`];
}

// A preset and its moment, as sentences: the title, the network, its place, its colours, its time.
//
// home: where the page began, {center, extent}. cells: those of the page, or null.
export function wordsAbout({ name, document, moves, home, cells }, moment) {
  const { spec, view, clock, color, normalize } = moment;
  const zoom = `zoom ${short(home.extent / view.extent)}×`;
  return [
    document.title || name,
    ...pictures(cells, document),
    ...network(spec),
    ...(normalize === null ? [] : [normalizing(normalize)]),
    ...colors(color),
    `${zoom}, ± ${short(view.extent)} around ${point(view.center)}`,
    ...moving(document),
    ...(moves ? [`t = ${clock.time.toFixed(2)} s`] : []),
  ];
}

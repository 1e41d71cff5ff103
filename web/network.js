// Networks of dense layers: from a spec's draws or from given weights, as nn/sources.py makes them.
//
// Network: {layers: [{rows, columns, weight: Float32Array (rows · columns), bias: Float32Array
// (rows), activation}], scales: [[w, b], …], inputs, latent, period, outputs, channels, normalized}.
// Layers are unscaled; the effective ones are multiplied by their scales, in float32. Equal draws
// are the same arrays, so that another scale uploads no weights.

import { TURN, latentCount } from "./features.js";
import { arraysOf, blended } from "./interpolation.js";
import { Cache } from "./cache.js";
import { LATENT, drawRow } from "./philox.js";

// Variance of the weights by fan in and fan out; the draws are the weights where there is none.
const VARIANCES = {
  glorot: (fanIn, fanOut) => 2 / (fanIn + fanOut),
  he: (fanIn) => 2 / fanIn,
  lecun: (fanIn) => 1 / fanIn,
};

const networks = new Cache(2 ** 24);
const mixtures = new Cache(2 ** 24);
const scaledLayers = new WeakMap(); // layer -> {w, b, layer}
const opened = new WeakMap(); // last layer -> its first three rows

function distributionOf(init) {
  return init.endsWith("uniform") ? "uniform" : "normal";
}

// Which numbers a seed draws: see interpolation.js.
export function layoutOf(spec) {
  const sizes = [spec.inputs.length, ...Array(spec.depth - 1).fill(spec.width), spec.outputs];
  return {
    shapes: sizes.slice(1).map((rows, k) => [rows, sizes[k]]),
    latents: latentCount(spec.inputs),
    distribution: distributionOf(spec.init),
  };
}

// Factors on the drawn weights and biases of a layer, in float32 as shaders multiply by them.
function scalesOf(spec, rows, fanIn, first) {
  const variance = VARIANCES[spec.init.split("_")[0]];
  let factor = spec.weightScale;
  if (variance && spec.init.includes("_")) {
    // U(-1, 1) has variance 1/3
    const triple = distributionOf(spec.init) === "uniform" ? 3 : 1;
    factor *= Math.sqrt(variance(fanIn, rows) * triple);
  }
  const omega = first && spec.omega != null ? spec.omega : 1;
  const bias = spec.biasScale != null ? spec.biasScale : spec.weightScale;
  return [Math.fround(omega * factor), Math.fround(omega * bias)];
}

// Layers with units multiplied: boost lists [layer, unit, factor], from 1. Weights that read a
// boosted unit are multiplied; of the last layer, which no other reads, its own rows.
function boosted(layers, boost) {
  return layers.map((layer, index) => {
    const last = index === layers.length - 1;
    const read = boost.filter(([number]) => number === index);
    const own = boost.filter(([number]) => last && number === index + 1);
    if (!read.length && !own.length) return layer;
    const { rows, columns } = layer;
    const weight = layer.weight.slice();
    const bias = layer.bias.slice();
    for (const [, unit, factor] of read) {
      for (let row = 0; row < rows; row++) weight[row * columns + unit - 1] *= Math.fround(factor);
    }
    for (const [, unit, factor] of own) {
      for (let k = 0; k < columns; k++) weight[(unit - 1) * columns + k] *= Math.fround(factor);
      bias[unit - 1] *= Math.fround(factor);
    }
    return { ...layer, weight, bias };
  });
}

// Layers and latent constants of a random network, unscaled; kept by what they depend on.
function drawnOf(spec) {
  const layout = layoutOf(spec);
  const { seed, between, activations } = spec;
  const boost = spec.boost || [];
  const key = keyOf({ layout, seed, between, activations, boost });
  return mixtures.get(
    key,
    () => {
      const drawn = between ? blended(layout, seed, ...between) : arraysOf(layout, seed);
      const layers = layout.shapes.map(([rows, columns], k) => ({
        rows,
        columns,
        weight: drawn[2 * k],
        bias: drawn[2 * k + 1],
        activation: activations[k],
      }));
      return { layers: boosted(layers, boost), latent: Array.from(drawn[drawn.length - 1]) };
    },
    ({ layers }) => (between || boost.length ? bytesOf(layers) : 100 * layers.length),
  );
}

function bytesOf(layers) {
  return layers.reduce((bytes, { rows, columns }) => bytes + 4 * rows * (columns + 1) + 200, 1000);
}

// JSON text of a spec or a part of one: equal texts stand for equal networks.
function keyOf(value) {
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one));
}

const identities = new WeakMap(); // array of given weights -> its number
let given = 0;

function identityOf(array) {
  if (!identities.has(array)) identities.set(array, ++given);
  return identities.get(array);
}

// The network of a spec: see preset.js. The same object for the same spec, while it is kept.
export function networkOf(spec) {
  const { normalized = null, layers = null, ...rest } = spec;
  const parts = layers && layers.map(({ weight, bias, activation }) => [
    identityOf(weight), identityOf(bias), activation,
  ]);
  const key = keyOf([rest, parts, normalized && identityOf(normalized)]);
  return networks.get(
    key,
    () => (spec.kind === "given" ? givenNetwork(spec) : randomNetwork(spec)),
    (network) => bytesOf(network.layers),
  );
}

function randomNetwork(spec) {
  const { layers, latent } = drawnOf(spec);
  const scales = layers.map(({ rows, columns }, k) => scalesOf(spec, rows, columns, k === 0));
  return made(spec, layers, scales, spec.latent || latent);
}

function givenNetwork(spec) {
  const layers = boosted(spec.layers, spec.boost || []);
  return made(spec, layers, layers.map(() => [1, 1]), spec.latent || latentsOf(spec));
}

function latentsOf({ seed, inputs }) {
  return Array.from(drawRow(seed || 0n, 0, LATENT, latentCount(inputs), "uniform"));
}

function made({ inputs, period, normalized = null }, layers, scales, latent) {
  return withLayers({ inputs, latent, period: period || TURN, normalized }, layers, scales);
}

// Other layers with the same inputs. Scales are 1 where none are given.
export function withLayers(network, layers, scales = layers.map(() => [1, 1])) {
  const { inputs, latent, period, normalized } = network;
  const outputs = layers[layers.length - 1].rows;
  const channels = outputs === 4 ? 4 : 3;
  return { layers, scales, inputs, latent, period, outputs, channels, normalized };
}

// Layer k, from 0, multiplied by its scales.
export function effective(network, k) {
  const layer = network.layers[k];
  const [w, b] = network.scales[k];
  if (w === 1 && b === 1) return layer;
  const found = scaledLayers.get(layer);
  if (found && found.w === w && found.b === b) return found.layer;
  const [weight, bias] = [
    [layer.weight, w],
    [layer.bias, b],
  ].map(([array, factor]) => array.map((value) => value * factor));
  scaledLayers.set(layer, { w, b, layer: { ...layer, weight, bias } });
  return scaledLayers.get(layer).layer;
}

// The network without a fourth output; itself if it has none.
export function opaque(network) {
  if (network.outputs < 4) return network;
  const last = network.layers[network.layers.length - 1];
  if (!opened.has(last)) {
    const weight = last.weight.subarray(0, 3 * last.columns);
    opened.set(last, { ...last, rows: 3, weight, bias: last.bias.subarray(0, 3) });
  }
  return withLayers(network, [...network.layers.slice(0, -1), opened.get(last)], network.scales);
}

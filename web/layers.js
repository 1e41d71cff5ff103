// One layer of a network as a picture of its own.

const OUTPUTS = [4, 3, 1]; // that a picture can have

// The preset of the network that ends with a layer, from 1.
export function layerPicture(preset, layer) {
  const { layers } = preset.shared;
  if (layers === null) return preset.replace({ "network.depth": layer });
  if (layer === layers.length) return preset;
  const end = layers[layers.length - 1];
  const { weight, bias, ...last } = layers[layer - 1];
  const rows = OUTPUTS.find((count) => count <= Math.min(last.rows, end.rows));
  const cut = {
    ...last, rows, activation: end.activation,
    weight: weight.subarray(0, rows * last.columns), bias: bias.subarray(0, rows),
  };
  const shared = { ...preset.shared, layers: [...layers.slice(0, layer - 1), cut] };
  return new preset.constructor({ ...shared, normalized: null }, preset.document);
}

// The number of layers of a preset's network at a time.
export function depthOf(preset, time) {
  const { spec } = preset.at(time);
  return spec.kind === "given" ? spec.layers.length : spec.depth;
}

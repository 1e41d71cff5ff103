// Shared by the three steps of a wide network: layer 1 (tiled_first), a hidden layer as a matrix
// product (tiled_hidden), and the output layer (tiled_output). Each step is one dispatch over a
// tile that stores a layer's units for the next.
//
// A tile is a run of texels in reading order; a texel is four adjacent pixels, one REAL. Units are
// stored one after the other, each for all texels of the tile, so that neighbouring invocations
// access neighbouring memory.

#include "math.glsl"
#include <activations>

layout(std430, binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(std430, binding = 1) writeonly buffer Results { REAL results[]; };

// A layer: the biases, then the columns of weights; four rows per vec4, `quads` vec4s per column.
// Rows are padded with zeros, whose results are not stored.
layout(std430, binding = 2) readonly buffer Weights { vec4 weights[]; };

uniform int pitch;         // distance between units, in texels
uniform int rows, columns; // of the layer's weights
uniform int quads;
uniform int kind;          // index of the activation
uniform vec2 scale;        // of weights and biases
uniform int start, count;  // the tile's first texel in the planes, and its number of texels
uniform int across;        // texels per row of the planes

REAL hidden_activation(REAL x, int kind) {
    HIDDEN_ACTIVATIONS
}

// A unit from its pre-activation. NaN is kept whatever the activation returns for it, so that it
// propagates through all later layers to the picture.
REAL finished(REAL sum) {
    return mix(hidden_activation(sum, kind), sum, isnan(sum));
}

// The position of a texel of the tile in the planes.
ivec2 texel_at(int texel) {
    int n = start + texel;
    return ivec2(n % across, n / across);
}

// What the three steps of a wide network share: layer 1 (tiled_first), a hidden layer as a matrix
// product (tiled_hidden), and the output layer (tiled_output). Each step is one dispatch over a
// tile, and leaves a layer's units behind for the next.
//
// A tile is a run of texels in reading order; a texel is four pixels side by side, one REAL. The
// units of a layer lie in memory one after the other, each for all the tile's texels, so that
// neighbours in a workgroup touch neighbours in memory.

#include "math.glsl"
#include <activations>

layout(std430, binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(std430, binding = 1) writeonly buffer Results { REAL results[]; };

// A layer: the biases, then column after column of weights; four rows to a vec4, `quads` vec4s to
// a column. Rows are filled up with zeros, whose sums nobody keeps.
layout(std430, binding = 2) readonly buffer Weights { vec4 weights[]; };

uniform int pitch;         // texels from one unit to the next
uniform int rows, columns; // of the layer's weights
uniform int quads;
uniform int kind;          // of the activation
uniform vec2 scale;        // of weights and biases
uniform int start, count;  // the tile's first texel within the planes, and its texels
uniform int across;        // texels in a row of the planes

REAL hidden_activation(REAL x, int kind) {
    HIDDEN_ACTIVATIONS
}

// A unit from its sum. What is not a number stays so, whatever the activation makes of it: it then
// spreads through every later sum, by itself, and the picture shows it.
REAL finished(REAL sum) {
    return mix(hidden_activation(sum, kind), sum, isnan(sum));
}

// Where a texel of the tile lies in the planes.
ivec2 texel_at(int texel) {
    int n = start + texel;
    return ivec2(n % across, n / across);
}

// A step of an image network: see cppn_step in native/cppn.h, whose fields are S(name). Buffers hold
// float32 numbers; AT(name) is where a step's arrays begin.

#include "math.glsl"
#include <activations>
#include <derivatives>

uniform int fields[FIELDS];
uniform int begins[BEGINS];
uniform vec2 limits; // low, high

layout(std430, binding = 0) readonly buffer In { float source[]; };
layout(std430, binding = 1) buffer Out { float results[]; };
layout(std430, binding = 2) readonly buffer Other { float others[]; };
layout(std430, binding = 3) readonly buffer Weights { float weights[]; };
layout(std430, binding = 4) readonly buffer Bias { float biases[]; };
layout(std430, binding = 5) readonly buffer Taps { ivec2 taps[]; }; // row, column
layout(std430, binding = 6) buffer Switches { int switches[]; };

// Where a result of a channel stands, relative to the beginning of an array.
int place_of(int channel, int result) {
    ivec2 at = ivec2(result % S(columns), result / S(columns));
    at = ivec2(S(out_x), S(out_y)) + at * ivec2(S(out_stride_x), S(out_stride_y));
    return (channel * S(rows_out) + at.y) * S(columns_out) + at.x;
}

float start_of(int channel, int place) {
    float bias = S(has_bias) != 0 ? biases[channel] : 0.0;
    return S(adds) != 0 ? results[AT(out) + place] + bias : bias;
}

// Store pre-activation z: activated, times the slope at the other array, by a rule.
void finish(int place, float z) {
    if (AT(pre) >= 0) results[AT(pre) + place] = z;
    z = isnan(z) ? z : ACTIVATION(z);
#if SLOPED
    float slope = DERIVATIVE(others[AT(other) + place]);
    if (S(rule) != GRADIENT) z = max(z, 0.0);
    if (S(rule) != DECONVNET) z *= slope;
#endif
    results[AT(out) + place] = z;
}

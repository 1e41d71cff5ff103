// The output layer of a wide network: units to the planes of picture.frag.
//
// SLICES invocations share a texel, each summing every SLICES-th column: a layer of three rows has
// too little work to keep a GPU busy otherwise.

#include "tiled.glsl"
#include "color.glsl"
#include "tiled_planes.glsl"

#define LANES 32 // texels
#define SLICES 8

layout(local_size_x = LANES, local_size_y = SLICES) in;

shared REAL parts[3 + ALPHA][SLICES][LANES];

void main() {
    int lane = int(gl_LocalInvocationID.x), slice = int(gl_LocalInvocationID.y);
    int texel = int(gl_GlobalInvocationID.x);
    REAL red = REAL(0.0), green = REAL(0.0), blue = REAL(0.0), alpha = REAL(0.0);
    for (int k = slice; k < columns; k += SLICES) {
        REAL unit = inputs[k * pitch + texel];
        vec4 w = scale.x * weights[1 + k];
        red += w.x * unit;
        green += w.y * unit;
        blue += w.z * unit;
#if ALPHA
        alpha += w.w * unit;
#endif
    }
    parts[0][slice][lane] = red;
    parts[1][slice][lane] = green;
    parts[2][slice][lane] = blue;
#if ALPHA
    parts[3][slice][lane] = alpha;
#endif
    barrier();
    if (slice > 0 || texel >= count) return;
    for (int other = 1; other < SLICES; ++other) {
        red += parts[0][other][lane];
        green += parts[1][other][lane];
        blue += parts[2][other][lane];
#if ALPHA
        alpha += parts[3][other][lane];
#endif
    }
    if (frame.depth > 1) {
        vec4 bias = scale.y * weights[0];
        red += bias.x;
        green += bias.y;
        blue += bias.z;
        alpha += bias.w;
    } else { // layer 1 is the output layer, and tiled_first has computed it
        red = inputs[texel];
        green = inputs[min(1, frame.outputs - 1) * pitch + texel];
        blue = inputs[min(2, frame.outputs - 1) * pitch + texel];
        alpha = inputs[min(3, frame.outputs - 1) * pitch + texel];
    }
    REAL broken = REAL(isnan(red)) + REAL(isnan(green)) + REAL(isnan(blue));
    red = OUTPUT_ACTIVATION(red);
    green = OUTPUT_ACTIVATION(green);
    blue = OUTPUT_ACTIVATION(blue);
#if ALPHA
    broken += REAL(isnan(alpha));
    alpha = OUTPUT_ACTIVATION(alpha);
    finish_alpha(alpha, red, green, blue, broken);
#endif
    mark_broken(red, green, blue, broken);
    put(texel_at(texel), red, green, blue, alpha);
}

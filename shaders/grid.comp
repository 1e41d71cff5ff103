// A pass over a grid by a compute shader: the positions of `part`, PIXELS of a row per invocation.

#include "grid.glsl"

layout(local_size_x = LOCAL_X, local_size_y = LOCAL_Y) in;
layout(rgba32f, binding = 0) writeonly uniform image2D results;

uniform ivec4 part;    // positions: left, top, and before right, bottom
uniform ivec2 shift;   // from positions to those of the results
uniform ivec2 written; // the first group's rectangle, and how many are side by side

#define STORE(i, group, pixel) \
    if (at.x + (pixel) * dilation < part.z) \
        imageStore(results, at + shift + ivec2((pixel) * dilation, 0) \
                   + corner(written.x + group, written.y), finished(sums[i], group));

void main() {
    int column = int(gl_GlobalInvocationID.x);
    ivec2 at = part.xy;
    at.x += column / dilation * dilation * PIXELS + column % dilation;
    at.y += int(gl_GlobalInvocationID.y);
    if (at.x >= part.z || at.y >= part.w) return;
    vec4 sums[GROUPS * PIXELS];
    evaluate(at, sums);
    STORES
}

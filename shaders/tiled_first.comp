// Layer 1 of a wide network, with the view folded in: local coordinates to units. An invocation
// computes RUN units of one texel.

#include "tiled.glsl"
#include "features.glsl"
#include "curved.glsl"

layout(local_size_x = 64) in;

void main() {
    int texel = int(gl_GlobalInvocationID.x);
    REAL u, v;
    ivec2 pixel = ivec2(4, 1) * texel_at(texel);
    locate(frame.offset + pixel, u, v);
    REAL far[1];
    CURVE(0, u, v, pixel)
    int row = RUN * int(gl_WorkGroupID.y);
    int end = min(row + RUN, rows);
    for (; row < end; ++row) {
        vec4 fold = first.unit[row];
        REAL sum = fold.x * u + fold.y * v + fold.z + fold.w * far[0] MORE_TERMS(row, 0);
        results[row * pitch + texel] = finished(sum);
    }
}

// Layer 1 of a wide network, with the view folded in: local coordinates to units. An invocation
// computes RUN units of one texel.

#include "tiled.glsl"
#include "features.glsl"

layout(local_size_x = 64) in;

void main() {
    int texel = int(gl_GlobalInvocationID.x);
    REAL u, v;
    locate(frame.offset + ivec2(4, 1) * texel_at(texel), u, v);
    REAL far = RADIUS_CHANGE(u, v);
    int row = RUN * int(gl_WorkGroupID.y);
    int end = min(row + RUN, rows);
    for (; row < end; ++row) {
        vec4 fold = first.unit[row];
        REAL sum = fold.x * u + fold.y * v + fold.z + fold.w * far;
        results[row * pitch + texel] = finished(sum);
    }
}

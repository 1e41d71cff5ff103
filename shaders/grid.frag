// A pass over a grid by a fragment shader: a position per fragment, a target for each group.

#include "grid.glsl"

uniform ivec2 shift; // from positions to those of the target



RESULTS

void main() {
    vec4 sums[GROUPS];
    evaluate(ivec2(gl_FragCoord.xy) - shift, sums);
    STORES
}

// The outputs and their derivatives at a pixel: one target for each of red, green and blue, holding
// (value, d/du, d/dv, 0). All are NaN where the picture or a derivative is not finite.

#include "dual.glsl"

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;

void main() {
    vec4 bad;
    duals(ivec2(gl_FragCoord.xy), red, green, blue, bad);
    if (any(greaterThan(bad, vec4(0.0))))
        red = green = blue = vec4(uintBitsToFloat(0x7fc00000u));
}

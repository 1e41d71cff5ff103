// Colours for magnitudes on a logarithmic scale, for gradient.frag and sensitivity.frag.
// A fragment is a texel of the planes: four adjacent pixels.

#include "broken.glsl"

uniform sampler2D heat; // the palette, one row
uniform vec2 range;     // natural logarithms of the magnitudes at its ends
uniform int top;        // row of the planes at which the fields begin

layout(location = 0) out vec4 red_plane;
layout(location = 1) out vec4 green_plane;
layout(location = 2) out vec4 blue_plane;

// The texel of the fields for a fragment, if a texel holds so many pixels.
ivec2 place(int pixels) {
    return ivec2(gl_FragCoord.xy) * ivec2(4 / pixels, 1) - ivec2(0, top);
}

// The length of a vector, without overflow.
float norm(vec3 a, vec3 b) {
    vec3 large = max(abs(a), abs(b));
    float most = max(max(large.x, large.y), max(large.z, 1.0e-30));
    return most * sqrt(dot(a / most, a / most) + dot(b / most, b / most));
}

vec3 color(float size) {
    if (not_finite(size)) return NOT_A_NUMBER;
    float at = clamp((log(max(size, 1.0e-37)) - range.x) / (range.y - range.x), 0.0, 1.0);
    float last = float(textureSize(heat, 0).x - 1);
    return texture(heat, vec2((at * last + 0.5) / (last + 1.0), 0.5)).rgb;
}

void put(vec3 a, vec3 b, vec3 c, vec3 d) {
    red_plane = vec4(a.r, b.r, c.r, d.r);
    green_plane = vec4(a.g, b.g, c.g, d.g);
    blue_plane = vec4(a.b, b.b, c.b, d.b);
}

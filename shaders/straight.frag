// The weighted mean of samples with alpha, to colours and alpha: `straight` in
// cppn_gl/utils/alpha.py. A fragment is a texel of four pixels.

#include "alpha.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
uniform sampler2D alpha_plane;

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;
layout(location = 3) out vec4 alpha;

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    alpha = texelFetch(alpha_plane, texel, 0);
    vec4 weight = alpha + ALPHA_FLOOR;
    red = texelFetch(red_plane, texel, 0) / weight;
    green = texelFetch(green_plane, texel, 0) / weight;
    blue = texelFetch(blue_plane, texel, 0) / weight;
}

// Planes of outputs to planes of colours: value range, mapping, inversion. A fragment is a texel of
// four pixels. The samples of a pixel are accumulated by blending.

#include "colored.glsl"
#include "alpha.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
#if ALPHA
uniform sampler2D alpha_plane;
#endif
uniform float sample_weight; // 1 / number of samples

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;
#if ALPHA
layout(location = 3) out vec4 alpha;
#endif

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    vec4 r = texelFetch(red_plane, texel, 0);
    vec4 g = texelFetch(green_plane, texel, 0);
    vec4 b = texelFetch(blue_plane, texel, 0);
    vec4 weight = vec4(sample_weight);
#if ALPHA
    vec4 a = texelFetch(alpha_plane, texel, 0);
    alpha = sample_weight * a;
    if (sample_weight < 1.0) weight *= a + ALPHA_FLOOR;
#endif
    for (int lane = 0; lane < 4; ++lane) {
        vec3 shown = weight[lane] * colored(vec3(r[lane], g[lane], b[lane]));
        red[lane] = shown.r;
        green[lane] = shown.g;
        blue[lane] = shown.b;
    }
}

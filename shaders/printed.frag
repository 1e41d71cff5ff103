// Planes of outputs to planes of flat colours with smooth edges, or of any colours with contour lines
// (LINES). The planes of outputs hold the neighbouring pixels, too, where the picture has some. A
// fragment is a texel of four pixels. The samples of a pixel are accumulated by blending.

#include "colored.glsl"
#include "alpha.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
#if ALPHA
uniform sampler2D alpha_plane;
#endif
uniform float sample_weight; // 1 / number of samples
uniform ivec2 inset;         // the first pixel in the planes of outputs
uniform ivec2 last;          // of their pixels

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;
#if ALPHA
layout(location = 3) out vec4 alpha;
#endif

vec3 output_at(ivec2 pixel) {
    ivec2 texel = ivec2(pixel.x >> 2, pixel.y);
    int lane = pixel.x & 3;
    return vec3(texelFetch(red_plane, texel, 0)[lane], texelFetch(green_plane, texel, 0)[lane],
                texelFetch(blue_plane, texel, 0)[lane]);
}

#include "printed.glsl"

void main() {
    for (int lane = 0; lane < 4; ++lane) {
        ivec2 at = min(ivec2(4 * int(gl_FragCoord.x) + lane, gl_FragCoord.y) + inset, last);
        vec3 shown = printed(at);
        float weight = sample_weight;
#if ALPHA
        float a = texelFetch(alpha_plane, ivec2(at.x >> 2, at.y), 0)[at.x & 3];
        alpha[lane] = sample_weight * a;
        if (sample_weight < 1.0) weight *= a + ALPHA_FLOOR;
#endif
        red[lane] = weight * shown.r;
        green[lane] = weight * shown.g;
        blue[lane] = weight * shown.b;
    }
}

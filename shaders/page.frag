// The outputs of a network for a page: a fragment is a texel of four pixels. WebGL 2 without
// extensions cannot draw to planes of floats, but to planes of their bits.
//
// Three targets hold red, green and blue, a fourth alpha if there is any, as in picture.frag.

#include "picture.glsl"

layout(location = 0) out uvec4 red_plane;
layout(location = 1) out uvec4 green_plane;
layout(location = 2) out uvec4 blue_plane;
#if ALPHA
layout(location = 3) out uvec4 alpha_plane;
#endif

#if LANES == 4
#define KEEP_BITS(plane, value) plane = floatBitsToUint(value);
#else
#define KEEP_BITS(plane, value) plane[lane] = floatBitsToUint(value);
#endif

void main() {
    ivec2 pixel = ivec2(4, 1) * ivec2(gl_FragCoord.xy);
    uvec4 red_bits, green_bits, blue_bits, alpha_bits;
    for (int lane = 0; lane < 4; lane += LANES) {
        REAL red[GROUPS], green[GROUPS], blue[GROUPS];
        picture(pixel + ivec2(lane, 0), red, green, blue);
        KEEP_BITS(red_bits, red[0])
        KEEP_BITS(green_bits, green[0])
        KEEP_BITS(blue_bits, blue[0])
#if ALPHA
        KEEP_BITS(alpha_bits, alpha[0])
#endif
    }
    red_plane = red_bits;
    green_plane = green_bits;
    blue_plane = blue_bits;
#if ALPHA
    alpha_plane = alpha_bits;
#endif
}

// The outputs of a network for a page. WebGL 2 without extensions cannot draw to planes of floats,
// but to planes of their bits.
//
// With four lanes a fragment is a texel of four pixels of the planes, as in picture.frag. With one
// lane a fragment is a pixel, whose channels are a texel: weave.frag takes them to planes.

#include "picture.glsl"

#if LANES == 4
layout(location = 0) out uvec4 red_plane;
layout(location = 1) out uvec4 green_plane;
layout(location = 2) out uvec4 blue_plane;
#if ALPHA
layout(location = 3) out uvec4 alpha_plane;
#endif
#else
uniform ivec2 corner; // of the target in the planes, in pixels

layout(location = 0) out uvec4 channels;
#endif

void main() {
    REAL red[GROUPS], green[GROUPS], blue[GROUPS];
#if LANES == 4
    picture(ivec2(4, 1) * ivec2(gl_FragCoord.xy), red, green, blue);
    red_plane = floatBitsToUint(red[0]);
    green_plane = floatBitsToUint(green[0]);
    blue_plane = floatBitsToUint(blue[0]);
#if ALPHA
    alpha_plane = floatBitsToUint(alpha[0]);
#endif
#else
    picture(corner + ivec2(gl_FragCoord.xy), red, green, blue);
    channels = floatBitsToUint(vec4(red[0], green[0], blue[0], ALPHA_OF(0)));
#endif
}

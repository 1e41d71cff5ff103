// The picture by a fragment shader: a fragment is a texel of four pixels.
//
// Three targets hold red, green and blue, a fourth alpha if there is any. A texel holds one channel
// of four adjacent pixels, so that the memory of a target is a plane of the picture, row 0 on top.

#include "picture.glsl"

layout(location = 0) out REAL red_plane;
layout(location = 1) out REAL green_plane;
layout(location = 2) out REAL blue_plane;
#if ALPHA
layout(location = 3) out REAL alpha_plane;
#endif

void main() {
    REAL red[GROUPS], green[GROUPS], blue[GROUPS];
    picture(ivec2(LANES, 1) * ivec2(gl_FragCoord.xy), red, green, blue);
    red_plane = red[0];
    green_plane = green[0];
    blue_plane = blue[0];
#if ALPHA
    alpha_plane = alpha[0];
#endif
}

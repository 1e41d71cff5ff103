// The picture: the network at every pixel, LANES pixels side by side in one fragment.
//
// Three targets hold red, green and blue; a texel holds one channel of LANES pixels, so that a
// target read back is a plane of the picture, row 0 on top.

#include "activations.glsl"
#include "features.glsl"
#include "network.glsl"
#include "color.glsl"

layout(location = 0) out REAL red_plane;
layout(location = 1) out REAL green_plane;
layout(location = 2) out REAL blue_plane;

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    REAL u, v, red, green, blue;
    locate(frame.offset + ivec2(LANES * texel.x, texel.y), u, v);
    network(u, v, red, green, blue);
    mark_broken(red, green, blue, broken);
    if (frame.clamped == 1) {
        red = clamp(red, 0.0, 1.0);
        green = clamp(green, 0.0, 1.0);
        blue = clamp(blue, 0.0, 1.0);
    }
    red_plane = red * frame.share;
    green_plane = green * frame.share;
    blue_plane = blue * frame.share;
}

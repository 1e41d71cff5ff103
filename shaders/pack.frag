// Packs planes into bytes, round(255 v), in the order of an image in memory: red, green, blue, and
// alpha if there is any, pixel by pixel, so that the CPU need not interleave them. A texel of the
// target holds 16 bytes: three of them are 16 pixels, or four texels of the planes; with alpha, it
// is one texel of the planes. DITHER: with noise.

#if DITHER
#include "dither.glsl"

uniform ivec2 corner; // of the dithered picture, relative to the planes
#endif

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
#if ALPHA
uniform sampler2D alpha_plane;
#endif

out uvec4 bytes;

uvec4 quantised(sampler2D plane, ivec2 texel, int channel) {
    vec4 values = clamp(texelFetch(plane, texel, 0), 0.0, 1.0);
#if DITHER
    ivec2 first = ivec2(4 * texel.x, texel.y) - corner;
    uvec4 rounded;
    for (int lane = 0; lane < 4; ++lane)
        rounded[lane] = dithered(values[lane], first + ivec2(lane, 0), channel);
    return rounded;
#else
    return uvec4(floor(255.0 * values + 0.5));
#endif
}

#if ALPHA
void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    bytes = quantised(red_plane, texel, 0) | quantised(green_plane, texel, 1) << 8u
          | quantised(blue_plane, texel, 2) << 16u | quantised(alpha_plane, texel, 3) << 24u;
}
#else
// The 12 bytes of four pixels.
uvec3 words(ivec2 texel) {
    texel = min(texel, textureSize(red_plane, 0) - 1);
    uvec4 r = quantised(red_plane, texel, 0);
    uvec4 g = quantised(green_plane, texel, 1);
    uvec4 b = quantised(blue_plane, texel, 2);
    return uvec3(r.x | g.x << 8u | b.x << 16u | r.y << 24u,
                 g.y | b.y << 8u | r.z << 16u | g.z << 24u,
                 b.z | r.w << 8u | g.w << 16u | b.w << 24u);
}

void main() {
    int third = int(gl_FragCoord.x) % 3;
    ivec2 texel = ivec2(int(gl_FragCoord.x) / 3 * 4 + third, gl_FragCoord.y);
    uvec3 a = words(texel), b = words(texel + ivec2(1, 0));
    bytes = third == 0 ? uvec4(a, b.x) : third == 1 ? uvec4(a.yz, b.xy) : uvec4(a.z, b);
}
#endif

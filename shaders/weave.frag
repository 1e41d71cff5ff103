// From texels that hold the channels of a pixel to planes, whose texels hold four pixels.

uniform usampler2D pixels;
uniform ivec2 corner; // of the pixels in the planes, in texels of the planes

layout(location = 0) out uvec4 red_plane;
layout(location = 1) out uvec4 green_plane;
layout(location = 2) out uvec4 blue_plane;
#if ALPHA
layout(location = 3) out uvec4 alpha_plane;
#endif

void main() {
    ivec2 place = ivec2(4, 1) * (ivec2(gl_FragCoord.xy) - corner);
    uvec4 a = texelFetch(pixels, place, 0);
    uvec4 b = texelFetch(pixels, place + ivec2(1, 0), 0);
    uvec4 c = texelFetch(pixels, place + ivec2(2, 0), 0);
    uvec4 d = texelFetch(pixels, place + ivec2(3, 0), 0);
    red_plane = uvec4(a.r, b.r, c.r, d.r);
    green_plane = uvec4(a.g, b.g, c.g, d.g);
    blue_plane = uvec4(a.b, b.b, c.b, d.b);
#if ALPHA
    alpha_plane = uvec4(a.a, b.a, c.a, d.a);
#endif
}

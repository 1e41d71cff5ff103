// Planes of red, green and blue as bytes, round(255 v): a texel packs four pixels, each the bytes
// red, green, blue, 255 in memory, to be read back at a quarter of the size of the planes.

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;

out uvec4 pixels;

uvec4 bytes(sampler2D plane, ivec2 texel) {
    return uvec4(floor(255.0 * clamp(texelFetch(plane, texel, 0), 0.0, 1.0) + 0.5));
}

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    pixels = bytes(red_plane, texel) | bytes(green_plane, texel) << 8u
           | bytes(blue_plane, texel) << 16u | 0xff000000u;
}

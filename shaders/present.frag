// Converts planes of red, green and blue, four pixels per texel, to 8-bit pixels: round(255 v).
// SCALED: the target has another size than the planes, which are interpolated linearly. DITHER: with
// noise, which depends on the pixel of the target: it stands still while the picture is refined.

#if DITHER
#include "dither.glsl"

uniform ivec2 corner; // of the dithered picture, in the target
#endif

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
uniform ivec2 plane_size;  // in pixels
uniform ivec2 target_size; // in pixels
uniform bool flipped;      // the window's row 0 is at the bottom
uniform int below;         // rows of the window below the target

out vec4 color;

vec3 at(ivec2 pixel) {
    pixel = clamp(pixel, ivec2(0), plane_size - 1);
    ivec2 texel = ivec2(pixel.x >> 2, pixel.y);
    int lane = pixel.x & 3;
    return clamp(vec3(texelFetch(red_plane, texel, 0)[lane],
                      texelFetch(green_plane, texel, 0)[lane],
                      texelFetch(blue_plane, texel, 0)[lane]), 0.0, 1.0);
}

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    pixel.y -= below;
    if (flipped) pixel.y = target_size.y - 1 - pixel.y;
#if SCALED
    vec2 where = (vec2(pixel) + 0.5) * vec2(plane_size) / vec2(target_size) - 0.5;
    ivec2 low = ivec2(floor(where));
    vec2 f = where - floor(where);
    vec3 value = mix(mix(at(low), at(low + ivec2(1, 0)), f.x),
                     mix(at(low + ivec2(0, 1)), at(low + ivec2(1, 1)), f.x), f.y);
#else
    vec3 value = at(pixel);
#endif
#if DITHER
    pixel -= corner;
    vec3 rounded = vec3(dithered(value.r, pixel, 0), dithered(value.g, pixel, 1),
                        dithered(value.b, pixel, 2));
#else
    vec3 rounded = floor(255.0 * value + 0.5);
#endif
    color = vec4(rounded / 255.0, 1.0);
}

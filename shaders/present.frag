// Converts planes of red, green and blue, four pixels per texel, to 8-bit pixels: round(255 v).
// SCALED: the target has another size than the planes, which are interpolated linearly. DITHER: with
// noise, which depends on the pixel of the target: it stands still while the picture is refined.
// ALPHA: over a checkerboard.

#if DITHER
#include "dither.glsl"

uniform ivec2 corner; // of the dithered picture, in the target
#endif

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
#if ALPHA
uniform sampler2D alpha_plane;
uniform int square;  // side of the checkerboard's squares, in pixels
uniform vec2 checks; // their two greys
#define VALUE vec4
#else
#define VALUE vec3
#endif
uniform ivec2 plane_size;  // in pixels
uniform ivec2 target_size; // in pixels
uniform bool flipped;      // the window's row 0 is at the bottom
uniform int below;         // rows of the window below the target

out vec4 color;

// With alpha, the colour is multiplied by it, so that colours of transparent pixels do not count.
VALUE at(ivec2 pixel) {
    pixel = clamp(pixel, ivec2(0), plane_size - 1);
    ivec2 texel = ivec2(pixel.x >> 2, pixel.y);
    int lane = pixel.x & 3;
    vec3 shown = clamp(vec3(texelFetch(red_plane, texel, 0)[lane],
                            texelFetch(green_plane, texel, 0)[lane],
                            texelFetch(blue_plane, texel, 0)[lane]), 0.0, 1.0);
#if ALPHA
    float alpha = clamp(texelFetch(alpha_plane, texel, 0)[lane], 0.0, 1.0);
    return vec4(shown * alpha, alpha);
#else
    return shown;
#endif
}

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    pixel.y -= below;
    if (flipped) pixel.y = target_size.y - 1 - pixel.y;
#if SCALED
    vec2 where = (vec2(pixel) + 0.5) * vec2(plane_size) / vec2(target_size) - 0.5;
    ivec2 low = ivec2(floor(where));
    vec2 f = where - floor(where);
    VALUE found = mix(mix(at(low), at(low + ivec2(1, 0)), f.x),
                      mix(at(low + ivec2(0, 1)), at(low + ivec2(1, 1)), f.x), f.y);
#else
    VALUE found = at(pixel);
#endif
    vec3 value = found.rgb;
#if ALPHA
    ivec2 place = pixel / square;
    value += (1.0 - found.a) * checks[(place.x + place.y) & 1];
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

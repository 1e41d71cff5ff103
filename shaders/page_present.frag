// A picture of 8 bits, row 0 on top, onto a page's canvas, whose row 0 is at the bottom; interpolated
// linearly where it has another size. ALPHA: over a checkerboard.

uniform sampler2D picture;
uniform ivec2 target_size; // in pixels
uniform vec4 place;        // left, top, width, height of the picture in the target
#if ALPHA
uniform int square;  // side of the checkerboard's squares, in pixels
uniform vec2 checks; // their two greys
#endif

out vec4 color;

// The colour is multiplied by alpha, so that colours of transparent pixels do not count.
vec4 at(ivec2 pixel) {
    vec4 found = texelFetch(picture, clamp(pixel, ivec2(0), textureSize(picture, 0) - 1), 0);
    return vec4(found.rgb * found.a, found.a);
}

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    pixel.y = target_size.y - 1 - pixel.y;
    vec2 within = (vec2(pixel) + 0.5 - place.xy) / place.zw * vec2(textureSize(picture, 0)) - 0.5;
    ivec2 low = ivec2(floor(within));
    vec2 f = within - floor(within);
    vec4 found = mix(mix(at(low), at(low + ivec2(1, 0)), f.x),
                     mix(at(low + ivec2(0, 1)), at(low + ivec2(1, 1)), f.x), f.y);
    vec3 value = found.rgb;
#if ALPHA
    ivec2 check = pixel / square;
    value += (1.0 - found.a) * checks[(check.x + check.y) & 1];
#endif
    color = vec4(floor(255.0 * value + 0.5) / 255.0, 1.0);
}

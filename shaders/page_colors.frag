// A page's planes of outputs to a picture of 8 bits, round(255 v): the counterpart of recolor.frag,
// and of printed.frag where FLAT is defined: flat colours with smooth edges; with LINES, contour
// lines. The planes hold the bits of floats; a fragment is a pixel. Alpha is straight.

#include "colored.glsl"
#include "dither.glsl"

uniform highp usampler2D red_plane;
uniform highp usampler2D green_plane;
uniform highp usampler2D blue_plane;
#if ALPHA
uniform highp usampler2D alpha_plane;
#endif
uniform ivec2 corner; // of the picture in the target
uniform bool noisy;   // noise before the colours become 8 bits
uniform vec4 ground;  // behind a picture with alpha, if its alpha is not 0

const float sample_weight = 1.0;

out vec4 color;

float value_at(highp usampler2D plane, ivec2 pixel) {
    return uintBitsToFloat(texelFetch(plane, ivec2(pixel.x >> 2, pixel.y), 0)[pixel.x & 3]);
}

vec3 output_at(ivec2 pixel) {
    return vec3(value_at(red_plane, pixel), value_at(green_plane, pixel),
                value_at(blue_plane, pixel));
}

#ifdef FLAT
uniform ivec2 last; // of the pixels of the planes

#include "printed.glsl"

vec3 shown_at(ivec2 at) { return printed(at); }
#else
vec3 shown_at(ivec2 at) { return colored(output_at(at)); }
#endif

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) - corner;
    vec4 shown = vec4(clamp(shown_at(at), 0.0, 1.0), 1.0);
#if ALPHA
    shown.a = clamp(value_at(alpha_plane, at), 0.0, 1.0);
    if (ground.a > 0.0) shown = vec4(mix(ground.rgb, shown.rgb, shown.a), 1.0);
#endif
    vec4 rounded = floor(255.0 * shown + 0.5);
    if (noisy)
        for (int k = 0; k < 4; ++k) rounded[k] = float(dithered(shown[k], at, k));
    color = rounded / 255.0;
}

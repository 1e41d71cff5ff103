// Planes of outputs as planes of colours: the range stretched, a mapping, light for dark. A fragment
// is a texel of four pixels. Samples of a pixel are added up by blending, each with its share.

#include "mappings.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
uniform vec3 low;    // what becomes 0
uniform vec3 factor; // 1 / (what becomes 1 - low)
uniform bool mean;   // the mean of the three, instead of each
uniform bool invert;
uniform float share; // of this sample in its pixel

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;

const vec3 NOT_A_NUMBER = vec3(1.0, 0.0, 1.0); // as in color.glsl; it stays what it is

vec3 colored(vec3 value) {
    if (value == NOT_A_NUMBER) return NOT_A_NUMBER;
    vec3 third = value / 3.0; // for a sum could overflow
    vec3 some = mean ? vec3(third.x + third.y + third.z) : value;
    vec3 shown = mapped(clamp((some - low) * factor, 0.0, 1.0));
    return invert ? 1.0 - shown : shown;
}

void main() {
    ivec2 texel = ivec2(gl_FragCoord.xy);
    vec4 r = texelFetch(red_plane, texel, 0);
    vec4 g = texelFetch(green_plane, texel, 0);
    vec4 b = texelFetch(blue_plane, texel, 0);
    for (int lane = 0; lane < 4; ++lane) {
        vec3 shown = share * colored(vec3(r[lane], g[lane], b[lane]));
        red[lane] = shown.r;
        green[lane] = shown.g;
        blue[lane] = shown.b;
    }
}

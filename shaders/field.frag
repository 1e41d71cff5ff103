// Outputs on a square grid as textures of colours, heights and slopes, which can be filtered.
// Where outputs are not finite, green is -1, which no colour is, and the height is 0.5.
// Texel row 0 is at the bottom: texture coordinates have the directions of u and v.

#include "colored.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
uniform int side;    // in pixels
uniform vec3 weight; // weights of red, green and blue in the height
uniform vec2 range;  // values mapped to heights 0 and 1

layout(location = 0) out vec4 field;
layout(location = 1) out vec2 slope; // change of the height per unit of u and v

vec3 output_at(ivec2 place) {
    ivec2 texel = ivec2(place.x >> 2, side - 1 - place.y);
    int lane = place.x & 3;
    return vec3(texelFetch(red_plane, texel, 0)[lane], texelFetch(green_plane, texel, 0)[lane],
                texelFetch(blue_plane, texel, 0)[lane]);
}

float height_of(vec3 outputs) {
    float height = (dot(weight, outputs) - range.x) / (range.y - range.x);
    return marked(outputs) ? 0.5 : clamp(height, 0.0, 1.0);
}

// From the neighbours on both sides, or at the border from one.
float slope_along(ivec2 place, ivec2 axis) {
    ivec2 low = max(place - axis, 0), high = min(place + axis, side - 1);
    float steps = float(high.x - low.x + high.y - low.y);
    float rise = height_of(output_at(high)) - height_of(output_at(low));
    return rise / steps * 0.5 * float(side - 1);
}

void main() {
    ivec2 place = ivec2(gl_FragCoord.xy);
    vec3 outputs = output_at(place);
    field = vec4(clamp(colored(outputs), 0.0, 1.0), height_of(outputs));
    if (marked(outputs)) field.rgb = vec3(NOT_A_NUMBER.r, -1.0, NOT_A_NUMBER.b);
    slope = vec2(slope_along(place, ivec2(1, 0)), slope_along(place, ivec2(0, 1)));
}

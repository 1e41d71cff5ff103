// Linear regions: lines over a quiet ground, in which each region has its own shade and a tint of
// the picture's colour.

#include "colored.glsl"

uniform sampler2D field[3]; // of regions.frag
uniform int top;            // row of the planes at which the fields begin

const vec3 GROUND = vec3(0.128, 0.142, 0.175);
const float TINT = 0.075, LIGHT = 0.06, SHADE = 0.11; // of the picture, and of regions

layout(location = 0) out vec4 red_plane;
layout(location = 1) out vec4 green_plane;
layout(location = 2) out vec4 blue_plane;

vec3 shown(ivec2 pixel) {
    pixel = min(pixel, textureSize(field[0], 0) - 1);
    vec4 lines = texelFetch(field[0], pixel, 0), picture = texelFetch(field[1], pixel, 0);
    vec4 region = texelFetch(field[2], pixel, 0);
    vec3 base = clamp(mapped_outputs(picture.rgb), 0.0, 1.0);
    float grey = dot(base, vec3(0.2126, 0.7152, 0.0722));
    float shade = region.z / 65535.0 - 0.5;
    base = GROUND + TINT * (base - grey) + LIGHT * (grey - 0.4) + SHADE * shade;
    return picture.a > 0.0 || not_finite(picture) ? NOT_A_NUMBER : base * (1.0 - lines.a) + lines.rgb;
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) * ivec2(4, 1) - ivec2(0, top);
    vec3 a = shown(at), b = shown(at + ivec2(1, 0));
    vec3 c = shown(at + ivec2(2, 0)), d = shown(at + ivec2(3, 0));
    red_plane = vec4(a.r, b.r, c.r, d.r);
    green_plane = vec4(a.g, b.g, c.g, d.g);
    blue_plane = vec4(a.b, b.b, c.b, d.b);
}

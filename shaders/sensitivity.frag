// How far two pictures are apart, channel by channel or as colours.

#include "heat.glsl"

uniform sampler2D field[6]; // red, green, blue of the one, then of the other
uniform vec3 channels;      // 1 for an output that counts

void main() {
    ivec2 at = place(4);
    vec4 red = texelFetch(field[3], at, 0) - texelFetch(field[0], at, 0);
    vec4 green = texelFetch(field[4], at, 0) - texelFetch(field[1], at, 0);
    vec4 blue = texelFetch(field[5], at, 0) - texelFetch(field[2], at, 0);
    vec3 none = vec3(0.0);
    put(color(norm(channels * vec3(red.x, green.x, blue.x), none)),
        color(norm(channels * vec3(red.y, green.y, blue.y), none)),
        color(norm(channels * vec3(red.z, green.z, blue.z), none)),
        color(norm(channels * vec3(red.w, green.w, blue.w), none)));
}

// The distance between two pictures, by channel or in colour space.

#include "heat.glsl"

uniform sampler2D field[6]; // red, green, blue of the first, then of the second picture
uniform vec3 channels;      // 1 for outputs that are included

vec3 apart(vec3 a, vec3 b) {
    if (marked(a) || marked(b)) return NOT_A_NUMBER;
    return color(norm(channels * (b - a), vec3(0.0)));
}

void main() {
    ivec2 at = place(4);
    vec4 r = texelFetch(field[0], at, 0), g = texelFetch(field[1], at, 0);
    vec4 b = texelFetch(field[2], at, 0), other_r = texelFetch(field[3], at, 0);
    vec4 other_g = texelFetch(field[4], at, 0), other_b = texelFetch(field[5], at, 0);
    put(apart(vec3(r.x, g.x, b.x), vec3(other_r.x, other_g.x, other_b.x)),
        apart(vec3(r.y, g.y, b.y), vec3(other_r.y, other_g.y, other_b.y)),
        apart(vec3(r.z, g.z, b.z), vec3(other_r.z, other_g.z, other_b.z)),
        apart(vec3(r.w, g.w, b.w), vec3(other_r.w, other_g.w, other_b.w)));
}

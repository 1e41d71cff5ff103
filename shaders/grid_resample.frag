// Outputs at a lattice's points to planes of display values: interpolated at the samples of four
// pixels. A texel holds one channel of four adjacent pixels.
//
// The points of a lattice are stored phase by phase: those whose numbers are equal modulo `k` lie
// side by side, in a rectangle of `block` texels.

#include "math.glsl"
#include "color.glsl"

uniform sampler2D points;
uniform sampler2D places; // of columns, and in row 1 of rows: a point's number, the distance from it
uniform int k, outputs;
uniform ivec2 block;
uniform bool exact; // samples are points
uniform ivec2 first; // the pixel of the first column and row in the target
uniform int last;    // column

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;
#if ALPHA
layout(location = 3) out vec4 alpha;
#endif

vec4 point(ivec2 at) { return texelFetch(points, at % k * block + at / k, 0); }

vec4 sampled(vec2 column, vec2 row) {
    ivec2 at = ivec2(column.x, row.x);
    vec4 near = point(at);
    if (exact) return near;
    vec4 right = point(at + ivec2(1, 0));
    vec4 left_side = near + row.y * (point(at + ivec2(0, 1)) - near);
    vec4 right_side = right + row.y * (point(at + ivec2(1, 1)) - right);
    return left_side + column.y * (right_side - left_side);
}

vec4 shared_value(vec4 value) {
    return frame.sample_weight * (frame.clamped == 1 ? clamp(value, 0.0, 1.0) : value);
}

void main() {
    ivec2 pixel = ivec2(4, 1) * ivec2(gl_FragCoord.xy) - first;
    vec2 row = texelFetch(places, ivec2(pixel.y, 1), 0).xy;
    for (int lane = 0; lane < 4; ++lane) {
        vec2 column = texelFetch(places, ivec2(clamp(pixel.x + lane, 0, last), 0), 0).xy;
        vec4 value = sampled(column, row);
        red[lane] = value.r;
        green[lane] = outputs == 1 ? value.r : value.g;
        blue[lane] = outputs == 1 ? value.r : value.b;
#if ALPHA
        alpha[lane] = value.a;
#endif
    }
    vec4 broken = vec4(0.0);
#if ALPHA
    finish_alpha(alpha, red, green, blue, broken);
#endif
    mark_broken(red, green, blue, broken);
    red = shared_value(red);
    green = shared_value(green);
    blue = shared_value(blue);
#if ALPHA
    vec4 weight = alpha_weight(alpha);
    red *= weight;
    green *= weight;
    blue *= weight;
    alpha = shared_value(alpha);
#endif
}

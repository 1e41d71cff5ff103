// Outputs to flat colours with smooth edges, and contour lines: the counterpart of color.py's
// printed(). Needs colored.glsl with FLAT, output_at(), `last` and sample_weight.

#include "lines.glsl"

// The change of the place per pixel, between the neighbours that there are.
vec3 slope(ivec2 at, ivec2 one) {
    ivec2 after = min(at + one, last), before = max(at - one, ivec2(0));
    ivec2 apart = after - before;
    vec3 change = place_of(output_at(after)) - place_of(output_at(before));
    return change / float(max(apart.x + apart.y, 1));
}

vec3 printed(ivec2 at) {
    vec3 value = output_at(at);
    vec3 across = slope(at, ivec2(1, 0)), down = slope(at, ivec2(0, 1));
    vec3 reach = sqrt(across * across + down * down) * sqrt(sample_weight);
    vec3 shown = inverted(stepped(place_of(value), max(reach, 1e-6)));
#if LINES
    shown = lined(shown, value, at);
#endif
    return marked(value) ? NOT_A_NUMBER : shown;
}

// Outputs to colours: value range, mapping, inversion. The counterpart of color.py's colored().

#include "mappings.glsl"

uniform vec3 low;    // the value mapped to 0
uniform vec3 factor; // 1 / (the value mapped to 1 - low)
uniform bool mean;   // map the mean of the channels instead of each
uniform bool invert;

const vec3 NOT_A_NUMBER = vec3(1.0, 0.0, 1.0); // as in color.glsl; not mapped

vec3 colored(vec3 value) {
    if (value == NOT_A_NUMBER) return NOT_A_NUMBER;
    vec3 third = value / 3.0; // their sum could overflow
    vec3 some = mean ? vec3(third.x + third.y + third.z) : value;
    vec3 shown = mapped(clamp((some - low) * factor, 0.0, 1.0));
    return invert ? 1.0 - shown : shown;
}

// Outputs as colours: the range stretched, a mapping, light for dark. The twin of color.py's colored.

#include "mappings.glsl"

uniform vec3 low;    // what becomes 0
uniform vec3 factor; // 1 / (what becomes 1 - low)
uniform bool mean;   // the mean of the three, instead of each
uniform bool invert;

const vec3 NOT_A_NUMBER = vec3(1.0, 0.0, 1.0); // as in color.glsl; it stays what it is

vec3 colored(vec3 value) {
    if (value == NOT_A_NUMBER) return NOT_A_NUMBER;
    vec3 third = value / 3.0; // for a sum could overflow
    vec3 some = mean ? vec3(third.x + third.y + third.z) : value;
    vec3 shown = mapped(clamp((some - low) * factor, 0.0, 1.0));
    return invert ? 1.0 - shown : shown;
}

// Outputs to colours: value range, mapping, inversion. The counterpart of color.py's colored().

#include "broken.glsl"
#include "mappings.glsl"

uniform vec3 low;    // the value mapped to 0
uniform vec3 factor; // 1 / (the value mapped to 1 - low)
uniform bool mean;   // map the mean of the channels instead of each
uniform bool invert;

vec3 mapped_outputs(vec3 value) {
    vec3 third = value / 3.0; // their sum could overflow
    vec3 some = mean ? vec3(third.x + third.y + third.z) : value;
    vec3 shown = mapped(clamp((some - low) * factor, 0.0, 1.0));
    return invert ? 1.0 - shown : shown;
}

// The mark of outputs that are not finite is not mapped.
vec3 colored(vec3 value) { return marked(value) ? NOT_A_NUMBER : mapped_outputs(value); }

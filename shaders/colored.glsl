// Outputs to colours: value range, mapping, inversion. The counterpart of color.py's colored().

#include "broken.glsl"
#include "mappings.glsl"

uniform vec3 low;    // the value mapped to 0
uniform vec3 factor; // 1 / (the value mapped to 1 - low)
uniform bool mean;   // map the mean of the channels instead of each
uniform bool invert;

// Outputs, or their mean, in the value range: 0 to 1, and 1 beyond.
vec3 place_of(vec3 value) {
    vec3 third = value / 3.0; // their sum could overflow
    vec3 some = mean ? vec3(third.x + third.y + third.z) : value;
    return clamp((some - low) * factor, -1.0, 2.0);
}

vec3 inverted(vec3 shown) { return invert ? 1.0 - shown : shown; }

// Flat colours have hard edges here.
vec3 mapped_outputs(vec3 value) { return inverted(stepped(place_of(value), vec3(1e-6))); }

// The mark of outputs that are not finite is not mapped.
vec3 colored(vec3 value) { return marked(value) ? NOT_A_NUMBER : mapped_outputs(value); }

// The way of a pixel's ray through a box, its edges, and the border of a slice of it.
//
// Rays are parametrised from the plane through the box's centre that faces the eye, for precision
// when the eye is far away.

#include "backdrop.glsl"

uniform vec2 half_size;   // half the target's size, in half sides of the box
uniform vec2 shift;       // of the box's centre on the target, in half sides of the target
uniform vec3 right;       // unit vectors, in the box's coordinates
uniform vec3 up;
uniform vec3 eye;
uniform vec3 clip_low;    // clipping: minimum and maximum of x, y, z
uniform vec3 clip_high;
uniform float slice_at;   // z of the slice, -1 to 1
uniform float stroke;     // half the width of the box's lines, in pixels
uniform vec3 hidden;      // which faces are turned away from the eye: 1 high, -1 low, 0 both
uniform float pixel;      // size of a pixel at the box's centre, in half sides of the box

const float NEAR = 0.1; // from an edge, in half sides of the box: where its line is drawn

// The interval (x, y) of a ray within a box.
vec2 within(vec3 start, vec3 inverse, vec3 lowest, vec3 highest) {
    vec3 a = (lowest - start) * inverse, b = (highest - start) * inverse;
    vec3 near = min(a, b), far = max(a, b);
    return vec2(max(max(near.x, near.y), near.z), min(min(far.x, far.y), far.z));
}

// Pixels from a point of the plane through the box's centre to the picture of a line in space: the
// line and the eye span a plane. Negative on one side.
float beside(vec3 start, vec3 point, vec3 along) {
    vec3 normal = cross(along, point - eye);
    float change = length(vec2(dot(normal, right), dot(normal, up))) * pixel; // per pixel
    return dot(normal, start - eye) / max(change, 1e-9);
}

// The coverage of a pixel by the box's edges behind everything; p is a point of its surface.
float edged(vec3 start, vec3 p) {
    vec3 faces = mix(hidden, sign(p), equal(hidden, vec3(0.0)));
    bvec3 near = lessThan(abs(p - faces), vec3(NEAR));
    float least = 1e6;
    if (near.y && near.z) least = abs(beside(start, faces, vec3(1.0, 0.0, 0.0)));
    if (near.x && near.z) least = min(least, abs(beside(start, faces, vec3(0.0, 1.0, 0.0))));
    if (near.x && near.y) least = min(least, abs(beside(start, faces, vec3(0.0, 0.0, 1.0))));
    return clamp(stroke + 0.5 - least, 0.0, 1.0);
}

// Pixels to the nearest side of the slice, inwards.
float border(vec3 start) {
    vec3 low = vec3(clip_low.xy, slice_at), high = vec3(clip_high.xy, slice_at);
    float turned = sign(slice_at - eye.z);
    vec3 x = vec3(turned, 0.0, 0.0), y = vec3(0.0, turned, 0.0);
    float across = min(beside(start, low, -x), beside(start, high, x));
    float along = min(beside(start, low, y), beside(start, high, -y));
    return min(across, along);
}

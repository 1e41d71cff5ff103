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

// The interval (x, y) of a ray within a box.
vec2 within(vec3 start, vec3 inverse, vec3 lowest, vec3 highest) {
    vec3 a = (lowest - start) * inverse, b = (highest - start) * inverse;
    vec3 near = min(a, b), far = max(a, b);
    return vec2(max(max(near.x, near.y), near.z), min(min(far.x, far.y), far.z));
}

// The coverage of a pixel by the box's edges behind everything, at a point of its surface.
float edged(vec3 p) {
    vec3 a = mix(p * hidden, abs(p), equal(hidden, vec3(0.0)));
    float second = a.x + a.y + a.z - max(max(a.x, a.y), a.z) - min(min(a.x, a.y), a.z);
    return clamp(stroke + 0.5 - (1.0 - second) / pixel, 0.0, 1.0);
}

// Pixels from a point of the plane through the box's centre to the nearer of the slice's two sides
// along an axis, inwards. A side and the eye span a plane, whose picture is a straight line.
float border(vec3 start, int axis) {
    vec3 way = start - eye;
    float rise = slice_at - eye.z, least = 1e6;
    for (int k = 0; k < 2; k++) {
        float side = (k == 0 ? clip_low : clip_high)[axis] - eye[axis];
        float away = rise * way[axis] - side * way.z;
        vec2 slope = rise * vec2(right[axis], up[axis]) - side * vec2(right.z, up.z);
        float pixels = away / max(length(slope) * pixel, 1e-9) * sign(rise);
        least = min(least, k == 0 ? pixels : -pixels);
    }
    return least;
}

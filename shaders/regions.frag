// The linear regions of a network of piecewise linear units (such as relu): the lines where a
// unit's pre-activation z changes its sign, the picture, and the region of each pixel.
//
// Within a region z is affine, so |z| / |grad z| is the distance to the line z = 0. It is exact up
// to the nearest boundary, and lines are not drawn beyond. Lines of earlier layers are on top. A
// region's hash is the exclusive or of the keys of the units with positive z. regions.py implements
// the same in NumPy.

#define NOTE_UNIT(layer, row, sum) note_unit(layer, row, sum);
void note_unit(int layer, int row, vec4 z);

#include "dual.glsl"

uniform vec4 inks[MAX_DEPTH];    // of a layer's lines: colour and opacity
uniform float widths[MAX_DEPTH]; // half a line's width, in pixels; 0 for no lines
uniform float pixels;            // in half of the shorter side

layout(location = 0) out vec4 lines;   // premultiplied
layout(location = 1) out vec4 picture; // alpha > 0 where it is not finite
layout(location = 2) out vec4 region;  // distance in pixels, layer from 1; hash: low, high 16 bits

float nearest = 1.0e30;
int nearest_layer = -1;
uint hash = 0u;
vec4 ink = vec4(0.0);

uint key(int layer, int row) {
    uint k = uint(layer * MAX_WIDTH + row + 1) * 0x9E3779B9u;
    k = (k ^ (k >> 16)) * 0x85EBCA6Bu;
    k = (k ^ (k >> 13)) * 0xC2B2AE35u;
    return k ^ (k >> 16);
}

void note_unit(int layer, int row, vec4 z) {
    if (widths[layer] <= 0.0 || row >= layers.shape[layer].x) return; // the same at every pixel
    float steep = max(abs(z.y), abs(z.z));
    float away = 1.0e30; // a constant unit has no boundary
    if (steep > 1.0e-30) away = pixels * abs(z.x) / (steep * length(z.yz / steep));
    if (away < nearest) {
        nearest = away;
        nearest_layer = layer;
    }
    if (z.x > 0.0) hash ^= key(layer, row);
    float cover = inks[layer].a * clamp(widths[layer] + 0.5 - away, 0.0, 1.0) * (1.0 - ink.a);
    ink += vec4(inks[layer].rgb * cover, cover);
}

void main() {
    vec4 red, green, blue, bad;
    duals(ivec2(gl_FragCoord.xy), red, green, blue, bad);
    lines = ink;
    picture = vec4(red.x, green.x, blue.x, bad.x);
    region = vec4(nearest, nearest_layer + 1, hash & 0xFFFFu, hash >> 16);
}

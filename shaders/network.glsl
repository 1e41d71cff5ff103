// The network: local coordinates to outputs, at GROUPS · LANES pixels at once. Fragment and
// compute programs include this one function; a baked one stands for rows.glsl.
//
// A REAL holds one unit at LANES pixels, so that each weight is read once for all of them. Networks
// of up to 64 units take rows.glsl, wider ones steps.glsl. Depth is a loop bound and not a constant:
// changing it compiles nothing.

REAL broken[GROUPS]; // over 0 where a sum is not a number

REAL hidden_activation(REAL x, int kind) {
    HIDDEN_ACTIVATIONS
}

#if OVERFLOWS
#define NOTE_BROKEN(g, x) broken[g] += REAL(isnan(x));
#else
#define NOTE_BROKEN(g, x)
#endif

// What dual.glsl makes otherwise: a number that is the same at every pixel, as a term of a sum.
#ifndef CONSTANT
#define CONSTANT(x) (x)
#endif
// What regions.frag looks at: the sum of a unit, of those that only fill a group of rows too.
#ifndef NOTE_UNIT
#define NOTE_UNIT(layer, row, sum)
#endif

#include "rows.glsl"
#include "steps.glsl"

// The network: local coordinates to outputs, at GROUPS · LANES pixels at once. Fragment and compute
// programs include this function; a baked program replaces rows.glsl.
//
// A REAL holds one unit at LANES pixels, so that each weight is read once for all of them. Networks
// of up to 64 units use rows.glsl, wider ones steps.glsl. Depth is a loop bound and not a constant:
// changing it compiles nothing.

REAL broken[GROUPS]; // > 0 where a pre-activation is NaN

#if ALPHA // whether there is a fourth output
REAL alpha[GROUPS];
#define SET_ALPHA(g, x) alpha[g] = x;
#else
#define SET_ALPHA(g, x)
#endif

REAL hidden_activation(REAL x, int kind) {
    HIDDEN_ACTIVATIONS
}

#if OVERFLOWS
#define NOTE_BROKEN(g, x) broken[g] += REAL(isnan(x));
#else
#define NOTE_BROKEN(g, x)
#endif

// A constant term of a sum; dual.glsl defines it differently.
#ifndef CONSTANT
#define CONSTANT(x) (x)
#endif
// A hook for regions.frag: a unit's pre-activation, also of rows that only pad a group.
#ifndef NOTE_UNIT
#define NOTE_UNIT(layer, row, sum)
#endif

#include "curved.glsl"
#include "rows.glsl"
#include "steps.glsl"

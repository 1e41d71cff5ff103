// A pass over a grid: GROUPS groups of a layer's units at PIXELS positions, from the units of other
// layers at the positions around. See engines/gl/grid_plan.py.
//
// Groups of four channels lie in rectangles of `side` positions, `across` of them side by side in
// a texture. Group g is rectangle g / BANKS of texture g % BANKS.

#include "math.glsl"
#include <activations>

#define HEAD 5 // bias, mean, factor, shift, boost of each group; then follow the weights

uniform sampler2D units[SAMPLERS]; // a convolution's banks, or a texture for each input
uniform ivec2 side;
uniform ivec4 across; // of each input
uniform int kernel;   // taps per side

#if TEXTURED
uniform sampler2D texels;
uniform int start;
vec4 term(int i) { return texelFetch(texels, ivec2((start + i) & 4095, (start + i) >> 12), 0); }
#else
layout(std140) uniform Terms { vec4 w[BLOCK]; } terms;
vec4 term(int i) { return terms.w[i]; }
#endif

ivec2 corner(int number, int across) { return ivec2(number % across, number / across) * side; }

// Units from pre-activations. NaN is kept whatever the activation returns for it.
vec4 finished(vec4 sum, int group) {
    vec4 z = (sum - term(HEAD * group + 1)) * term(HEAD * group + 2) + term(HEAD * group + 3);
    return mix(ACTIVATION(z), z, isnan(z)) * term(HEAD * group + 4);
}

#if KIND == CONV

uniform ivec2 groups; // that are read: from, and before
uniform int dilation;

// The groups of a round of the banks that are not read may hold anything.
#define NEAR(bank, i) texelFetch(units[bank], place + ivec2((i) * dilation, 0), 0)
#if BANKS > 1
#define FETCH(bank, i) (slot * BANKS + bank >= groups.x && slot * BANKS + bank < groups.y \
                        ? NEAR(bank, i) : vec4(0.0))
#else
#define FETCH(bank, i) NEAR(bank, i)
#endif

// A bank's group. TAPS taps of a row at once, whose products are unrolled.
#define READ(bank) \
    for (int row = 0; row < kernel; ++row) \
        for (int tap = 0; tap < kernel; tap += TAPS) { \
            ivec2 place = corner(slot, across.x) + at + ivec2(tap, row) * dilation; \
            LOADS(bank) \
            PRODUCTS \
            n += 4 * GROUPS * TAPS; \
        }

// Sums at `at` and, to the right of it, at positions `dilation` apart.
void evaluate(ivec2 at, out vec4 sums[GROUPS * PIXELS]) {
    vec4 near[TAPS + PIXELS - 1];
    STARTS
    at -= kernel / 2 * dilation;
    int n = HEAD * GROUPS;
    for (int slot = groups.x / BANKS; slot * BANKS < groups.y; ++slot) {
        EACH_BANK
    }
}

#else

const int dilation = 1;
uniform ivec4 slots; // the rectangle of each input's group

#define VALUE(i) texelFetch(units[i], corner(slots[i], across[i]) + at, 0)

void evaluate(ivec2 at, out vec4 sums[1]) {
    at -= kernel / 2;
    vec4 total = VALUES;
#if KIND != SUM
    ivec2 first = corner(slots.x, across.x) + at;
    for (int i = 1; i < kernel * kernel; ++i) {
        vec4 other = texelFetch(units[0], first + ivec2(i % kernel, i / kernel), 0);
#if KIND == MAX
        vec4 larger = mix(max(total, other), other, isnan(other));
        total = mix(larger, total, isnan(total));
#else
        total += other;
#endif
    }
#if KIND == AVG
    total *= 1.0 / float(kernel * kernel);
#endif
#endif
    sums[0] = total;
}

#endif

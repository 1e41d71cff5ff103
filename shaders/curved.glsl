// Curved features beyond the first: their weights in layer 1, four in a texel, a row for each unit.

#if MORE
REAL more[GROUPS * MORE]; // their changes, written by CURVE

#define ADD_MORE(c, g) \
    w = texelFetch(curved_weights, ivec2(c, row), 0); \
    sum += w.x * more[(g) * MORE + 4 * (c)] + w.y * more[(g) * MORE + 4 * (c) + 1] \
         + w.z * more[(g) * MORE + 4 * (c) + 2] + w.w * more[(g) * MORE + 4 * (c) + 3];

REAL more_terms(int row, int g) {
    REAL sum = REAL(0.0);
    vec4 w;
    EACH_MORE(ADD_MORE, g)
    return sum;
}
#define MORE_TERMS(row, g) + more_terms(row, g)
#else
#define MORE_TERMS(row, g)
#endif

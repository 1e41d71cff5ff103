// Parts of trainability.comp: losses, as in native/train.c, and sums.

const int SUM = 0, INVERSE = 2, LAST = 4, INITIAL = 6, ENDED = 7; // tallies; sums with their errors

float losses[OUTPUTS], outputs[OUTPUTS]; // outputs: before their activation

bool is_number(float x) { return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u; }

// The loss of an output y of the pre-activation z, and its derivative by z; slope: of y by z.
float lossy(float z, float y, float target, float slope, out float value) {
    float off = y - target;
#if LOSS == 0 // cross-entropy
    value = fma(-target, z, activation_softplus(z));
    return off;
#elif LOSS == 1 // squared
    value = 0.5 * off * off;
    return off * slope;
#elif LOSS == 2 // hinge
    value = max(0.0, 1.0 - target * y);
    return (target * y < 1.0 ? -target : 0.0) * slope;
#else // absolute
    value = abs(off);
    return sign(off) * slope;
#endif
}

// Add to a sum, with what rounding loses (Kahan 1965).
#define add(which, x) \
    { \
        precise float kept = tallies[at(which)], y = (x) - tallies[at((which) + 1)], t = kept + y; \
        precise float lost = (t - kept) - y; \
        tallies[at(which)] = t; \
        tallies[at((which) + 1)] = lost; \
    }

// From outputs to display values.

#include "broken.glsl"
#include "alpha.glsl"

// 1 where x is a value, else 0.
#define EXACTLY(x, value) (step(REAL(value), x) * step(x, REAL(value)))

void mark_broken(inout REAL red, inout REAL green, inout REAL blue, REAL broken) {
    REAL bad = broken + REAL(isnan(red)) + REAL(isnan(green)) + REAL(isnan(blue));
    bad += REAL(isinf(red)) + REAL(isinf(green)) + REAL(isinf(blue));
    SELECT(red, bad, NOT_A_NUMBER.r);
    SELECT(green, bad, NOT_A_NUMBER.g);
    SELECT(blue, bad, NOT_A_NUMBER.b);
    REAL same = EXACTLY(red, NOT_A_NUMBER.r) * EXACTLY(blue, NOT_A_NUMBER.b);
    same *= (1.0 - step(REAL(BESIDE), abs(green))) * (1.0 - min(bad, REAL(1.0)));
    SELECT(green, same, BESIDE);
}

#if ALPHA
// Alpha from the fourth output after its activation: 1 where one of the outputs is not finite.
void finish_alpha(inout REAL alpha, REAL red, REAL green, REAL blue, inout REAL broken) {
    broken += REAL(isnan(red)) + REAL(isnan(green)) + REAL(isnan(blue)) + REAL(isnan(alpha));
    broken += REAL(isinf(red)) + REAL(isinf(green)) + REAL(isinf(blue)) + REAL(isinf(alpha));
    alpha = clamp((alpha - frame.alpha.x) * frame.alpha.y, 0.0, 1.0);
    SELECT(alpha, broken, 1.0);
}

// The weight of a sample's colour, if several are averaged.
REAL alpha_weight(REAL alpha) { return frame.clamped == 1 ? alpha + ALPHA_FLOOR : REAL(1.0); }
#endif

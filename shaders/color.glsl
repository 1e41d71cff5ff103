// From outputs to display values.

#include "broken.glsl"

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

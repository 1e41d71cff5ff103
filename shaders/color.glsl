// From outputs to display values.

// Magenta marks values that are not finite, as when deep relu networks overflow.
const vec3 NOT_A_NUMBER = vec3(1.0, 0.0, 1.0);

void mark_broken(inout REAL red, inout REAL green, inout REAL blue, REAL broken) {
    REAL bad = broken + REAL(isnan(red)) + REAL(isnan(green)) + REAL(isnan(blue));
    bad += REAL(isinf(red)) + REAL(isinf(green)) + REAL(isinf(blue));
    SELECT(red, bad, NOT_A_NUMBER.r);
    SELECT(green, bad, NOT_A_NUMBER.g);
    SELECT(blue, bad, NOT_A_NUMBER.b);
}

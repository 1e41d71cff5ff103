// Functions used by the activations and their derivatives (nn/activations.py).
//
// REAL is a float, or a vector of several pixels; only operations that work on both are used. Of
// the drivers' functions only exp, log and floor are used: some drivers return NaN for tanh of a
// large number, and some are off by 40 units in the last place. Branches are written with step and
// mix, both sides of which must be finite: hence the clamps.

const float BIG = 3.0e38;

// 1 where x > 0, else 0.
REAL positive(REAL x) { return 1.0 - step(x, REAL(0.0)); }

REAL expm1_negative(REAL x) {
    // exp(x) - 1 for x <= 0: Taylor near 0, where the difference would cancel.
    REAL s = max(x, REAL(-0.5));
    REAL p = s * (1.0 + s * (0.5 + s * (0.16666667 + s * (0.041666668 + s * (0.0083333338
           + s * (0.0013888889 + s * 0.00019841270))))));
    return mix(exp(max(x, REAL(-88.0))) - 1.0, p, step(REAL(-0.5), x));
}

REAL log1p_unit(REAL y) {
    // log(1 + y) for y in [0, 1], by 2 artanh(y / (2 + y)).
    REAL s = y / (2.0 + y);
    REAL z = s * s;
    return 2.0 * s * (1.0 + z * (0.33333333 + z * (0.2 + z * (0.14285714 + z * (0.11111111
         + z * (0.090909091 + z * (0.076923077 + z * 0.066666667)))))));
}

REAL upper_tail(REAL z) {
    // erfc(z) for z >= 0, relative error 1.2e-7 (Numerical Recipes, 2nd ed., erfcc).
    REAL t = 1.0 / (1.0 + 0.5 * z);
    REAL p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418
           + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587
           + t * (-0.82215223 + t * 0.17087277))))))));
    return t * exp(p - z * z);
}

REAL sine(REAL x, REAL quarter) {
    // sin(x + quarter · π/2): reduced by multiples of π/2 in three parts (Cody and Waite), then the
    // polynomials of Cephes' sinf and cosf.
    REAL n = floor(x * 0.63661977 + 0.5);
    PRECISE REAL reduced = ((x - n * 1.5703125) - n * 4.83751297e-4) - n * 7.54978995e-8;
    REAL r = clamp(reduced, REAL(-0.79), REAL(0.79)); // beyond 2^22 the angle has no precision left
    REAL z = r * r;
    REAL s = ((-1.9515296e-4 * z + 8.3321609e-3) * z - 0.16666655) * z * r + r;
    REAL c = ((2.4433157e-5 * z - 1.3887316e-3) * z + 4.1666646e-2) * z * z - 0.5 * z + 1.0;
    REAL m = mod(n + quarter, 4.0);
    REAL odd = mod(m, 2.0);
    return mix(s, c, odd) * (1.0 - 2.0 * step(REAL(1.5), m));
}

REAL rational_tanh(REAL x) {
    // x P(x²)/Q(x²), fitted by weighted least squares on [0, 8] to a relative error of 7e-9, 3e-7
    // in float32. Beyond 8, 1 - tanh is at most 2e-7. Needs one division and no exp.
    REAL a = clamp(x, REAL(-8.0), REAL(8.0));
    REAL z = a * a;
    REAL p = (((1.52296877e-8 * z + 2.18942241e-5) * z + 3.57157458e-3) * z + 0.134444788) * z + 1.0;
    REAL q = (((8.52217568e-7 * z + 3.41125153e-4) * z + 2.61643566e-2) * z + 0.467778057) * z + 1.0;
    return a * p / q;
}

REAL arctangent(REAL x) {
    // Cephes' atanf: π/2 - atan(1/a) above tan(3π/8), π/4 + atan((a-1)/(a+1)) above tan(π/8).
    REAL a = min(abs(x), REAL(BIG));
    REAL far = step(REAL(2.4142135), a);
    REAL middle = step(REAL(0.41421357), a) * (1.0 - far);
    REAL inverse = -1.0 / max(a, REAL(1.0));
    REAL b = mix(mix(min(a, REAL(1.0)), (a - 1.0) / (a + 1.0), middle), inverse, far);
    REAL z = b * b;
    REAL p = (((8.0537445e-2 * z - 0.13877685) * z + 0.19977711) * z - 0.33332949) * z * b + b;
    return sign(x) * (p + 0.78539816 * middle + 1.5707964 * far);
}

// The derivative of the sigmoid, from exp(-|x|).
REAL bell(REAL e) {
    REAL whole = 1.0 + e;
    return e / (whole * whole);
}

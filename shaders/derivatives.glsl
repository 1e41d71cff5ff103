// The derivatives of the activation functions: each the twin of a row in activations.py.
//
// As in activations.glsl, which stands before this, all of it fits float and vec4. None is a
// difference like 1 - tanh², of which nothing is left where it is small.

// 1 where x > 0, else 0.
REAL positive(REAL x) { return 1.0 - step(x, REAL(0.0)); }

// The derivative of the sigmoid, from exp(-|x|).
REAL bell(REAL e) {
    REAL whole = 1.0 + e;
    return e / (whole * whole);
}

REAL derivative_identity(REAL x) { return REAL(1.0); }

REAL derivative_relu(REAL x) { return positive(x); }

REAL derivative_leaky_relu(REAL x) { return mix(REAL(0.01), REAL(1.0), positive(x)); }

REAL derivative_elu(REAL x) { return exp(clamp(x, REAL(-88.0), REAL(0.0))); }

REAL derivative_gelu(REAL x) {
    REAL a = clamp(x, REAL(-13.0), REAL(13.0)); // exp(-a² / 2) is 2e-37 there
    REAL tail = 0.5 * upper_tail(abs(a) * 0.70710678);
    return mix(tail, 1.0 - tail, positive(a)) + 0.39894228 * a * exp(-0.5 * a * a);
}

REAL derivative_softplus(REAL x) { return activation_sigmoid(x); }

REAL derivative_tanh(REAL x) { return 4.0 * bell(exp(-2.0 * min(abs(x), REAL(44.0)))); }

REAL derivative_sigmoid(REAL x) { return bell(exp(-min(abs(x), REAL(88.0)))); }

REAL derivative_sin(REAL x) { return sine(x, REAL(1.0)); }

REAL derivative_cos(REAL x) { return -sine(x, REAL(0.0)); }

REAL derivative_gaussian(REAL x) {
    REAL a = clamp(x, REAL(-20.0), REAL(20.0));
    return -2.0 * a * exp(-min(a * a, REAL(88.0)));
}

REAL derivative_atan(REAL x) {
    REAL a = min(abs(x), REAL(1.0e18)); // whose square float32 holds
    return 1.0 / (1.0 + a * a);
}

REAL derivative_abs(REAL x) { return sign(x); }

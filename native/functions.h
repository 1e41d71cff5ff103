/* Activations and their derivatives over vectors: activation_NAME and derivative_NAME.
 *
 * They are the functions of shaders/math.glsl and of the table in cppn_gl/nn/activations.py, with
 * fused multiply-adds. Only +, -, *, /, fma, comparisons and integer operations are used, so that
 * every processor gives the same bits. The second operand of max_ and min_ passes if it is NaN.
 */
#ifndef CPPN_FUNCTIONS_H
#define CPPN_FUNCTIONS_H

#include "names.h"
#include "vectors.h"

#define ROUNDER 12582912.0f /* 1.5 * 2^23: added, it rounds to an integer in the low bits */

INLINE vec clamp(vec x, float limit) { return max_(splat(-limit), min_(splat(limit), x)); }

/* c[0] x^(n - 1) + … + c[n - 1] */
INLINE vec polynomial(vec x, int n, const float *c) {
    vec sum = splat(c[0]);
    for (int k = 1; k < n; k++) sum = fma_(sum, x, splat(c[k]));
    return sum;
}
#define POLYNOMIAL(x, ...) \
    polynomial(x, sizeof((float[]){__VA_ARGS__}) / sizeof(float), (float[]){__VA_ARGS__})

/* exp(x) for x <= 0, or barely above: reduced by multiples of log 2, then Cephes' polynomial. */
INLINE vec exp_negative(vec x) {
    x = max_(splat(-104), x); /* whose exponential rounds to 0 */
    vec rounded = fma_(x, splat(1.44269504f), splat(ROUNDER));
    vec n = rounded - splat(ROUNDER);
    vec r = fma_(n, splat(1.90465430e-9f), fma_(n, splat(-0.693147182f), x));
    vec p = POLYNOMIAL(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                       1.6666665459e-1f, 5.0000001201e-1f);
    vec e = fma_(p, r * r, r) + splat(1);
    /* 2^n in two steps, for n down to -150: subnormal results are rounded once. */
    ivec whole = (ivec)rounded - (ivec)splat(ROUNDER), half = whole >> 1;
    return e * (vec)((uvec)(half + 127) << 23) * (vec)((uvec)(whole - half + 127) << 23);
}

INLINE vec expm1_negative(vec x) {
    vec s = max_(splat(-0.5f), x); /* Taylor near 0, where the difference would cancel */
    vec p = s * POLYNOMIAL(s, 1.9841270e-4f, 1.3888889e-3f, 8.3333338e-3f, 4.1666668e-2f,
                           0.16666667f, 0.5f, 1.0f);
    return select_(x < splat(-0.5f), exp_negative(x) - splat(1), p);
}

/* log(1 + y) for y in [0, 1], by 2 artanh(y / (2 + y)). */
INLINE vec log1p_unit(vec y) {
    vec s = y / (splat(2) + y);
    return splat(2) * s *
           POLYNOMIAL(s * s, 0.066666667f, 0.076923077f, 0.090909091f, 0.11111111f, 0.14285714f,
                      0.2f, 0.33333333f, 1.0f);
}

/* erfc(z) for z >= 0, relative error 1.2e-7 (Numerical Recipes, 2nd ed., erfcc). */
INLINE vec upper_tail(vec z) {
    vec t = splat(1) / fma_(splat(0.5f), z, splat(1));
    vec p = POLYNOMIAL(t, 0.17087277f, -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
                       -0.18628806f, 0.09678418f, 0.37409196f, 1.00002368f, -1.26551223f);
    return t * exp_negative(fma_(-z, z, p));
}

/* For one large x: x - n π/2 in [-π/4, π/4], and n modulo 4. Payne and Hanek's reduction: of the
 * product of x's 24 bits with 2/π only the bits that matter modulo 4 are computed, 62 of them. */
static inline float reduce_large(float x, int32_t *quadrant) {
    static const uint32_t two_over_pi[] = { /* a word of zeros, then the binary fraction */
        0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
        0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t exponent = bits >> 23 & 255;
    if (exponent == 255) { /* infinite */
        *quadrant = 0;
        return NAN;
    }
    const uint64_t mantissa = (bits & 0x7fffff) | 0x800000;
    /* x = mantissa 2^(exponent - 150); bits of 2/π above 2^(152 - exponent) give multiples of 4. */
    const uint32_t start = exponent - 150 - 2 + 32, word = start / 32, shift = start % 32;
    uint64_t w[3];
    for (int k = 0; k < 3; k++) {
        const uint64_t two = (uint64_t)two_over_pi[word + k] << 32 | two_over_pi[word + k + 1];
        w[k] = two << shift >> 32;
    }
    const uint64_t product = (mantissa * w[0] << 32) + mantissa * w[1] + (mantissa * w[2] >> 32);
    const uint64_t n = (product + (UINT64_C(1) << 61)) >> 62;
    const double r = (double)(int64_t)(product - (n << 62)) * 3.4061215800865545e-19; /* π/2^63 */
    *quadrant = bits >> 31 ? -(int32_t)n : (int32_t)n;
    return (float)(bits >> 31 ? -r : r);
}

/* sin(x + quarter · π/2): reduced by multiples of π/2 in three parts (Cody and Waite), then the
 * polynomials of Cephes' sinf and cosf. */
INLINE vec sine(vec x, int32_t quarter) {
    vec rounded = fma_(x, splat(0.636619747f), splat(ROUNDER)), n = rounded - splat(ROUNDER);
    vec r = fma_(n, splat(-1.57079637f), x);
    r = fma_(n, splat(1.71512449e-15f), fma_(n, splat(4.37113883e-8f), r));
    uvec m = (uvec)rounded; /* n in its low bits */
    ivec large = abs_(x) > splat(1e5f);
    if (any(large))
        for (int k = 0; k < LANES; k++)
            if (large[k]) {
                int32_t quadrant;
                r[k] = reduce_large(x[k], &quadrant);
                m[k] = (uint32_t)quadrant;
            }
    m += (uint32_t)quarter;
    vec z = r * r;
    vec s = fma_(POLYNOMIAL(z, -1.9515296e-4f, 8.3321609e-3f, -0.16666655f) * z, r, r);
    vec c = fma_(POLYNOMIAL(z, 2.4433157e-5f, -1.3887316e-3f, 4.1666646e-2f), z * z,
                 fma_(splat(-0.5f), z, splat(1)));
    return (vec)((uvec)select_((m & 1) != 0, c, s) ^ ((m & 2) << 30));
}

INLINE vec logistic(vec x) {
    vec e = exp_negative(-abs_(x));
    return select_(x < splat(0), e, splat(1)) / (splat(1) + e);
}

/* The derivative of the sigmoid, from exp(-|x|). */
INLINE vec bell(vec e) { return e / ((splat(1) + e) * (splat(1) + e)); }

INLINE vec activation_identity(vec x) { return x; }
INLINE vec derivative_identity(vec x) {
    (void)x;
    return splat(1);
}

INLINE vec activation_relu(vec x) { return max_(splat(0), x); }
INLINE vec derivative_relu(vec x) { return select_(x > splat(0), splat(1), splat(0)); }

INLINE vec activation_leaky_relu(vec x) { return select_(x < splat(0), splat(0.01f) * x, x); }
INLINE vec derivative_leaky_relu(vec x) { return select_(x > splat(0), splat(1), splat(0.01f)); }

INLINE vec activation_elu(vec x) {
    return max_(splat(0), x) + expm1_negative(min_(splat(0), x));
}
INLINE vec derivative_elu(vec x) { return exp_negative(min_(splat(0), x)); }

INLINE vec activation_gelu(vec x) {
    vec a = min_(splat(20), abs_(x));
    return max_(splat(0), x) - a * (splat(0.5f) * upper_tail(a * splat(0.70710678f)));
}
INLINE vec derivative_gelu(vec x) {
    vec a = clamp(x, 13); /* exp(-a² / 2) is 2e-37 there */
    vec tail = splat(0.5f) * upper_tail(abs_(a) * splat(0.70710678f));
    vec density = splat(0.39894228f) * exp_negative(splat(-0.5f) * a * a);
    return fma_(a, density, select_(a > splat(0), splat(1) - tail, tail));
}

INLINE vec activation_softplus(vec x) {
    return max_(splat(0), x) + log1p_unit(exp_negative(-abs_(x)));
}
INLINE vec derivative_softplus(vec x) { return logistic(x); }

/* x P(x²)/Q(x²): see rational_tanh in math.glsl. */
INLINE vec activation_tanh(vec x) {
    vec a = clamp(x, 8), z = a * a;
    vec p = POLYNOMIAL(z, 1.52296877e-8f, 2.18942241e-5f, 3.57157458e-3f, 0.134444788f, 1.0f);
    vec q = POLYNOMIAL(z, 8.52217568e-7f, 3.41125153e-4f, 2.61643566e-2f, 0.467778057f, 1.0f);
    return a * p / q;
}
INLINE vec derivative_tanh(vec x) {
    return splat(4) * bell(exp_negative(splat(-2) * abs_(x)));
}

INLINE vec activation_sigmoid(vec x) { return logistic(x); }
INLINE vec derivative_sigmoid(vec x) { return bell(exp_negative(-abs_(x))); }

INLINE vec activation_sin(vec x) { return sine(x, 0); }
INLINE vec derivative_sin(vec x) { return sine(x, 1); }

INLINE vec activation_cos(vec x) { return sine(x, 1); }
INLINE vec derivative_cos(vec x) { return -sine(x, 0); }

INLINE vec activation_gaussian(vec x) {
    vec a = clamp(x, 20);
    return exp_negative(-(a * a));
}
INLINE vec derivative_gaussian(vec x) {
    return splat(-2) * clamp(x, 20) * activation_gaussian(x);
}

/* Cephes' atanf: π/2 - atan(1/a) above tan(3π/8), π/4 + atan((a - 1)/(a + 1)) above tan(π/8). */
INLINE vec activation_atan(vec x) {
    vec a = min_(splat(3e38f), abs_(x));
    ivec far = a > splat(2.4142135f), middle = (a > splat(0.41421357f)) & ~far;
    vec top = select_(far, splat(-1), select_(middle, a - splat(1), a));
    vec bottom = select_(far, a, select_(middle, a + splat(1), splat(1)));
    vec b = top / bottom, z = b * b;
    vec p = POLYNOMIAL(z, 8.0537445e-2f, -0.13877685f, 0.19977711f, -0.33332949f) * z;
    vec start = select_(far, splat(1.5707964f), select_(middle, splat(0.78539816f), splat(0)));
    return flip(start + fma_(p, b, b), x);
}
INLINE vec derivative_atan(vec x) {
    vec a = min_(splat(1e18f), abs_(x)); /* whose square float32 holds */
    return splat(1) / fma_(a, a, splat(1));
}

INLINE vec activation_abs(vec x) { return abs_(x); }
INLINE vec derivative_abs(vec x) {
    return select_(x > splat(0), splat(1), select_(x < splat(0), splat(-1), x));
}

#endif

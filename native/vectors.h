/* Vectors of floats for one instruction set, by the compiler's vector types.
 *
 * Include with one of CPPN_BUILD_PORTABLE, _AVX2, _AVX512 or _NEON defined. Only fma needs an
 * intrinsic: with contraction off, a * b + c is two roundings and fma(a, b, c) is one.
 */
#ifndef CPPN_VECTORS_H
#define CPPN_VECTORS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(CPPN_BUILD_AVX2)
#include <immintrin.h>
#define LANES 8
#define VECTORS 2 /* of pixels, kept in registers for ROWS rows: 12 of 16 registers hold sums */
#elif defined(CPPN_BUILD_AVX512)
#include <immintrin.h>
#define LANES 16
#define VECTORS 2
#elif defined(CPPN_BUILD_NEON)
#include <arm_neon.h>
#define LANES 4
#define VECTORS 4
#else
#define LANES 4
#define VECTORS 1
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES))); /* also masks: -1 is true */
typedef uint32_t uvec __attribute__((vector_size(4 * LANES)));

INLINE vec splat(float x) { return x - (vec){0}; } /* not x + 0, which turns -0 into 0 */

INLINE vec load(const float *from) {
    vec x;
    memcpy(&x, from, sizeof x);
    return x;
}

INLINE void store(float *to, vec x) { memcpy(to, &x, sizeof x); }

#if defined(CPPN_BUILD_PORTABLE) && !defined(__MINGW32__)
INLINE float fuse(float a, float b, float c) { return fmaf(a, b, c); }
INLINE double fuse64(double a, double b, double c) { return fma(a, b, c); }
#elif defined(CPPN_BUILD_PORTABLE) /* MinGW's fma and fmaf round twice */

/* a + b, rounded to odd: if inexact, to that neighbour whose last bit is set. Rounded again, to
 * fewer bits or as part of a larger sum, it gives what the exact sum would give. */
INLINE double add_to_odd(double a, double b) {
    const double sum = a + b, part = sum - a;
    const double error = (a - (sum - part)) + (b - part); /* exact (Knuth's TwoSum) */
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    const int64_t inexact = (error > 0) | (error < 0), inward = (error > 0) ^ (sum > 0);
    bits += (inexact & ~bits) * (1 - 2 * inward);
    memcpy(&a, &bits, sizeof bits);
    return a;
}

/* a * b + c, rounded once: the product is exact in double. */
INLINE float fuse(float a, float b, float c) { return (float)add_to_odd((double)a * b, c); }

INLINE int moderate(double x) { return fabs(x) < 0x1p400 && (fabs(x) > 0x1p-400 || x == 0); }

/* The same in double, with the product as a sum of two doubles (Dekker), then by Boldo and
 * Melquiond. Where a step might overflow or lose bits, the math library has to do. */
INLINE double fuse64(double a, double b, double c) {
    if (!(moderate(a) && moderate(b) && moderate(c))) return fma(a, b, c);
    const double split = 0x1p27 + 1, product = a * b;
    if (product == 0 || c == 0) return product + c; /* zeros' signs */
    const double a1 = a * split - (a * split - a), a2 = a - a1;
    const double b1 = b * split - (b * split - b), b2 = b - b1;
    const double low = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2;
    const double u = c + low, u1 = u - c, u2 = (c - (u - u1)) + (low - u1);
    const double t = product + u, t1 = t - product, t2 = (product - (t - t1)) + (u - t1);
    return t + add_to_odd(t2, u2);
}
#endif

/* a * b + c, rounded once. */
INLINE vec fma_(vec a, vec b, vec c) {
#if defined(CPPN_BUILD_AVX2)
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(CPPN_BUILD_AVX512)
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(CPPN_BUILD_NEON)
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    for (int k = 0; k < LANES; k++) a[k] = fuse(a[k], b[k], c[k]);
    return a;
#endif
}

/* The same of doubles, half as many. */
typedef double dvec __attribute__((vector_size(4 * LANES)));

INLINE dvec fma64_(dvec a, dvec b, dvec c) {
#if defined(CPPN_BUILD_AVX2)
    return (dvec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(CPPN_BUILD_AVX512)
    return (dvec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(CPPN_BUILD_NEON)
    return (dvec)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    for (int k = 0; k < LANES / 2; k++) a[k] = fuse64(a[k], b[k], c[k]);
    return a;
#endif
}

INLINE vec sqrt_(vec x) {
#if defined(CPPN_BUILD_AVX2)
    return (vec)_mm256_sqrt_ps((__m256)x);
#elif defined(CPPN_BUILD_AVX512)
    return (vec)_mm512_sqrt_ps((__m512)x);
#elif defined(CPPN_BUILD_NEON)
    return (vec)vsqrtq_f32((float32x4_t)x);
#else
    for (int k = 0; k < LANES; k++) x[k] = sqrtf(x[k]);
    return x;
#endif
}

/* a where the mask is true, else b. */
INLINE vec select_(ivec mask, vec a, vec b) {
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

/* a > b ? a : b and a < b ? a : b: b where one is NaN. */
INLINE vec max_(vec a, vec b) {
#if defined(CPPN_BUILD_AVX2)
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(CPPN_BUILD_AVX512)
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#else
    return select_(a > b, a, b);
#endif
}

INLINE vec min_(vec a, vec b) {
#if defined(CPPN_BUILD_AVX2)
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(CPPN_BUILD_AVX512)
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#else
    return select_(a < b, a, b);
#endif
}

INLINE vec abs_(vec x) { return (vec)((ivec)x & INT32_MAX); }

/* Whether a mask is true anywhere. */
INLINE int any(ivec mask) {
#if defined(CPPN_BUILD_AVX2)
    return _mm256_movemask_ps((__m256)mask);
#elif defined(CPPN_BUILD_AVX512)
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask);
#elif defined(CPPN_BUILD_NEON)
    return vmaxvq_u32((uint32x4_t)mask) != 0;
#else
    int found = 0;
    for (int k = 0; k < LANES; k++) found |= mask[k];
    return found;
#endif
}

/* All NaNs have one representation in results: their signs and payloads differ by processor. */
INLINE vec one_nan(vec x) { return select_(x == x, x, splat(NAN)); }

/* x with its sign changed where that of `sign` is negative. */
INLINE vec flip(vec x, vec sign) { return (vec)((ivec)x ^ ((ivec)sign & INT32_MIN)); }

#endif

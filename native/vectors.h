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

/* a * b + c, rounded once. */
INLINE vec fma_(vec a, vec b, vec c) {
#if defined(CPPN_BUILD_AVX2)
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(CPPN_BUILD_AVX512)
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(CPPN_BUILD_NEON)
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    for (int k = 0; k < LANES; k++) a[k] = fmaf(a[k], b[k], c[k]);
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
    for (int k = 0; k < LANES / 2; k++) a[k] = fma(a[k], b[k], c[k]);
    return a;
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

/* x with its sign changed where that of `sign` is negative. */
INLINE vec flip(vec x, vec sign) { return (vec)((ivec)x ^ ((ivec)sign & INT32_MIN)); }

#endif

/* Products of matrices, small and large, whose bits do not depend on the width of vectors.
 *
 *     c[i][j] = fma(a[i][n], b[n][j], … fma(a[i][0], b[0][j], start[i][j]))
 *
 * Vectors run along j, so that each sum has the order of its terms, whatever the blocks. A block of
 * a few rows and vectors has all its sums in registers; towards the right end vectors get narrower.
 */
#ifndef CPPN_PRODUCTS_H
#define CPPN_PRODUCTS_H

#include "vectors.h"

/* Rows of a block, and the vectors of LANES that it has where there are enough columns. */
#if defined(CPPN_BUILD_AVX512)
enum { BLOCK = 8, WIDE = 2 };
#elif defined(CPPN_BUILD_AVX2)
enum { BLOCK = 6, WIDE = 2 };
#elif defined(CPPN_BUILD_NEON)
enum { BLOCK = 6, WIDE = 4 };
#else
enum { BLOCK = 4, WIDE = 1 };
#endif

typedef struct {
    int32_t rows, columns, terms;
    int32_t times;      /* c is multiplied by the sums instead of set to them */
    const float *a;     /* row i, term k at a[i * a_row + k * a_term] */
    const float *b;     /* term k, column j at b[k * b_term + j], readable to a multiple of 4 */
    const float *start; /* row i, column j at start[i * start_row + j]; or NULL for zeros */
    float *c;           /* row i, column j at c[i * c_row + j]; others are not written */
    int64_t a_row, a_term, b_term, start_row, c_row;
} product;

/* Vectors of 4, 8 and 16 lanes, as far as the instruction set has them. */
typedef float vec4 __attribute__((vector_size(16)));
#if LANES == 4
INLINE vec4 fma4(vec4 a, vec4 b, vec4 c) { return fma_(a, b, c); }
#else
INLINE vec4 fma4(vec4 a, vec4 b, vec4 c) {
    return (vec4)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
}
typedef float vec8 __attribute__((vector_size(32)));
INLINE vec8 fma8(vec8 a, vec8 b, vec8 c) {
    return (vec8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#endif
#if LANES == 16
typedef vec vec16;
INLINE vec16 fma16(vec16 a, vec16 b, vec16 c) { return fma_(a, b, c); }
#endif

/* A block of `rows` rows and `vectors` vectors of N lanes from row i, column j on; of the lanes
 * `count` are there. All but i and j are constants where this is inlined, and count where it is N.
 */
#define COLUMNS(N)                                                                               \
    INLINE vec##N some##N(const float *from, int count) {                                        \
        vec##N x = {0};                                                                          \
        if (count == N) memcpy(&x, from, sizeof x);                                              \
        else memcpy(&x, from, (size_t)count * sizeof *from);                                     \
        return x;                                                                                \
    }                                                                                            \
    INLINE void columns##N(const int rows, const int vectors, int count, const product *p,       \
                           int64_t i, int64_t j) {                                               \
        const int64_t a_row = p->a_row, a_term = p->a_term, b_term = p->b_term;                  \
        const float *a = p->a + i * a_row, *b = p->b + j;                                        \
        vec##N sum[BLOCK][WIDE];                                                                 \
        for (int r = 0; r < rows; r++)                                                           \
            for (int v = 0; v < vectors; v++)                                                    \
                sum[r][v] = p->start ? some##N(p->start + (i + r) * p->start_row + j + v * N,    \
                                               count)                                            \
                                     : (vec##N){0};                                              \
        for (int32_t k = 0; k < p->terms; k++, a += a_term, b += b_term) {                       \
            vec##N x[WIDE];                                                                      \
            for (int v = 0; v < vectors; v++) x[v] = some##N(b + v * N, N);                      \
            for (int r = 0; r < rows; r++) {                                                     \
                const vec##N w = a[r * a_row] - (vec##N){0};                                     \
                for (int v = 0; v < vectors; v++) sum[r][v] = fma##N(w, x[v], sum[r][v]);        \
            }                                                                                    \
        }                                                                                        \
        for (int r = 0; r < rows; r++)                                                           \
            for (int v = 0; v < vectors; v++) {                                                  \
                float *to = p->c + (i + r) * p->c_row + j + v * N;                               \
                const vec##N y = p->times ? some##N(to, count) * sum[r][v] : sum[r][v];          \
                if (count == N) memcpy(to, &y, sizeof y);                                        \
                else memcpy(to, &y, (size_t)count * sizeof *to);                                 \
            }                                                                                    \
    }

/* The function NAME: such a block whose rows, and `count` if COUNT is that name, vary. */
#define BLOCKS(NAME, N, VECTORS, COUNT)                                                          \
    static void NAME(int rows, int count, const product *p, int64_t i, int64_t j) {              \
        (void)count;                                                                             \
        if (rows == 1) columns##N(1, VECTORS, COUNT, p, i, j);                                   \
        else if (rows == 2) columns##N(2, VECTORS, COUNT, p, i, j);                              \
        else if (rows == 3) columns##N(3, VECTORS, COUNT, p, i, j);                              \
        else if (BLOCK == 4 || rows == 4) columns##N(4, VECTORS, COUNT, p, i, j);                \
        else if (rows == 5) columns##N(5, VECTORS, COUNT, p, i, j);                              \
        else if (BLOCK == 6 || rows == 6) columns##N(6, VECTORS, COUNT, p, i, j);                \
        else if (rows == 7) columns##N(7, VECTORS, COUNT, p, i, j);                              \
        else columns##N(8, VECTORS, COUNT, p, i, j);                                             \
    }

COLUMNS(4)
BLOCKS(blocks_4, 4, 1, 4)
BLOCKS(blocks_rest, 4, 1, count)
#if LANES >= 8
COLUMNS(8)
BLOCKS(blocks_8, 8, 1, 8)
#endif
#if LANES == 16
COLUMNS(16)
BLOCKS(blocks_16, 16, 1, 16)
#endif

/* The widest blocks: WIDE vectors of LANES. */
#if LANES == 16
BLOCKS(blocks_wide, 16, WIDE, 16)
#elif LANES == 8
BLOCKS(blocks_wide, 8, WIDE, 8)
#else
BLOCKS(blocks_wide, 4, WIDE, 4)
#endif

static void multiply(const product *p) {
    typedef void blocks(int rows, int count, const product *p, int64_t i, int64_t j);
    const int32_t groups = (p->rows + BLOCK - 1) / BLOCK, more = p->rows % groups;
    const int32_t size = p->rows / groups; /* of a block, or one row more */
    for (int32_t j = 0, width; j < p->columns; j += width) {
        const int32_t left = p->columns - j;
        blocks *step = left < 4 ? blocks_rest : blocks_4;
        width = left < 4 ? left : 4;
#if LANES >= 8
        if (left >= 8) step = blocks_8, width = 8;
#endif
#if LANES == 16
        if (left >= 16) step = blocks_16, width = 16;
#endif
        if (left >= WIDE * LANES) step = blocks_wide, width = WIDE * LANES;
        for (int32_t g = 0, i = 0; g < groups; g++) {
            const int32_t rows = size + (g < more);
            step(rows, left, p, i, j);
            i += rows;
        }
    }
}

#endif

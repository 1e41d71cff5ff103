/* What kernel.c, train.c, many.c, conv.c and vision.c provide for one instruction set; see cppn.h for
 * each function. */
#ifndef CPPN_KERNEL_H
#define CPPN_KERNEL_H

#include "cppn.h"

#define ROWS 6  /* rows of weights that are packed and computed together */
#define TILE 96 /* pixels that are computed together through all layers: a few panels */

typedef struct {
    void (*draw)(const cppn_picture *, int64_t first, int64_t count, float *, float *);
    void (*quantise)(int64_t count, const float *, uint8_t *);
    void (*dither)(int32_t channels, int64_t width, int64_t height, int64_t left, int64_t top,
                   const float *, uint8_t *);
    void (*dense)(const cppn_layer *, int64_t count, const float *, float *, float *);
    void (*activate)(int32_t activation, int64_t count, const float *, float *);
    void (*differentiate)(int32_t activation, int64_t count, const float *, float *);
    void (*derivatives)(const cppn_layer *, int32_t depth, int64_t count, const float *, float *,
                        float *, float *);
    void (*dense64)(int32_t rows, int32_t columns, const double *, int64_t count, const double *,
                    double *);
    double (*peak)(int64_t count);
} cppn_kernel;

extern const cppn_kernel cppn_portable, cppn_avx2, cppn_avx512, cppn_neon;

/* What train.c provides. */
typedef struct {
    int64_t (*train)(const cppn_training *, int64_t first, int64_t count, float *memory,
                     float *own);
    void (*begin)(const cppn_training *, int32_t layer, float *memory);
    void (*group)(const cppn_training *, int64_t step, int32_t group, int32_t first_part,
                  int32_t parts, float *memory, float *own);
    void (*loss)(const cppn_training *, float *memory, float *loss);
    void (*update)(const cppn_training *, int64_t step, int32_t layer, float *memory);
} cppn_trainer;

extern const cppn_trainer cppn_trainer_portable, cppn_trainer_avx2, cppn_trainer_avx512,
    cppn_trainer_neon;

/* What many.c provides. */
typedef struct {
    void (*train)(const cppn_many *, int64_t first_step, int64_t steps, int64_t first,
                  int64_t count, float *memory);
} cppn_crowd;

extern const cppn_crowd cppn_crowd_portable, cppn_crowd_avx2, cppn_crowd_avx512, cppn_crowd_neon;

/* What conv.c provides. */
typedef struct {
    void (*stage)(const cppn_stage *, int64_t first, int64_t count, float *);
    void (*sums)(int64_t width, int64_t height, cppn_plane, double center, double *);
} cppn_grid;

extern const cppn_grid cppn_grid_portable, cppn_grid_avx2, cppn_grid_avx512, cppn_grid_neon;

/* What vision.c provides. */
typedef struct {
    void (*piece)(const cppn_step *, int32_t number, float *);
} cppn_vision;

extern const cppn_vision cppn_vision_portable, cppn_vision_avx2, cppn_vision_avx512,
    cppn_vision_neon;

/* The number of groups of rows that are computed together, and the first row of one of them. They
 * are as equal as possible: 16 rows are 6, 5 and 5. */
static inline int32_t row_groups(int32_t rows) { return (rows + ROWS - 1) / ROWS; }

static inline int32_t group_start(int32_t rows, int32_t number) {
    int32_t groups = row_groups(rows), base = rows / groups, more = rows % groups;
    return number * base + (number < more ? number : more);
}

#endif

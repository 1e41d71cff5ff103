/* How the work on a stage of a graph is divided: the same for every instruction set. */
#ifndef CPPN_CONV_H
#define CPPN_CONV_H

#include "cppn.h"

enum {
    LINE = 16,              /* floats of a cache line */
    TILE_WIDTH = 256,       /* columns of a tile, at most; a multiple of every block's */
    NARROW = 64,            /* at least */
    TILE_FLOATS = 64 << 10, /* of the inputs of a tile, about: they stay in the second cache */
    MOST_ROWS = 32,
    BUFFER = 6 * 64,        /* floats: the sums of a block, or a row of a tile */
};

/* Inputs of a tile are copied to [row][channel][column], `row` floats apart. Rows of a dilated
 * convolution's tile are as far apart as its taps. */
typedef struct {
    int64_t width, height; /* of the results of a tile */
    int64_t row, floats;
} cppn_tiling;

static inline cppn_tiling tiling_of(const cppn_stage *s) {
    const int64_t halo = s->size - 1; /* rows */
    const int64_t channels = s->kind == CPPN_CONVOLUTION ? s->inputs : 1;
    cppn_tiling t = {.width = TILE_WIDTH};
    for (;;) {
        const int64_t lines = (t.width + halo * s->dilation + LINE - 1) / LINE;
        t.row = LINE * (lines | 1); /* odd: rows do not compete for the same part of a cache */
        t.height = TILE_FLOATS / (channels * t.row) - halo;
        if (t.height >= 4 || t.width == NARROW) break;
        t.width /= 2;
    }
    if (t.height < 1) t.height = 1;
    if (t.height > MOST_ROWS) t.height = MOST_ROWS;
    t.floats = (t.height + halo) * channels * t.row;
    return t;
}

#endif

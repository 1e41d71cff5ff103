/* How the work on a step of an image network is divided: the same for every instruction set. */
#ifndef CPPN_VISION_H
#define CPPN_VISION_H

#include "cppn.h"
#include "kernel.h"

enum {
    UNIT = 16,         /* results that are never divided: a multiple of every vector */
    MOST_UNITS = 7,    /* of a tile */
    TERMS = 384,       /* of the sums of a tile, gathered at once: they stay in the second cache */
    STRIP = 8192,      /* numbers that a function is applied to at once */
    DENSE_ROWS = 16,
    DENSE_COLUMNS = 256,
    CHAINS = 16,       /* partial sums of a dense row, or of a mean */
};

static inline int64_t divided(int64_t count, int64_t by) { return (count + by - 1) / by; }

/* Floats between the terms of a tile: odd, so that these do not compete for one part of a cache. */
static inline int64_t term_row(void) { return UNIT * (MOST_UNITS | 1); }

static inline int32_t all_row_groups(const cppn_step *s) {
    return s->groups * row_groups(s->outputs / s->groups);
}

/* Floats of working memory of a thread. */
static inline int64_t floats_of(const cppn_step *s) {
    const int64_t row = term_row(), buffer = 2 * ROWS * row;
    switch (s->kind) {
    case CPPN_CONVOLVE: return (TERMS + s->outputs + 2) * row + buffer;
    case CPPN_POOL: return (s->size_x + 2) * ((int64_t)s->columns + UNIT + 4);
    default: return 2 * STRIP + UNIT;
    }
}

/* The pieces of a step, which threads may compute at the same time. */
static inline void divide(cppn_step *s, int32_t threads) {
    const int64_t count = (int64_t)s->rows * s->columns;
    s->tile = 0, s->parts = 1;
    switch (s->kind) {
    case CPPN_CONVOLVE: {
        const int64_t units = divided(count, UNIT);
        int64_t tiles = divided(units, MOST_UNITS);
        if (tiles * s->samples < 3 * threads && units > 1) {
            const int64_t even = threads * divided(tiles, threads);
            tiles = even < units / 2 ? even : units / 2 > tiles ? units / 2 : tiles;
        }
        s->tile = (int32_t)(UNIT * divided(units, tiles));
        tiles = divided(count, s->tile);
        if (tiles * s->samples < threads) {
            const int64_t groups = all_row_groups(s);
            s->parts = (int32_t)divided(threads, tiles * s->samples);
            if (s->parts > groups) s->parts = (int32_t)groups;
        }
        s->items = (int32_t)(tiles * s->parts * s->samples);
        break;
    }
    case CPPN_DENSE: s->items = (int32_t)divided(s->outputs, DENSE_ROWS); break;
    case CPPN_DENSE_BACK: s->items = (int32_t)divided(s->outputs, DENSE_COLUMNS); break;
    case CPPN_POOL:
    case CPPN_UNPOOL:
    case CPPN_MEAN:
    case CPPN_MEAN_BACK:
    case CPPN_SCALE: s->items = s->outputs * s->samples; break;
    default: s->items = (int32_t)(divided(s->outputs * count, STRIP) * s->samples);
    }
    s->first = 0;
}

#endif

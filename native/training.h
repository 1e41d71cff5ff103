/* How the memory of a training is divided: the same for every instruction set. */
#ifndef CPPN_TRAINING_H
#define CPPN_TRAINING_H

#include "cppn.h"

enum {
    CHUNK = 64,       /* samples that go through all layers together */
    MIN_GROUP = 64,   /* samples of a group, where there are several groups */
    MAX_GROUPS = 16,
    SPARE = 16,       /* floats behind an array: the last vector may exceed it */
};
#define GRADIENTS (INT64_C(1) << 29) /* bytes of the gradients of all groups, at most */

/* Where a layer has its numbers, in floats from the start of an array. */
typedef struct {
    int64_t weight, mask;      /* among the parameters, and its units among the hidden ones */
    int64_t forward, backward; /* copies of biases and weights, transposed and not, in the memory of
                                  the training; backward is 0 where no copy is needed */
    int64_t units, slopes;     /* in the memory of a thread */
    int64_t in, out;           /* distances of samples in arrays before and after the layer */
} cppn_place;

static inline int64_t whole(int64_t floats) { return (floats + 15) & ~INT64_C(15); }

/* The distance of rows of `count` floats: a multiple of 4, not of a cache's period. */
static inline int64_t padded(int32_t count) {
    return ((count + 3) & ~3) + (count >= 256 && count % 64 == 0 ? 16 : 0);
}

/* Whether the backward pass needs a copy of a layer's weights, to read beyond their columns. */
static inline int copied(const cppn_training *t, int32_t layer) {
    return layer > 0 && t->shapes[layer].columns % 4;
}

/* The place of the layer after `last`, whose number is `layer`, from 0. That of layer depth is
 * behind all others: its `weight` is the number of parameters. */
static inline cppn_place next_place(const cppn_training *t, const cppn_place *last, int32_t layer) {
    cppn_place p = {0};
    int64_t forward, units;
    if (layer == 0) {
        forward = whole((t->depth + 1) * (int64_t)(sizeof(cppn_place) / sizeof(float)));
        p.in = padded(t->shapes[0].columns);
        units = whole(CHUNK * p.in + SPARE);
    } else {
        const cppn_shape *shape = t->shapes + layer - 1;
        p.weight = last->weight + (int64_t)shape->rows * (shape->columns + 1);
        p.mask = last->mask + shape->rows;
        p.in = last->out;
        forward = last->forward + whole((shape->columns + 1) * last->out);
        if (copied(t, layer - 1)) forward = last->backward + whole(shape->rows * last->in);
        units = last->slopes + whole(CHUNK * last->out + SPARE);
    }
    p.forward = forward, p.units = units;
    if (layer == t->depth) return p;
    p.out = padded(t->shapes[layer].rows);
    p.slopes = units + whole(CHUNK * p.out + SPARE);
    if (copied(t, layer)) p.backward = forward + whole((t->shapes[layer].columns + 1) * p.out);
    return p;
}

static inline cppn_place place_behind(const cppn_training *t) {
    cppn_place p = {0};
    for (int32_t k = 0; k <= t->depth; k++) p = next_place(t, &p, k);
    return p;
}

static inline int32_t groups_of(const cppn_training *t, int64_t parameters) {
    const int64_t fit = GRADIENTS / (4 * parameters), some = t->batch / MIN_GROUP;
    const int64_t most = fit < MAX_GROUPS ? fit : MAX_GROUPS;
    return (int32_t)(some > most ? most > 0 ? most : 1 : some > 0 ? some : 1);
}

/* The first sample of a group. */
static inline int32_t group_first(const cppn_training *t, int32_t groups, int32_t group) {
    return (int32_t)((int64_t)t->batch * group / groups);
}

/* The parts of the work on a group: for each chunk the layers, forwards and backwards. */
static inline int32_t parts_of(const cppn_training *t, int32_t groups, int32_t group) {
    const int32_t count = group_first(t, groups, group + 1) - group_first(t, groups, group);
    return 2 * t->depth * ((count + CHUNK - 1) / CHUNK);
}

#endif

/* How the working memory of many trainings is divided. A number of LANES trainings is a vector. */
#ifndef CPPN_MANY_H
#define CPPN_MANY_H

#include "training.h"

enum {
    MOST_LANES = 16,
    NEAR = 880,     /* vectors of 8 lanes that the nearest cache holds, about */
    FEW = 8,        /* samples that go through all layers together, at least and at most */
    MANY_CHUNK = 64,
};

/* Places in vectors from the start of the memory. */
typedef struct {
    int64_t parameters; /* their number */
    int32_t outputs, chunk;
    int64_t gradient, total, moments; /* total: of all groups, if there are several */
    int64_t rates;   /* for each layer rate, first, shrink */
    int64_t units;   /* layer by layer units, then slopes: (chunk, rows) each */
    int64_t targets, values, sums; /* (chunk, outputs); sums: (outputs,) */
    int64_t behind;
} cppn_rooms;

static inline cppn_rooms rooms_of(const cppn_training *t) {
    cppn_rooms r = {0};
    int64_t units = 0;
    for (int32_t k = 0; k < t->depth; k++) {
        r.parameters += (int64_t)t->shapes[k].rows * (t->shapes[k].columns + 1);
        units += 2 * t->shapes[k].rows;
    }
    r.outputs = t->shapes[t->depth - 1].rows;
    units += 3 * r.outputs;
    const int64_t room = (NEAR - 2 * r.parameters) / units;
    r.chunk = (int32_t)(room < FEW ? FEW : room > MANY_CHUNK ? MANY_CHUNK : room & ~INT64_C(3));
    if (r.chunk > t->batch) r.chunk = t->batch;
    r.gradient = r.parameters;
    r.total = r.gradient + r.parameters;
    r.moments = r.total + r.parameters * (groups_of(t, r.parameters) > 1);
    r.rates = r.moments + r.parameters * (t->optimizer >= CPPN_ADAM ? 2 : t->optimizer != CPPN_SGD);
    r.units = r.rates + 3 * t->depth;
    r.targets = r.units + r.chunk * (units - 3 * r.outputs);
    r.values = r.targets + (int64_t)r.chunk * r.outputs;
    r.sums = r.values + 2 * (int64_t)r.chunk * r.outputs;
    r.behind = r.sums + r.outputs;
    return r;
}

#endif

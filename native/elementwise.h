/* Activations of arrays: the table `functions`, by their numbers. */
#ifndef CPPN_ELEMENTWISE_H
#define CPPN_ELEMENTWISE_H

#include "functions.h"

typedef void elementwise(const float *x, float *y, int64_t vectors);

#define ACTIVATE(name)                                                       \
    static void activate_##name(const float *x, float *y, int64_t vectors) { \
        for (int64_t k = 0; k < vectors; k++)                                \
            store(y + k * LANES, activation_##name(load(x + k * LANES)));    \
    }
CPPN_ACTIVATIONS(ACTIVATE)

#define FUNCTION(name) activate_##name,
static elementwise *const functions[] = {CPPN_ACTIVATIONS(FUNCTION)};

#endif

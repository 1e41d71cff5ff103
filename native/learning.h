/* What training one network and training many have in common: activations with their derivatives,
 * losses, and the optimizers, over vectors of any numbers. */
#ifndef CPPN_LEARNING_H
#define CPPN_LEARNING_H

#include "cppn.h"
#include "functions.h"

typedef void both(int64_t count, float *x, float *slope);

#define BOTH(name)                                                   \
    static void both_##name(int64_t count, float *x, float *slope) { \
        for (int64_t k = 0; k < count; k += LANES) {                 \
            const vec z = load(x + k);                               \
            store(x + k, activation_##name(z));                      \
            store(slope + k, derivative_##name(z));                  \
        }                                                            \
    }
CPPN_ACTIVATIONS(BOTH)

#define NUMBER(name) number_##name,
#define ROW(name) both_##name,
enum { CPPN_ACTIVATIONS(NUMBER) };
static both *const rows_of_both[] = {CPPN_ACTIVATIONS(ROW)};

/* Pre-activations become units, with their derivatives. That of tanh is made of the unit: it is as
 * exact as that, 1e-7, and needs no exponential. */
static void activate(int32_t activation, int64_t count, float *x, float *slope) {
    if (activation != number_tanh) {
        rows_of_both[activation](count, x, slope);
        return;
    }
    for (int64_t k = 0; k < count; k += LANES) {
        const vec y = activation_tanh(load(x + k));
        store(x + k, y);
        store(slope + k, fma_(-y, y, splat(1)));
    }
}

/* Losses: of outputs y of pre-activations z, for targets t; slopes (of y by z) become the
 * derivatives of the loss by z. `loss` is a constant wherever this is inlined. */
INLINE void losses(const int loss, int64_t count, float scale, const float *z, const float *y,
                   const float *t, float *slopes, float *values) {
    for (int64_t k = 0; k < count; k += LANES) {
        const vec target = load(t + k), zero = splat(0), one = splat(1);
        const vec pre = load(z + k), output = load(y + k), off = output - target;
        vec value, slope;
        switch (loss) {
        case CPPN_CROSS_ENTROPY: /* softplus(z) - t z, from z: nothing overflows */
            value = fma_(-target, pre, activation_softplus(pre));
            slope = off;
            break;
        case CPPN_SQUARED:
            value = splat(0.5f) * off * off;
            slope = off * load(slopes + k);
            break;
        case CPPN_HINGE:
            value = max_(zero, one - target * output);
            slope = select_(target * output < one, -target, zero) * load(slopes + k);
            break;
        default:
            value = abs_(off);
            slope = select_(off > zero, one, select_(off < zero, -one, zero)) * load(slopes + k);
        }
        store(values + k, value);
        store(slopes + k, slope * scale);
    }
}

/* Optimizers: what a step is made of besides gradient and moments. */
typedef struct {
    vec rate, first, second, shrink; /* those of cppn_rate; shrink is 1 where nothing shrinks */
    vec momentum, decay, lasso;      /* l2 that enters the gradient, and l1: 0 of biases */
} pace;

/* A parameter after a step, by its gradient; moments m and v change. `optimizer` is a constant
 * wherever this is inlined. */
INLINE vec moved(const int optimizer, int regular, const pace *how, vec p, vec g, vec *m, vec *v) {
    const vec zero = splat(0), momentum = how->momentum, rate = how->rate;
    if (regular) {
        const vec sign = select_(p > zero, how->lasso, select_(p < zero, -how->lasso, zero));
        g = fma_(how->decay, p, g + sign);
    }
    switch (optimizer) {
    case CPPN_SGD: return fma_(-rate, g, p);
    case CPPN_MOMENTUM:
        *m = fma_(momentum, *m, g);
        return fma_(-rate, *m, p);
    case CPPN_NESTEROV:
        *m = fma_(momentum, *m, g);
        return fma_(-rate, fma_(momentum, *m, g), p);
    case CPPN_RMSPROP:
        *m = fma_(splat(0.1f) * g, g, splat(0.9f) * *m);
        return p - rate * g / (sqrt_(*m) + splat(1e-8f));
    default:
        *m = fma_(splat(0.1f), g, splat(0.9f) * *m);
        *v = fma_(splat(0.001f) * g, g, splat(0.999f) * *v);
        if (optimizer == CPPN_ADAMW) p = p * how->shrink;
        return p - how->first * *m / (sqrt_(*v * how->second) + splat(1e-8f));
    }
}

#endif

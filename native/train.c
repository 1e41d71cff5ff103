/* Training steps, compiled once for each instruction set.
 *
 *     a batch -> groups of samples, each in chunks -> gradients of groups -> their sum -> a step
 *
 * A chunk of CHUNK samples stays in the cache through all layers, forwards and backwards. Units are
 * [sample][unit]. The gradient of a group is a sum over its samples in order, whatever the chunks;
 * the gradients of groups are added in order: hence the same bits for any number of threads.
 */
#include "environment.h"
#include "kernel.h"
#include "learning.h"
#include "products.h"
#include "training.h"
#include "vectors.h"

static const float ONE = 1;

/* A chunk of a group */

typedef struct {
    const cppn_training *t;
    const cppn_place *places;
    float *memory, *own; /* of the training, and of the thread */
    float *gradient, *loss;
    int32_t first, count, begun; /* samples; whether there were chunks before */
    int64_t step;
} chunk;

static float *gradient_of(const cppn_training *t, float *memory, int32_t group) {
    const cppn_place *behind = (const cppn_place *)memory + t->depth;
    return memory + behind->forward + group * (whole(behind->weight) + CPPN_MAX_OUTPUTS);
}

/* (count, columns) numbers at a distance of `row`; the rest of each row is 0. */
static void spread(int32_t count, int32_t columns, const float *from, int64_t row, float *to) {
    for (int32_t s = 0; s < count; s++, from += columns, to += row) {
        for (int32_t c = 0; c < columns; c++) to[c] = from[c];
        for (int64_t c = columns; c < row; c++) to[c] = 0;
    }
}

static void drop(const chunk *c, const cppn_place *p, int32_t rows, int32_t hidden) {
    const float *mask = c->t->masks + c->step * hidden + p->mask;
    for (int32_t s = 0; s < c->count; s++)
        for (int32_t r = 0; r < rows; r++) {
            c->own[p->units + s * p->out + r] *= mask[r];
            c->own[p->slopes + s * p->out + r] *= mask[r];
        }
}

static void finish(const chunk *c, const cppn_place *p);

static void forward(const chunk *c, int32_t layer) {
    const cppn_training *t = c->t;
    const cppn_shape *shape = t->shapes + layer;
    const cppn_place *p = c->places + layer;
    if (layer == 0)
        spread(c->count, shape->columns,
               t->inputs + (c->step * t->batch + c->first) * shape->columns, p->in, c->own);
    const float *bias = c->memory + p->forward;
    multiply(&(product){
        .rows = c->count, .columns = (shape->rows + 3) & ~3, .terms = shape->columns,
        .a = c->own + (layer ? p[-1].units : 0), .a_row = p->in, .a_term = 1,
        .b = bias + p->out, .b_term = p->out, .start = bias,
        .c = c->own + p->units, .c_row = p->out});
    if (layer == t->depth - 1) {
        finish(c, p);
        return;
    }
    activate(shape->activation, c->count * p->out, c->own + p->units, c->own + p->slopes);
    if (t->masks) drop(c, p, shape->rows, (int32_t)c->places[t->depth - 1].mask);
}

/* The sums over the samples of a chunk, added to those before. */
static void add_up(const chunk *c, int32_t columns, const float *from, int64_t row, float *to) {
    multiply(&(product){.rows = 1, .columns = columns, .terms = c->count, .a = &ONE, .b = from,
                        .b_term = row, .start = c->begun ? to : 0, .c = to});
}

/* After the output layer: the loss, and its derivative by pre-activations. */
static void finish(const chunk *c, const cppn_place *p) {
    const cppn_training *t = c->t;
    const cppn_shape *shape = t->shapes + t->depth - 1;
    const int64_t count = c->count * p->out, room = whole(CHUNK * p->out + SPARE);
    float *z = c->own + p->units, *slopes = c->own + p->slopes;
    float *target = c->own + c->places[t->depth].units, *y = target + room, *values = y + room;
    spread(c->count, shape->rows, t->targets + (c->step * t->batch + c->first) * shape->rows,
           p->out, target);
    memcpy(y, z, (size_t)count * sizeof *y);
    activate(shape->activation, count, y, slopes);
    const float scale = 1.0f / (float)t->batch;
    switch (t->loss) {
    case CPPN_CROSS_ENTROPY:
        losses(CPPN_CROSS_ENTROPY, count, scale, z, y, target, slopes, values);
        break;
    case CPPN_SQUARED: losses(CPPN_SQUARED, count, scale, z, y, target, slopes, values); break;
    case CPPN_HINGE: losses(CPPN_HINGE, count, scale, z, y, target, slopes, values); break;
    default: losses(CPPN_ABSOLUTE, count, scale, z, y, target, slopes, values);
    }
    add_up(c, shape->rows, values, p->out, c->loss);
}

static void backward(const chunk *c, int32_t layer) {
    const cppn_training *t = c->t;
    const cppn_shape *shape = t->shapes + layer;
    const cppn_place *p = c->places + layer;
    const float *slopes = c->own + p->slopes;
    float *weight = c->gradient + p->weight, *bias = weight + (int64_t)shape->rows * shape->columns;
    multiply(&(product){
        .rows = shape->rows, .columns = shape->columns, .terms = c->count,
        .a = slopes, .a_row = 1, .a_term = p->out,
        .b = c->own + (layer ? p[-1].units : 0), .b_term = p->in,
        .start = c->begun ? weight : 0, .start_row = shape->columns,
        .c = weight, .c_row = shape->columns});
    add_up(c, shape->rows, slopes, p->out, bias);
    if (layer == 0) return;
    multiply(&(product){
        .rows = c->count, .columns = (shape->columns + 3) & ~3, .terms = shape->rows, .times = 1,
        .a = slopes, .a_row = p->out, .a_term = 1,
        .b = p->backward ? c->memory + p->backward : t->parameters + p->weight,
        .b_term = p->backward ? p->in : shape->columns,
        .c = c->own + p[-1].slopes, .c_row = p->in});
}

static void do_parts(const cppn_training *t, int64_t step, int32_t number, int32_t first_part,
                     int32_t parts, float *memory, float *own) {
    const cppn_place *places = (const cppn_place *)memory;
    const int32_t groups = groups_of(t, places[t->depth].weight);
    const int32_t start = group_first(t, groups, number), stop = group_first(t, groups, number + 1);
    chunk c = {.t = t, .places = places, .memory = memory, .own = own, .step = step};
    c.gradient = gradient_of(t, memory, number);
    c.loss = c.gradient + whole(places[t->depth].weight);
    for (int32_t part = first_part; part < first_part + parts; part++) {
        const int32_t layer = part % (2 * t->depth);
        c.first = start + part / (2 * t->depth) * CHUNK;
        c.count = stop - c.first < CHUNK ? stop - c.first : CHUNK;
        c.begun = c.first > start;
        if (layer < t->depth) forward(&c, layer);
        else backward(&c, 2 * t->depth - 1 - layer);
    }
}

/* The loss of a step whose groups are done: not finite if that of any sample is not. */
static float loss_of(const cppn_training *t, float *memory) {
    const int64_t parameters = ((const cppn_place *)memory)[t->depth].weight;
    const int32_t outputs = t->shapes[t->depth - 1].rows;
    float sum = 0;
    for (int32_t g = 0; g < groups_of(t, parameters); g++) {
        const float *losses = gradient_of(t, memory, g) + whole(parameters);
        for (int32_t k = 0; k < outputs; k++) sum += losses[k];
    }
    return sum / (float)t->batch;
}

/* Optimizers */

enum { SQUARES = 16 / LANES }; /* vectors of 16 sums of squares, whose order is fixed */

typedef struct {
    const cppn_training *t;
    cppn_rate rate;
    int32_t groups, regular; /* whether weights are not like biases */
    int64_t distance, parameters;
    const float *gradient; /* of the first group */
    vec squares[SQUARES];
} updating;

INLINE vec some(const float *from, int64_t count) {
    vec x = {0};
    if (count >= LANES) return load(from);
    memcpy(&x, from, (size_t)count * sizeof *from);
    return x;
}

INLINE void put(float *to, vec x, int64_t count) {
    x = one_nan(x);
    if (count >= LANES) store(to, x);
    else memcpy(to, &x, (size_t)count * sizeof *to);
}

/* `count` parameters from `first` on, weights or biases; `optimizer` is a constant wherever this is
 * inlined. */
INLINE void sweep(const int optimizer, updating *u, int weights, int64_t first, int64_t count) {
    const cppn_training *t = u->t;
    const pace how = {
        .rate = splat(u->rate.rate), .first = splat(u->rate.first),
        .second = splat(u->rate.second), .momentum = splat(t->momentum),
        .shrink = splat(weights && u->regular ? u->rate.shrink : 1),
        .decay = splat(weights && optimizer != CPPN_ADAMW ? t->l2 : 0),
        .lasso = splat(weights ? t->l1 : 0)};
    float *parameters = t->parameters + first, *m = t->moments + first, *v = m + u->parameters;
    for (int64_t k = 0; k < count; k += LANES) {
        const int64_t left = count - k;
        const float *from = u->gradient + first + k;
        vec g = some(from, left), p = some(parameters + k, left);
        for (int32_t n = 1; n < u->groups; n++) g = g + some(from + n * u->distance, left);
        vec *sum = u->squares + k / LANES % SQUARES;
        *sum = fma_(g, g, *sum);
        vec one = {0}, other = {0};
        if (optimizer != CPPN_SGD) one = some(m + k, left);
        if (optimizer >= CPPN_ADAM) other = some(v + k, left);
        p = moved(optimizer, u->regular, &how, p, g, &one, &other);
        if (optimizer != CPPN_SGD) put(m + k, one, left);
        if (optimizer >= CPPN_ADAM) put(v + k, other, left);
        put(parameters + k, p, left);
    }
}

/* Copies of the biases and weights of a layer, padded with zeros. */
static void copy(const cppn_training *t, int32_t layer, float *memory) {
    const cppn_place *p = (const cppn_place *)memory + layer;
    const int32_t rows = t->shapes[layer].rows, columns = t->shapes[layer].columns;
    const float *weight = t->parameters + p->weight, *bias = weight + (int64_t)rows * columns;
    float *to = memory + p->forward;
    spread(1, rows, bias, p->out, to);
    to += p->out;
    enum { SIDE = 32 }; /* of a block of weights that is transposed in the cache */
    for (int32_t block = 0; block < columns; block += SIDE) {
        const int32_t stop = columns - block < SIDE ? columns : block + SIDE;
        for (int32_t r = 0; r < rows; r++)
            for (int32_t c = block; c < stop; c++)
                to[c * p->out + r] = weight[(int64_t)r * columns + c];
        for (int32_t c = block; c < stop; c++)
            for (int64_t r = rows; r < p->out; r++) to[c * p->out + r] = 0;
    }
    if (p->backward) spread(rows, columns, weight, p->in, memory + p->backward);
}

static void do_update(const cppn_training *t, int64_t step, int32_t layer, float *memory) {
    const cppn_place *places = (const cppn_place *)memory;
    const int32_t rows = t->shapes[layer].rows;
    const int64_t first = places[layer].weight, weights = (int64_t)rows * t->shapes[layer].columns;
    updating u = {.t = t, .rate = t->rates[step * t->depth + layer], .parameters = places[t->depth].weight};
    u.groups = groups_of(t, u.parameters);
    u.gradient = gradient_of(t, memory, 0);
    u.distance = gradient_of(t, memory, 1) - u.gradient;
    u.regular = t->l1 != 0 || t->l2 != 0;
    const int apart = u.regular || t->fixed; /* biases from weights */
    for (int part = 0; part <= (apart && !t->fixed); part++) {
        const int64_t start = part ? first + weights : first;
        const int64_t count = part ? rows : apart ? weights : weights + rows;
        switch (t->optimizer) {
        case CPPN_SGD: sweep(CPPN_SGD, &u, !part, start, count); break;
        case CPPN_MOMENTUM: sweep(CPPN_MOMENTUM, &u, !part, start, count); break;
        case CPPN_NESTEROV: sweep(CPPN_NESTEROV, &u, !part, start, count); break;
        case CPPN_RMSPROP: sweep(CPPN_RMSPROP, &u, !part, start, count); break;
        case CPPN_ADAM: sweep(CPPN_ADAM, &u, !part, start, count); break;
        default: sweep(CPPN_ADAMW, &u, !part, start, count); break;
        }
    }
    float squares[16];
    memcpy(squares, u.squares, sizeof squares);
    for (int half = 8; half; half /= 2)
        for (int k = 0; k < half; k++) squares[k] += squares[k + half];
    const float norm = sqrtf(squares[0]);
    t->report[layer] = norm == norm ? norm : NAN;
    copy(t, layer, memory);
}

static void do_begin(const cppn_training *t, int32_t layer, float *memory) {
    if (layer == 0) {
        cppn_place *places = (cppn_place *)memory;
        for (int32_t k = 0; k <= t->depth; k++)
            places[k] = next_place(t, k ? places + k - 1 : 0, k);
    }
    copy(t, layer, memory);
}

/* What cppn.h describes, with the floating-point environment. */

static void begin_training(const cppn_training *t, int32_t layer, float *memory) {
    environment before = begin();
    do_begin(t, layer, memory);
    end(before);
}

static void group(const cppn_training *t, int64_t step, int32_t number, int32_t first_part,
                  int32_t parts, float *memory, float *own) {
    environment before = begin();
    do_parts(t, step, number, first_part, parts, memory, own);
    end(before);
}

static void find_loss(const cppn_training *t, float *memory, float *loss) {
    environment before = begin();
    *loss = loss_of(t, memory); /* in memory before the environment changes */
    end(before);
}

static void update(const cppn_training *t, int64_t step, int32_t layer, float *memory) {
    environment before = begin();
    do_update(t, step, layer, memory);
    end(before);
}

static int64_t train(const cppn_training *t, int64_t first, int64_t count, float *memory,
                     float *own) {
    environment before = begin();
    for (int32_t layer = 0; layer < t->depth; layer++) do_begin(t, layer, memory);
    const int32_t groups = groups_of(t, ((const cppn_place *)memory)[t->depth].weight);
    int64_t done = 0;
    for (; done < count; done++) {
        for (int32_t g = 0; g < groups; g++)
            do_parts(t, first + done, g, 0, parts_of(t, groups, g), memory, own);
        const float loss = loss_of(t, memory);
        if (!isfinite(loss)) break;
        for (int32_t layer = 0; layer < t->depth; layer++)
            do_update(t, first + done, layer, memory);
        t->report[t->depth] = loss;
    }
    end(before);
    return done;
}

#if defined(CPPN_BUILD_AVX2)
#define TRAINER cppn_trainer_avx2
#elif defined(CPPN_BUILD_AVX512)
#define TRAINER cppn_trainer_avx512
#elif defined(CPPN_BUILD_NEON)
#define TRAINER cppn_trainer_neon
#else
#define TRAINER cppn_trainer_portable
#endif

const cppn_trainer TRAINER = {train, begin_training, group, find_loss, update};

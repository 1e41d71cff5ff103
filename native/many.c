/* Many trainings side by side, compiled once for each instruction set: lanes are trainings.
 *
 * Each lane does what train.c does, operation by operation: sums have the order of their terms, and
 * begin with the bias, or with 0; gradients are those of groups of samples, which are added in order.
 * What is common to all lanes, the inputs and targets, is spread over them.
 */
#include "environment.h"
#include "kernel.h"
#include "learning.h"
#include "many.h"

/* Products of matrices whose numbers are vectors of trainings:
 *
 *     c[i][j] = fma(a[i][n], b[n][j], … fma(a[i][0], b[0][j], start[i][j]))
 *
 * All distances are in floats. */
typedef struct {
    int32_t rows, columns, terms;
    int32_t times;      /* c is multiplied by the sums instead of set to them */
    const float *a;     /* row i, term k at a[i * a_row + k * a_term] */
    const float *b;     /* term k, column j at b[k * b_term + j * b_column] */
    const float *start; /* at start[i * start_row + j * start_column]; or NULL for zeros */
    float *c;           /* at c[i * c_row + j * c_column] */
    int64_t a_row, a_term, b_term, b_column, start_row, start_column, c_row, c_column;
} crowd_product;

/* Rows and columns of a block, whose sums are in registers. */
#if defined(CPPN_BUILD_AVX512) || defined(CPPN_BUILD_NEON)
enum { HIGH = 4, BROAD = 4 };
#elif defined(CPPN_BUILD_AVX2)
enum { HIGH = 4, BROAD = 3 };
#else
enum { HIGH = 2, BROAD = 2 };
#endif

/* A block from row i, column j on. `common`: a is the same for all trainings, one float each.
 * All but i and j are constants where this is inlined. */
INLINE void block(const int rows, const int columns, const int common, const crowd_product *p,
                  int64_t i, int64_t j) {
    const int64_t a_row = p->a_row, a_term = p->a_term, b_term = p->b_term, b_col = p->b_column;
    const float *a = p->a + i * a_row, *b = p->b + j * b_col;
    vec sum[HIGH][BROAD];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            sum[r][c] = p->start ? load(p->start + (i + r) * p->start_row +
                                        (j + c) * p->start_column)
                                 : (vec){0};
    for (int32_t k = 0; k < p->terms; k++, a += a_term, b += b_term) {
        vec x[BROAD];
        for (int c = 0; c < columns; c++) x[c] = load(b + c * b_col);
        for (int r = 0; r < rows; r++) {
            const vec w = common ? splat(a[r * a_row]) : load(a + r * a_row);
            for (int c = 0; c < columns; c++) sum[r][c] = fma_(w, x[c], sum[r][c]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            float *to = p->c + (i + r) * p->c_row + (j + c) * p->c_column;
            store(to, p->times ? load(to) * sum[r][c] : sum[r][c]);
        }
}

#define BLOCK_OF(R, C, COMMON)                                                      \
    case 4 * (C) + (R):                                                             \
        block((R) < HIGH ? (R) : HIGH, (C) < BROAD ? (C) : BROAD, COMMON, p, i, j); \
        break;
#define BLOCKS_OF(C, COMMON)                                            \
    BLOCK_OF(1, C, COMMON) BLOCK_OF(2, C, COMMON) BLOCK_OF(3, C, COMMON) \
    BLOCK_OF(4, C, COMMON)

/* The function NAME: a block of any numbers of rows and columns, up to 4. */
#define BLOCKS(NAME, COMMON)                                                               \
    static void NAME(int rows, int columns, const crowd_product *p, int64_t i, int64_t j) { \
        switch (4 * columns + rows) {                                                      \
            BLOCKS_OF(1, COMMON) BLOCKS_OF(2, COMMON) BLOCKS_OF(3, COMMON)                  \
            BLOCKS_OF(4, COMMON)                                                           \
        }                                                                                  \
    }
BLOCKS(own_block, 0)
BLOCKS(common_block, 1)

INLINE void multiply_all(const int common, const crowd_product *p) {
    const int32_t down = (p->rows + HIGH - 1) / HIGH, across = (p->columns + BROAD - 1) / BROAD;
    for (int32_t y = 0, j = 0; y < across; y++) {
        const int columns = p->columns / across + (y < p->columns % across);
        for (int32_t x = 0, i = 0; x < down; x++) {
            const int rows = p->rows / down + (x < p->rows % down);
            if (common) common_block(rows, columns, p, i, j);
            else own_block(rows, columns, p, i, j);
            i += rows;
        }
        j += columns;
    }
}

static void multiply(int common, const crowd_product *p) {
    if (common) multiply_all(1, p);
    else multiply_all(0, p);
}

/* The trainings of one vector. Arrays are [number][lane]. */

typedef struct {
    const cppn_many *m;
    const cppn_training *t;
    cppn_rooms rooms;
    float *memory;
    int32_t first, count, begun; /* a chunk of samples of the batch; whether there were others */
    int64_t step;
} crowd;

static float *at(const crowd *c, int64_t vectors) { return c->memory + vectors * LANES; }

/* `from` (columns,) for each lane becomes a sum over the rows of a chunk, added to what is there. */
static void add_rows(const crowd *c, int32_t columns, const float *from, float *to) {
    for (int32_t r = 0; r < columns; r++) {
        vec sum = c->begun ? load(to + r * LANES) : (vec){0};
        for (int32_t s = 0; s < c->count; s++)
            sum = sum + load(from + ((int64_t)s * columns + r) * LANES);
        store(to + r * LANES, sum);
    }
}

/* After the output layer: the losses, and their derivatives by pre-activations. */
static void finish(const crowd *c, float *z, float *slopes) {
    const cppn_training *t = c->t;
    const cppn_shape *shape = t->shapes + t->depth - 1;
    const int64_t samples = (int64_t)c->count * shape->rows, floats = samples * LANES;
    float *target = at(c, c->rooms.targets), *values = at(c, c->rooms.values);
    float *y = values + (int64_t)c->rooms.chunk * shape->rows * LANES;
    const float *from = t->targets + (c->step * t->batch + c->first) * shape->rows;
    for (int64_t k = 0; k < samples; k++) store(target + k * LANES, splat(from[k]));
    memcpy(y, z, (size_t)floats * sizeof *y);
    activate(shape->activation, floats, y, slopes);
    const float scale = 1.0f / (float)t->batch;
    switch (t->loss) {
    case CPPN_CROSS_ENTROPY:
        losses(CPPN_CROSS_ENTROPY, floats, scale, z, y, target, slopes, values);
        break;
    case CPPN_SQUARED: losses(CPPN_SQUARED, floats, scale, z, y, target, slopes, values); break;
    case CPPN_HINGE: losses(CPPN_HINGE, floats, scale, z, y, target, slopes, values); break;
    default: losses(CPPN_ABSOLUTE, floats, scale, z, y, target, slopes, values);
    }
    add_rows(c, shape->rows, values, at(c, c->rooms.sums));
}

/* The gradient of a chunk, added to that of the chunks before. */
static void do_chunk(const crowd *c) {
    const cppn_training *t = c->t;
    const int64_t chunk = c->rooms.chunk;
    const float *inputs = t->inputs + (c->step * t->batch + c->first) * t->shapes[0].columns;
    float *units = at(c, c->rooms.units), *weight = at(c, 0);
    const float *before = inputs;
    for (int32_t k = 0; k < t->depth; k++) {
        const int32_t rows = t->shapes[k].rows, columns = t->shapes[k].columns;
        const int64_t wide = k ? LANES : 1; /* floats of a unit before the layer */
        float *slopes = units + chunk * rows * LANES, *bias = weight + (int64_t)rows * columns * LANES;
        multiply(!k, &(crowd_product){
            .rows = c->count, .columns = rows, .terms = columns,
            .a = before, .a_row = columns * wide, .a_term = wide,
            .b = weight, .b_term = LANES, .b_column = columns * LANES,
            .start = bias, .start_row = 0, .start_column = LANES,
            .c = units, .c_row = rows * LANES, .c_column = LANES});
        if (k == t->depth - 1) finish(c, units, slopes);
        else activate(t->shapes[k].activation, (int64_t)c->count * rows * LANES, units, slopes);
        before = units;
        units = slopes + chunk * rows * LANES;
        weight = bias + rows * LANES;
    }
    for (int32_t k = t->depth - 1; k >= 0; k--) {
        const int32_t rows = t->shapes[k].rows, columns = t->shapes[k].columns;
        const int64_t wide = k ? LANES : 1;
        units -= 2 * chunk * rows * LANES;
        weight -= (int64_t)rows * (columns + 1) * LANES;
        const float *slopes = units + chunk * rows * LANES;
        before = k ? units - 2 * chunk * columns * LANES : inputs;
        float *gradient = weight + c->rooms.gradient * LANES;
        multiply(!k, &(crowd_product){
            .rows = columns, .columns = rows, .terms = c->count,
            .a = before, .a_row = wide, .a_term = columns * wide,
            .b = slopes, .b_term = rows * LANES, .b_column = LANES,
            .start = c->begun ? gradient : 0, .start_row = LANES, .start_column = columns * LANES,
            .c = gradient, .c_row = LANES, .c_column = columns * LANES});
        add_rows(c, rows, slopes, gradient + (int64_t)rows * columns * LANES);
        if (k == 0) break;
        multiply(0, &(crowd_product){
            .rows = c->count, .columns = columns, .terms = rows, .times = 1,
            .a = slopes, .a_row = rows * LANES, .a_term = LANES,
            .b = weight, .b_term = columns * LANES, .b_column = LANES,
            .c = units - chunk * columns * LANES, .c_row = columns * LANES, .c_column = LANES});
    }
}

/* The gradient of a step, of all groups. Returns the losses. */
static vec do_gradient(crowd *c) {
    const cppn_rooms *rooms = &c->rooms;
    const int32_t groups = groups_of(c->t, rooms->parameters);
    vec sum = splat(0);
    for (int32_t g = 0; g < groups; g++) {
        const int32_t start = group_first(c->t, groups, g), stop = group_first(c->t, groups, g + 1);
        for (c->first = start; c->first < stop; c->first += rooms->chunk) {
            c->count = stop - c->first < rooms->chunk ? stop - c->first : rooms->chunk;
            c->begun = c->first > start;
            do_chunk(c);
        }
        for (int32_t k = 0; k < rooms->outputs; k++) sum = sum + load(at(c, rooms->sums + k));
        if (groups == 1) break;
        const float *gradient = at(c, rooms->gradient);
        float *total = at(c, rooms->total);
        for (int64_t k = 0; k < rooms->parameters * LANES; k += LANES)
            store(total + k, g ? load(total + k) + load(gradient + k) : load(gradient + k));
    }
    return sum / splat((float)c->t->batch);
}

/* Where lane k of the trainings from `first` on has its numbers: those beyond the last are that. */
INLINE int64_t lane(int64_t first, int64_t count, int k) {
    return first + (k < count ? k : count - 1);
}

/* The rates of all layers in a step. */
static void find_rates(const crowd *c, int64_t first, int64_t count) {
    const cppn_many *m = c->m;
    const cppn_pace *now = m->paces + c->step;
    float *to = at(c, c->rooms.rates);
    for (int32_t layer = 0; layer < c->t->depth; layer++, to += 3 * LANES)
        for (int k = 0; k < LANES; k++) {
            const int64_t one = lane(first, count, k);
            const double base = isnan(now->rate) ? m->rates[one] : now->rate;
            const double rate = (double)(float)(base * now->factor) *
                                m->layer_rates[layer * m->count + one];
            to[k] = (float)rate;
            to[LANES + k] = (float)(rate / now->first);
            to[2 * LANES + k] = (float)(1 - rate * m->l2);
        }
}

/* Change `count` parameters from `first` on, weights or biases; `optimizer` is a constant wherever
 * this is inlined. Returns NaN where one is not finite. */
INLINE vec sweep(const int optimizer, const crowd *c, const pace *how, int regular, int64_t first,
                 int64_t count) {
    const int several = groups_of(c->t, c->rooms.parameters) > 1;
    const float *gradient = at(c, (several ? c->rooms.total : c->rooms.gradient) + first);
    float *parameters = at(c, first), *m = at(c, c->rooms.moments + first);
    float *v = m + c->rooms.parameters * LANES;
    vec check = {0};
    for (int64_t k = 0; k < count * LANES; k += LANES) {
        vec one = {0}, other = {0};
        if (optimizer != CPPN_SGD) one = load(m + k);
        if (optimizer >= CPPN_ADAM) other = load(v + k);
        const vec p = moved(optimizer, regular, how, load(parameters + k), load(gradient + k),
                            &one, &other);
        if (optimizer != CPPN_SGD) store(m + k, one);
        if (optimizer >= CPPN_ADAM) store(v + k, other);
        store(parameters + k, p);
        check = fma_(p, splat(0), check);
    }
    return check;
}

/* Change all parameters. Returns NaN where one is not finite. */
static vec update(const crowd *c, vec momentum) {
    const cppn_training *t = c->t;
    const int regular = t->l1 != 0 || t->l2 != 0;
    const float *rates = at(c, c->rooms.rates);
    vec check = {0};
    for (int64_t layer = 0, first = 0; layer < t->depth; layer++, rates += 3 * LANES) {
        const int32_t rows = t->shapes[layer].rows;
        const int64_t weights = (int64_t)rows * t->shapes[layer].columns;
        for (int part = 0; part < 2 - (t->fixed != 0); part++) {
            const pace how = {
                .rate = load(rates), .first = load(rates + LANES),
                .second = splat(c->m->paces[c->step].second), .momentum = momentum,
                .shrink = part || !regular ? splat(1) : load(rates + 2 * LANES),
                .decay = splat(part || t->optimizer == CPPN_ADAMW ? 0 : t->l2),
                .lasso = splat(part ? 0 : t->l1)};
            const int64_t start = first + part * weights, count = part ? rows : weights;
            switch (t->optimizer) {
            case CPPN_SGD: check += sweep(CPPN_SGD, c, &how, regular, start, count); break;
            case CPPN_MOMENTUM:
                check += sweep(CPPN_MOMENTUM, c, &how, regular, start, count);
                break;
            case CPPN_NESTEROV:
                check += sweep(CPPN_NESTEROV, c, &how, regular, start, count);
                break;
            case CPPN_RMSPROP: check += sweep(CPPN_RMSPROP, c, &how, regular, start, count); break;
            case CPPN_ADAM: check += sweep(CPPN_ADAM, c, &how, regular, start, count); break;
            default: check += sweep(CPPN_ADAMW, c, &how, regular, start, count);
            }
        }
        first += weights + rows;
    }
    return check;
}

/* Copy `rows` rows of trainings into vectors, or back. */
static void gather(const cppn_many *m, int64_t rows, int64_t first, int64_t count,
                   const float *from, float *to) {
    for (int64_t row = 0; row < rows; row++)
        for (int k = 0; k < LANES; k++)
            to[row * LANES + k] = from[row * m->count + lane(first, count, k)];
}

static void scatter(const cppn_many *m, int64_t rows, int64_t first, int64_t count,
                    const float *from, float *to) {
    for (int64_t row = 0; row < rows; row++)
        for (int k = 0; k < LANES && k < count; k++)
            to[row * m->count + first + k] = from[row * LANES + k];
}

INLINE int same_pace(const cppn_pace *a, const cppn_pace *b) {
    return a->factor == b->factor && (a->rate == b->rate || (isnan(a->rate) && isnan(b->rate)));
}

/* Do steps of the trainings of one vector, up to LANES. */
static void do_vector(const cppn_many *m, const cppn_rooms *rooms, int64_t first_step,
                      int64_t steps, int64_t first, int64_t count, float *memory) {
    const cppn_training *t = m->problem;
    crowd c = {.m = m, .t = t, .rooms = *rooms, .memory = memory};
    const int64_t moments = t->optimizer >= CPPN_ADAM ? 2 : t->optimizer != CPPN_SGD;
    gather(m, rooms->parameters, first, count, m->parameters, at(&c, 0));
    gather(m, moments * rooms->parameters, first, count, m->moments, at(&c, rooms->moments));
    vec momentum, check = {0};
    for (int k = 0; k < LANES; k++) momentum[k] = m->momentum[lane(first, count, k)];
    for (int64_t k = 0; k < rooms->parameters; k++)
        check = fma_(load(at(&c, k)), splat(0), check);
    ivec ended = check != check;
    for (int64_t k = 0; k < steps; k++) {
        c.step = first_step + k;
        vec loss = {0};
        if (any(~ended)) {
            if (k == 0 || t->optimizer >= CPPN_ADAM ||
                !same_pace(m->paces + c.step - 1, m->paces + c.step))
                find_rates(&c, first, count);
            loss = do_gradient(&c);
            ended |= ~(abs_(loss) < splat(INFINITY));
            check = update(&c, momentum);
        }
        loss = select_(ended, splat(INFINITY), loss);
        for (int l = 0; l < LANES && l < count; l++) m->losses[c.step * m->count + first + l] = loss[l];
        ended |= check != check;
    }
    store(at(&c, 0), select_(ended, splat(NAN), load(at(&c, 0)))); /* it has ended for good */
    scatter(m, rooms->parameters, first, count, at(&c, 0), m->parameters);
    scatter(m, moments * rooms->parameters, first, count, at(&c, rooms->moments), m->moments);
}

static void train(const cppn_many *m, int64_t first_step, int64_t steps, int64_t first,
                  int64_t count, float *memory) {
    environment before = begin();
    const cppn_rooms rooms = rooms_of(m->problem);
    for (int64_t k = 0; k < count; k += LANES)
        do_vector(m, &rooms, first_step, steps, first + k, count - k < LANES ? count - k : LANES,
                  memory);
    end(before);
}

#if defined(CPPN_BUILD_AVX2)
#define CROWD cppn_crowd_avx2
#elif defined(CPPN_BUILD_AVX512)
#define CROWD cppn_crowd_avx512
#elif defined(CPPN_BUILD_NEON)
#define CROWD cppn_crowd_neon
#else
#define CROWD cppn_crowd_portable
#endif

const cppn_crowd CROWD = {train};

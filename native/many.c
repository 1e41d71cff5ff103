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
 *     c[i][j] = fma(a[i][n], b[n][j], … fma(a[i][0], b[0][j], start))
 *
 * FORWARD   c (samples, rows) of units a (samples, columns) and weights b (rows, columns), transposed;
 *           it starts at the biases
 * GRADIENT  c (rows, columns), transposed, of units a, transposed, and slopes b (samples, rows); it
 *           starts at 0, or at c after other chunks
 * DELTA     c (samples, columns) times the sums over rows of slopes a (samples, rows) and weights b
 */
enum kind { FORWARD, GRADIENT, DELTA };

typedef struct {
    int32_t samples, rows, columns;
    int32_t begun;
    const float *a, *b, *start; /* start: of FORWARD */
    float *c;
} crowd_product;

/* Rows and columns of a block, whose sums are in registers. */
#if defined(CPPN_BUILD_AVX512) || defined(CPPN_BUILD_NEON)
enum { HIGH = 4, BROAD = 4 };
#elif defined(CPPN_BUILD_AVX2)
enum { HIGH = 4, BROAD = 3 };
#else
enum { HIGH = 2, BROAD = 2 };
#endif

/* A block of high × broad numbers of c from row i, column j on. `common`: a is the same for all
 * trainings, one float each. All but i and j are constants where this is inlined. */
INLINE void block(const int kind, const int common, const int high, const int broad,
                  const crowd_product *p, int64_t i, int64_t j) {
    const int64_t wide = common ? 1 : LANES, in = p->columns * wide;
    const int64_t columns = (int64_t)p->columns * LANES, rows = (int64_t)p->rows * LANES;
    const int32_t terms = kind == FORWARD ? p->columns : kind == GRADIENT ? p->samples : p->rows;
    const int64_t a_row = kind == FORWARD ? in : kind == GRADIENT ? wide : rows;
    const int64_t a_term = kind == FORWARD ? wide : kind == GRADIENT ? in : LANES;
    const int64_t b_term = kind == FORWARD ? LANES : kind == GRADIENT ? rows : columns;
    const int64_t b_column = kind == FORWARD ? columns : LANES;
    const int64_t c_row = kind == FORWARD ? rows : kind == GRADIENT ? LANES : columns;
    const int64_t c_column = kind == GRADIENT ? columns : LANES;
    const float *a = p->a + i * a_row, *b = p->b + j * b_column;
    float *c = p->c + i * c_row + j * c_column;
    vec sum[HIGH][BROAD];
    for (int x = 0; x < broad; x++) {
        const vec bias = kind == FORWARD ? load(p->start + (j + x) * LANES) : (vec){0};
        for (int y = 0; y < high; y++) sum[y][x] = bias;
    }
    if (kind == GRADIENT && p->begun)
        for (int x = 0; x < broad; x++)
            for (int y = 0; y < high; y++) sum[y][x] = load(c + y * c_row + x * c_column);
    for (int32_t k = 0; k < terms; k++, a += a_term, b += b_term) {
        vec other[BROAD];
        for (int x = 0; x < broad; x++) other[x] = load(b + x * b_column);
        for (int y = 0; y < high; y++) {
            const vec one = common ? splat(a[y * a_row]) : load(a + y * a_row);
            for (int x = 0; x < broad; x++) sum[y][x] = fma_(one, other[x], sum[y][x]);
        }
    }
    for (int y = 0; y < high; y++)
        for (int x = 0; x < broad; x++) {
            float *to = c + y * c_row + x * c_column;
            store(to, kind == DELTA ? load(to) * sum[y][x] : sum[y][x]);
        }
}

#define BLOCK_OF(KIND, COMMON, Y, X)                                                      \
    case 4 * (X) + (Y):                                                                   \
        block(KIND, COMMON, (Y) < HIGH ? (Y) : HIGH, (X) < BROAD ? (X) : BROAD, p, i, j); \
        break;
#define BLOCKS_OF(KIND, COMMON, X)                                      \
    BLOCK_OF(KIND, COMMON, 1, X) BLOCK_OF(KIND, COMMON, 2, X)           \
    BLOCK_OF(KIND, COMMON, 3, X) BLOCK_OF(KIND, COMMON, 4, X)

/* The function NAME: a whole product, in blocks as equal as possible. */
#define PRODUCT(NAME, KIND, COMMON)                                                              \
    static void NAME(const crowd_product *p) {                                                   \
        const int32_t height = KIND == GRADIENT ? p->columns : p->samples;                       \
        const int32_t width = KIND == DELTA ? p->columns : p->rows;                              \
        const int32_t down = (height + HIGH - 1) / HIGH, across = (width + BROAD - 1) / BROAD;   \
        const int32_t high = height / down, higher = height % down;                              \
        const int32_t broad = width / across, broader = width % across;                          \
        for (int32_t x = 0, j = 0; x < across; x++) {                                            \
            const int now = broad + (x < broader);                                               \
            for (int32_t y = 0, i = 0; y < down; y++) {                                          \
                const int rows = high + (y < higher);                                            \
                switch (4 * now + rows) {                                                        \
                    BLOCKS_OF(KIND, COMMON, 1) BLOCKS_OF(KIND, COMMON, 2)                        \
                    BLOCKS_OF(KIND, COMMON, 3) BLOCKS_OF(KIND, COMMON, 4)                        \
                }                                                                                \
                i += rows;                                                                       \
            }                                                                                    \
            j += now;                                                                            \
        }                                                                                        \
    }
PRODUCT(forward_common, FORWARD, 1)
PRODUCT(forward, FORWARD, 0)
PRODUCT(gradient_common, GRADIENT, 1)
PRODUCT(gradient, GRADIENT, 0)
PRODUCT(delta, DELTA, 0)

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

/* Sums over the samples of a chunk, (columns,), of numbers (samples, columns); after other chunks they
 * are added to what is there. */
static void add_samples(const crowd *c, int32_t columns, const float *from, float *to) {
    enum { TOGETHER = 4 };
    for (int32_t r = 0; r < columns; r += TOGETHER) {
        vec sum[TOGETHER] = {{0}};
        const int32_t some = columns - r < TOGETHER ? columns - r : TOGETHER;
        for (int32_t k = 0; c->begun && k < some; k++) sum[k] = load(to + (r + k) * LANES);
        const float *x = from + (int64_t)r * LANES;
        for (int32_t s = 0; s < c->count; s++, x += (int64_t)columns * LANES) {
            if (some == TOGETHER)
                for (int k = 0; k < TOGETHER; k++) sum[k] = sum[k] + load(x + k * LANES);
            else
                for (int32_t k = 0; k < some; k++) sum[k] = sum[k] + load(x + k * LANES);
        }
        for (int32_t k = 0; k < some; k++) store(to + (r + k) * LANES, sum[k]);
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
    add_samples(c, shape->rows, values, at(c, c->rooms.sums));
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
        float *slopes = units + chunk * rows * LANES, *bias = weight + (int64_t)rows * columns * LANES;
        (k ? forward : forward_common)(&(crowd_product){
            .samples = c->count, .rows = rows, .columns = columns,
            .a = before, .b = weight, .start = bias, .c = units});
        if (k == t->depth - 1) finish(c, units, slopes);
        else activate(t->shapes[k].activation, (int64_t)c->count * rows * LANES, units, slopes);
        before = units;
        units = slopes + chunk * rows * LANES;
        weight = bias + rows * LANES;
    }
    for (int32_t k = t->depth - 1; k >= 0; k--) {
        const int32_t rows = t->shapes[k].rows, columns = t->shapes[k].columns;
        units -= 2 * chunk * rows * LANES;
        weight -= (int64_t)rows * (columns + 1) * LANES;
        const float *slopes = units + chunk * rows * LANES;
        float *found = weight + c->rooms.gradient * LANES;
        (k ? gradient : gradient_common)(&(crowd_product){
            .samples = c->count, .rows = rows, .columns = columns, .begun = c->begun,
            .a = k ? units - 2 * chunk * columns * LANES : inputs, .b = slopes, .c = found});
        if (!t->fixed) add_samples(c, rows, slopes, found + (int64_t)rows * columns * LANES);
        if (k)
            delta(&(crowd_product){
                .samples = c->count, .rows = rows, .columns = columns,
                .a = slopes, .b = weight, .c = units - chunk * columns * LANES});
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
        if (count == LANES)
            store(to + row * LANES, load(from + row * m->count + first));
        else
            for (int k = 0; k < LANES; k++)
                to[row * LANES + k] = from[row * m->count + lane(first, count, k)];
}

static void scatter(const cppn_many *m, int64_t rows, int64_t first, int64_t count,
                    const float *from, float *to) {
    for (int64_t row = 0; row < rows; row++)
        memcpy(to + row * m->count + first, from + row * LANES, (size_t)count * sizeof *to);
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
        memcpy(m->losses + c.step * m->count + first, &loss, (size_t)count * sizeof *m->losses);
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

/* Steps of image networks, compiled once for each instruction set.
 *
 *     planes -> the terms of a tile's sums -> sums -> activated, times a slope -> planes
 *
 * A tile consists of up to MOST_UNITS * UNIT results in reading order, whatever the rows: small
 * planes are as fast as large ones. Its terms, the inputs under each tap, are gathered next to each
 * other once for all outputs, up to TERMS at a time. Up to ROWS outputs of a block of results are
 * computed at once, with all sums in registers.
 *
 * A sum is fma(w_n, x_n, … fma(w_1, x_1, start)), whatever the tile and the block: hence the same
 * bits for all of them.
 */
#include "vision.h"
#include "elementwise.h"
#include "environment.h"
#include "vectors.h"

#if defined(CPPN_BUILD_AVX512) || defined(CPPN_BUILD_NEON)
#define MOST 4 /* vectors of a block: of 32 registers 24 hold sums */
#else
#define MOST VECTORS
#endif
_Static_assert(UNIT % LANES == 0, "a unit consists of whole vectors");

#define DIFFERENTIATE(name)                                                       \
    static void differentiate_##name(const float *x, float *y, int64_t vectors) { \
        for (int64_t k = 0; k < vectors; k++)                                     \
            store(y + k * LANES, derivative_##name(load(x + k * LANES)));         \
    }
CPPN_ACTIVATIONS(DIFFERENTIATE)

#define DERIVATIVE(name) differentiate_##name,
static elementwise *const derivatives[] = {CPPN_ACTIVATIONS(DERIVATIVE)};

typedef struct {
    const cppn_step *step;
    elementwise *function, *slope; /* NULL: none */
    int32_t whole;                 /* results are stored as planes, one after the other */
    int32_t direct;                /* from registers, if they are */
    const float *in, *other;       /* of the sample */
    float *out, *pre;
    float *terms, *sums, *buffer;
    int32_t *place;                /* of each result of the tile in a plane of `out` */
    int64_t at, count;             /* the tile */
} job;

static job job_of(const cppn_step *s, int64_t sample, float *scratch) {
    job j = {.step = s, .function = functions[s->activation], .terms = scratch};
    if (j.function == activate_identity) j.function = 0;
    if (s->slope >= 0) j.slope = derivatives[s->slope];
    if (j.slope == differentiate_identity) j.slope = 0;
    j.whole = s->out_stride_y == 1 && s->out_stride_x == 1 && s->columns == s->columns_out;
    j.direct = j.whole && (!j.function || j.function == activate_relu) &&
               (!j.slope || j.slope == differentiate_relu);
    j.in = s->in + sample * s->in_sample;
    j.out = s->out + sample * s->out_sample;
    if (s->pre) j.pre = s->pre + sample * s->out_sample;
    if (s->other) j.other = s->other + sample * s->other_sample;
    return j;
}

INLINE vec some(const float *from, int64_t count) {
    vec x = {0};
    if (count >= LANES) return load(from);
    memcpy(&x, from, (size_t)count * sizeof *from);
    return x;
}

INLINE void put(float *to, vec x, int64_t count) {
    if (count >= LANES) store(to, x);
    else memcpy(to, &x, (size_t)count * sizeof *to);
}

/* By a rule: z, given the derivative of the activation. */
INLINE vec ruled(const cppn_step *s, vec z, vec factor) {
    if (s->rule != CPPN_GRADIENT) z = max_(splat(0), z);
    return s->rule == CPPN_DECONVNET ? z : z * factor;
}

/* The same of the relu, given its argument or its value. */
INLINE vec rectified(const cppn_step *s, vec z, vec other) {
    if (s->rule != CPPN_GRADIENT) z = max_(splat(0), z);
    return s->rule == CPPN_DECONVNET ? z : select_(other > splat(0), z, splat(0));
}

/* Finish `count` results z, up to STRIP, that stand next to each other at an offset of the planes.
 * The buffer has as much room. */
static void finish_line(const job *j, float *z, int64_t offset, int64_t count, float *buffer) {
    const cppn_step *s = j->step;
    const int64_t vectors = divided(count, LANES);
    for (int64_t k = 0; j->pre && k < vectors; k++)
        put(j->pre + offset + k * LANES, one_nan(load(z + k * LANES)), count - k * LANES);
    if (j->function) j->function(z, z, vectors);
    if (j->slope == differentiate_relu) {
        for (int64_t k = 0; k < vectors; k++) {
            const vec x = some(j->other + offset + k * LANES, count - k * LANES);
            store(z + k * LANES, rectified(s, load(z + k * LANES), x));
        }
    } else if (j->slope) {
        for (int64_t k = 0; k < vectors; k++)
            store(buffer + k * LANES, some(j->other + offset + k * LANES, count - k * LANES));
        j->slope(buffer, buffer, vectors);
        for (int64_t k = 0; k < vectors; k++)
            store(z + k * LANES, ruled(s, load(z + k * LANES), load(buffer + k * LANES)));
    }
    for (int64_t k = 0; k < vectors; k++)
        put(j->out + offset + k * LANES, one_nan(load(z + k * LANES)), count - k * LANES);
}

/* Convolutions */

/* Every `stride`-th of the numbers from `from` on. */
INLINE void pick(const float *restrict from, int64_t stride, int64_t count, float *restrict to) {
    if (stride == 1) memcpy(to, from, (size_t)count * sizeof *to);
    else if (stride == 2)
        for (int64_t k = 0; k < count; k++) to[k] = from[2 * k];
    else
        for (int64_t k = 0; k < count; k++) to[k] = from[stride * k];
}

/* The columns of results whose inputs under a tap are inside: low … high - 1. */
typedef struct {
    int64_t low, high;
} columns;

INLINE columns columns_of(const cppn_step *s, int64_t tap) {
    const int64_t space = s->columns_in - tap, stride = s->stride_x; /* x stride < space */
    const columns c = {tap < 0 ? divided(-tap, stride) : 0, space > 0 ? divided(space, stride) : 0};
    return (columns){c.low, c.high < s->columns ? c.high : s->columns};
}

/* `count` results of a row from column x on, as a tap sees them; `row`: of the inputs, or NULL. */
INLINE void pick_row(const cppn_step *s, const float *row, int64_t x, int64_t count, int64_t tap,
                     columns inside, float outside, float *to) {
    int64_t low = inside.low > x ? inside.low : x;
    int64_t high = inside.high < x + count ? inside.high : x + count;
    if (!row || low >= high) low = high = x + count;
    for (int64_t k = x; k < low; k++) to[k - x] = outside;
    if (low < high) pick(row + low * s->stride_x + tap, s->stride_x, high - low, to + low - x);
    for (int64_t k = high; k < x + count; k++) to[k - x] = outside;
}

/* The inputs of the tile under a tap: planes of the same size as the results, stride 1. */
static void shift(const job *j, const float *plane, const int32_t *tap, float *to) {
    const cppn_step *s = j->step;
    const int64_t columns = s->columns, all = (int64_t)s->rows_in * columns;
    const int64_t from = j->at + tap[0] * columns + tap[1];
    int64_t low = from < 0 ? -from : 0, high = all - from < j->count ? all - from : j->count;
    if (low > j->count) low = j->count;
    if (high < low) high = low;
    for (int64_t k = 0; k < low; k++) to[k] = 0;
    memcpy(to + low, plane + from + low, (size_t)(high - low) * sizeof *to);
    for (int64_t k = high; k < j->count; k++) to[k] = 0;
    if (!tap[1]) return;
    const int64_t first = tap[1] < 0 ? 0 : columns - tap[1]; /* columns that would be wrapped */
    const int64_t stop = tap[1] < 0 ? -tap[1] : columns;
    for (int64_t line = -(j->at % columns); line < j->count; line += columns)
        for (int64_t x = first > -line ? first : -line; x < stop && line + x < j->count; x++)
            to[line + x] = 0;
}

/* Terms first … stop - 1 of a group's sums: to [term][result]. */
static void gather(const job *j, const float *planes, int32_t first, int32_t stop) {
    const cppn_step *s = j->step;
    const int64_t size = (int64_t)s->rows_in * s->columns_in, row = term_row();
    const int alike = s->stride_y == 1 && s->stride_x == 1 && s->columns == s->columns_in;
    const int64_t rest = divided(j->count, UNIT) * UNIT;
    const int64_t first_y = j->at / s->columns, first_x = j->at % s->columns;
    float *to = j->terms;
    for (int32_t k = first; k < stop; k++, to += row) {
        const int32_t *tap = s->tap + 2 * (k % s->taps);
        const float *plane = planes + k / s->taps * size;
        const int near = tap[1] > -s->columns && tap[1] < s->columns;
        if (alike && near) {
            shift(j, plane, tap, to);
        } else {
            const columns all = columns_of(s, tap[1]);
            int64_t y = first_y, x = first_x;
            for (int64_t done = 0, some; done < j->count; done += some, x = 0, y++) {
                some = s->columns - x < j->count - done ? s->columns - x : j->count - done;
                const int64_t at = y * s->stride_y + tap[0];
                const int inside = at >= 0 && at < s->rows_in;
                pick_row(s, inside ? plane + at * s->columns_in : 0, x, some, tap[1], all, 0,
                         to + done);
            }
        }
        for (int64_t i = j->count; i < rest; i++) to[i] = 0;
    }
}

typedef struct {
    int32_t channel;       /* the first output */
    int32_t terms;
    int32_t first, last;   /* whether these are the first terms of the sums, and the last ones */
    int64_t at;            /* of the first result in the tile */
    const float *weight;
    float *sums;           /* of this channel */
} block;

static void finish_block(const job *j, const block *b, int rows, int64_t width) {
    const cppn_step *s = j->step;
    const int64_t plane = (int64_t)s->rows_out * s->columns_out;
    const int64_t count = j->count - b->at < width ? j->count - b->at : width;
    const float *const buffer_end = j->buffer + ROWS * term_row();
    for (int r = 0; r < rows; r++) {
        const int64_t channel = (b->channel + r) * plane;
        float *z = j->buffer + r * width;
        if (j->whole) {
            finish_line(j, z, channel + j->at + b->at, count, (float *)buffer_end);
            continue;
        }
        const int32_t *place = j->place + b->at;
        for (int64_t k = 0; j->pre && k < count; k++)
            j->pre[channel + place[k]] = z[k] == z[k] ? z[k] : NAN;
        if (j->function) j->function(z, z, width / LANES);
        if (j->slope) {
            float *x = (float *)buffer_end;
            for (int64_t k = 0; k < count; k++) x[k] = j->other[channel + place[k]];
            for (int64_t k = count; k < width; k++) x[k] = 0;
            if (j->slope != differentiate_relu) j->slope(x, x, width / LANES);
            for (int64_t k = 0; k < width; k += LANES) {
                const vec y = load(z + k), by = load(x + k);
                store(z + k, j->slope == differentiate_relu ? rectified(s, y, by) : ruled(s, y, by));
            }
        }
        for (int64_t k = 0; k < count; k++) j->out[channel + place[k]] = z[k] == z[k] ? z[k] : NAN;
    }
}

/* What the sums of a row start from: with `adds` what is there. */
INLINE vec start_of(const job *j, const block *b, int r, int k) {
    const cppn_step *s = j->step;
    if (!s->adds) return splat(s->bias ? s->bias[b->channel + r] : 0.0f);
    const float *out = j->out + (int64_t)(b->channel + r) * s->rows_out * s->columns_out;
    const int64_t at = b->at + k * LANES, left = j->count - at;
    if (left <= 0) return splat(0);
    if (j->whole) return some(out + j->at + at, left);
    float x[LANES] = {0};
    for (int64_t i = 0; i < LANES && i < left; i++) x[i] = out[j->place[at + i]];
    return load(x);
}

/* `rows` outputs of a block; `rows` and `vectors` are constants where this is inlined. */
INLINE void multiply(const int rows, const int vectors, const job *j, const block *b) {
    const cppn_step *s = j->step;
    const int64_t row = term_row();
    const float *weight = b->weight, *in = j->terms + b->at;
    vec sum[ROWS][MOST];
    if (b->first) {
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < vectors; k++) sum[r][k] = start_of(j, b, r, k);
    } else {
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < vectors; k++)
                sum[r][k] = load(b->sums + r * row + b->at + k * LANES);
    }
    for (int32_t c = 0; c < b->terms; c++, in += row, weight += rows) {
        vec x[MOST];
        for (int k = 0; k < vectors; k++) x[k] = load(in + k * LANES);
        for (int r = 0; r < rows; r++) {
            const vec w = splat(weight[r]);
            for (int k = 0; k < vectors; k++) sum[r][k] = fma_(w, x[k], sum[r][k]);
        }
    }
    if (!b->last) {
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < vectors; k++)
                store(b->sums + r * row + b->at + k * LANES, sum[r][k]);
    } else if (j->direct && b->at + vectors * LANES <= j->count) {
        const int64_t plane = (int64_t)s->rows_out * s->columns_out;
        int64_t to = b->channel * plane + j->at + b->at;
        const vec floor = splat(j->function ? 0 : -INFINITY);
        for (int r = 0; r < rows; r++, to += plane)
            for (int k = 0; k < vectors; k++) {
                vec z = sum[r][k];
                if (j->pre) store(j->pre + to + k * LANES, one_nan(z));
                z = max_(floor, z);
                if (j->slope) z = rectified(s, z, load(j->other + to + k * LANES));
                store(j->out + to + k * LANES, one_nan(z));
            }
    } else {
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < vectors; k++)
                store(j->buffer + (r * vectors + k) * LANES, sum[r][k]);
        finish_block(j, b, rows, vectors * LANES);
    }
}

typedef void blocks(const job *j, const block *b);

#define BLOCK(ROWS_, VECTORS_)                                                     \
    static void block_##ROWS_##_##VECTORS_(const job *j, const block *b) {         \
        multiply(ROWS_, VECTORS_ <= MOST ? VECTORS_ : MOST, j, b);                 \
    }
#define ALL_ROWS(VECTORS_) \
    BLOCK(1, VECTORS_) BLOCK(2, VECTORS_) BLOCK(3, VECTORS_) \
    BLOCK(4, VECTORS_) BLOCK(5, VECTORS_) BLOCK(6, VECTORS_)
#define NAMES(VECTORS_) \
    {0, block_1_##VECTORS_, block_2_##VECTORS_, block_3_##VECTORS_, block_4_##VECTORS_, \
     block_5_##VECTORS_, block_6_##VECTORS_}
ALL_ROWS(1)
#if MOST >= 2
ALL_ROWS(2)
#endif
#if MOST >= 4
ALL_ROWS(3)
ALL_ROWS(4)
#endif
static blocks *const sizes[MOST + 1][ROWS + 1] = {
    {0}, NAMES(1),
#if MOST >= 2
    NAMES(2),
#endif
#if MOST >= 4
    NAMES(3), NAMES(4),
#endif
};

/* Groups of rows first … stop - 1 of a group of channels, for the terms that are gathered. */
static void multiply_all(const job *j, int32_t group, int32_t first, int32_t stop, block b,
                         int32_t from, int32_t all) {
    const int32_t outputs = j->step->outputs / j->step->groups;
    const int64_t vectors = divided(j->count, LANES), count = divided(vectors, MOST);
    for (int32_t g = first; g < stop; g++) {
        const int32_t start = group_start(outputs, g), rows = group_start(outputs, g + 1) - start;
        b.channel = group * outputs + start;
        b.weight = j->step->weight + (int64_t)b.channel * all + (int64_t)from * rows;
        b.sums = j->sums + (start - group_start(outputs, first)) * term_row();
        for (int64_t k = 0, done = 0, some; k < count; k++, done += some) {
            some = (vectors - done + count - k - 1) / (count - k);
            b.at = done * LANES;
            sizes[some][rows](j, &b);
        }
    }
}

static void convolve(const cppn_step *s, int32_t number, float *scratch) {
    const int64_t count = (int64_t)s->rows * s->columns;
    const int32_t tiles = (int32_t)divided(count, s->tile), part = number % s->parts;
    job j = job_of(s, number / s->parts / tiles, scratch);
    j.sums = j.terms + TERMS * term_row();
    j.buffer = j.sums + s->outputs * term_row();
    j.place = (int32_t *)(j.buffer + 2 * ROWS * term_row());
    j.at = (int64_t)(number / s->parts % tiles) * s->tile;
    j.count = count - j.at < s->tile ? count - j.at : s->tile;
    for (int64_t k = 0; !j.whole && k < j.count; k++) {
        const int64_t y = (j.at + k) / s->columns, x = (j.at + k) % s->columns;
        j.place[k] = (int32_t)((s->out_y + y * s->out_stride_y) * s->columns_out + s->out_x +
                               x * s->out_stride_x);
    }
    const int32_t groups = row_groups(s->outputs / s->groups), all = s->groups * groups;
    const int32_t first = (int32_t)((int64_t)all * part / s->parts);
    const int32_t stop = (int32_t)((int64_t)all * (part + 1) / s->parts);
    const int32_t channels = s->inputs / s->groups, terms = channels * s->taps;
    const int64_t planes = (int64_t)channels * s->rows_in * s->columns_in;
    for (int32_t group = first / groups; group * groups < stop; group++) {
        const int32_t low = group * groups < first ? first - group * groups : 0;
        const int32_t high = (group + 1) * groups > stop ? stop - group * groups : groups;
        for (int32_t from = 0, to; from == 0 || from < terms; from = to) {
            to = terms - from > TERMS ? from + TERMS : terms;
            gather(&j, j.in + group * planes, from, to);
            const block b = {.terms = to - from, .first = from == 0, .last = to == terms};
            multiply_all(&j, group, low, high, b, from, terms);
            if (to == terms) break;
        }
    }
}

/* Dense layers */

static float tree(float *chains) {
    for (int half = CHAINS / 2; half; half /= 2)
        for (int k = 0; k < half; k++) chains[k] += chains[k + half];
    return chains[0];
}

static void dense(const cppn_step *s, int32_t number, float *scratch) {
    enum { VECS = CHAINS / LANES, AT_ONCE = LANES == 16 ? 8 : LANES == 8 ? 4 : 2 };
    const int32_t first = number * DENSE_ROWS;
    const int32_t stop = s->outputs - first < DENSE_ROWS ? s->outputs : first + DENSE_ROWS;
    for (int32_t n = 0; n < s->samples; n++) {
        const job j = job_of(s, n, scratch);
        float *z = scratch, chains[CHAINS];
        for (int32_t o = first; o < stop; o += AT_ONCE) {
            const int rows = stop - o < AT_ONCE ? stop - o : AT_ONCE;
            vec sum[AT_ONCE][VECS] = {0};
            int64_t i = 0;
            for (; rows == AT_ONCE && i + CHAINS <= s->inputs; i += CHAINS)
                for (int v = 0; v < VECS; v++) {
                    const vec x = load(j.in + i + v * LANES);
                    for (int r = 0; r < AT_ONCE; r++) {
                        const float *w = s->weight + (int64_t)(o + r) * s->inputs + i + v * LANES;
                        sum[r][v] = fma_(load(w), x, sum[r][v]);
                    }
                }
            for (; i < s->inputs; i += CHAINS)
                for (int v = 0; v < VECS && i + v * LANES < s->inputs; v++) {
                    const int64_t at = i + v * LANES, left = s->inputs - at;
                    const vec x = some(j.in + at, left);
                    for (int r = 0; r < rows; r++) {
                        const vec w = some(s->weight + (int64_t)(o + r) * s->inputs + at, left);
                        sum[r][v] = fma_(w, x, sum[r][v]);
                    }
                }
            for (int r = 0; r < rows; r++) {
                memcpy(chains, sum[r], sizeof chains);
                z[o - first + r] = tree(chains) + (s->bias ? s->bias[o + r] : 0.0f);
            }
        }
        for (int32_t k = 0; s->adds && k < stop - first; k++) z[k] += j.out[first + k];
        for (int32_t k = stop - first; k < DENSE_ROWS; k++) z[k] = 0;
        finish_line(&j, z, first, stop - first, z + STRIP);
    }
}

static void dense_back(const cppn_step *s, int32_t number, float *scratch) {
    const int64_t first = (int64_t)number * DENSE_COLUMNS;
    const int64_t count = s->outputs - first < DENSE_COLUMNS ? s->outputs - first : DENSE_COLUMNS;
    for (int32_t n = 0; n < s->samples; n++) {
        const job j = job_of(s, n, scratch);
        float *z = scratch;
        for (int64_t k = 0; k < DENSE_COLUMNS; k++)
            z[k] = s->adds && k < count ? j.out[first + k] : 0.0f;
        for (int32_t o = 0; o < s->inputs; o++) {
            const float *w = s->weight + (int64_t)o * s->outputs + first;
            const vec g = splat(j.in[o]);
            for (int64_t k = 0; k < count; k += LANES)
                store(z + k, fma_(some(w + k, count - k), g, load(z + k)));
        }
        finish_line(&j, z, first, count, z + STRIP);
    }
}

/* Pools: a piece is a channel. */

/* Where a window is on one axis: its first place inside and that behind the last one. */
typedef struct {
    int64_t low, high, begin; /* begin: of the whole window */
} span;

INLINE span window(int64_t result, int32_t stride, int32_t before, int32_t size, int32_t length) {
    const int64_t begin = result * stride - before;
    return (span){begin < 0 ? 0 : begin, begin + size > length ? length : begin + size, begin};
}

/* Keep the larger one, or the first NaN, and the tap that it is from. */
INLINE void keep(vec x, int32_t tap, vec *best, ivec *from) {
#if defined(CPPN_BUILD_AVX512)
    const __m512 now = (__m512)*best;
    const __mmask16 more = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(now, now, _CMP_ORD_Q),
                                                   (__m512)x, now, _CMP_NLE_UQ);
    *best = (vec)_mm512_mask_mov_ps(now, more, (__m512)x);
    *from = (ivec)_mm512_mask_mov_epi32((__m512i)*from, more, _mm512_set1_epi32(tap));
#else
    const ivec more = ~(x <= *best) & (*best == *best);
    *best = select_(more, x, *best);
    *from = (more & ((ivec){0} + tap)) | (~more & *from);
#endif
}

static void pool(const cppn_step *s, int32_t number, float *scratch) {
    const job j = job_of(s, number / s->outputs, scratch);
    const int64_t channel = number % s->outputs, count = (int64_t)s->rows * s->columns;
    const float *plane = j.in + channel * s->rows_in * s->columns_in;
    const int64_t width = divided(s->columns, UNIT) * UNIT;
    columns *const inside = (columns *)scratch;
    float *best = scratch + 4 * s->size_x, *seen = best + 2 * width;
    int32_t *which = (int32_t *)(best + width);
    for (int64_t k = 0; k < s->size_x * width; k++) seen[k] = 0;
    for (int32_t kx = 0; kx < s->size_x; kx++) inside[kx] = columns_of(s, kx - s->left);
    for (int64_t y = 0; y < s->rows; y++) {
        const span down = window(y, s->stride_y, s->top, s->size_y, s->rows_in);
        for (int64_t k = 0; k < width; k++) best[k] = -INFINITY, which[k] = -1;
        for (int64_t row = down.low; row < down.high; row++) {
            const int32_t first = (int32_t)(row - down.begin) * s->size_x;
            for (int32_t kx = 0; kx < s->size_x; kx++)
                pick_row(s, plane + row * s->columns_in, 0, s->columns, kx - s->left, inside[kx],
                         -INFINITY, seen + kx * width);
            for (int64_t k = 0; k < width; k += LANES) {
                vec now = load(best + k);
                ivec at;
                memcpy(&at, which + k, sizeof at);
                for (int32_t kx = 0; kx < s->size_x; kx++) {
                    const vec x = load(seen + kx * width + k);
                    keep(x, first + kx, &now, &at);
                }
                memcpy(which + k, &at, sizeof at);
                store(best + k, now);
            }
        }
        uint16_t *to = s->switches ? s->switches + number * count + y * s->columns : 0;
        for (int64_t k = 0; to && k < s->columns; k++) to[k] = (uint16_t)which[k];
        for (int64_t k = 0; to && k < s->columns; k++)
            if (to[k] == UINT16_MAX) { /* all are -inf: the first one */
                const int64_t left = s->left - k * s->stride_x;
                to[k] = (uint16_t)((down.low - down.begin) * s->size_x + (left > 0 ? left : 0));
            }
        for (int64_t k = 0, some; k < s->columns; k += some) {
            some = s->columns - k < STRIP ? s->columns - k : STRIP;
            finish_line(&j, best + k, channel * count + y * s->columns + k, some, seen);
        }
    }
}

/* Apply the slope to a plane of `out`. */
static void slope_plane(const job *j, int64_t plane, int64_t count, float *scratch) {
    if (!j->slope) return;
    for (int64_t k = 0, some; k < count; k += some) {
        some = count - k < STRIP ? count - k : STRIP;
        memcpy(scratch, j->out + plane + k, (size_t)some * sizeof *scratch);
        finish_line(j, scratch, plane + k, some, scratch + STRIP);
    }
}

static void unpool(const cppn_step *s, int32_t number, float *scratch) {
    const job j = job_of(s, number / s->outputs, scratch);
    const int64_t channel = number % s->outputs, size = (int64_t)s->rows_out * s->columns_out;
    const int64_t count = (int64_t)s->rows * s->columns;
    const float *in = j.in + channel * count;
    const uint16_t *which = s->switches + number * count;
    const int32_t across = s->size_x;
    float *plane = j.out + channel * size;
    if (!s->adds) memset(plane, 0, (size_t)size * sizeof *plane);
    for (int32_t y = 0; y < s->rows; y++)
        for (int32_t x = 0; x < s->columns; x++, in++, which++) {
            const int32_t down = across == 3 ? *which / 3 : across == 2 ? *which / 2 : *which / across;
            const int32_t row = y * s->stride_y - s->top + down;
            const int32_t column = x * s->stride_x - s->left + *which - down * across;
            if (row >= 0 && row < s->rows_out && column >= 0 && column < s->columns_out)
                plane[row * s->columns_out + column] += *in;
        }
    slope_plane(&j, channel * size, size, scratch);
}

/* How many values the mean of a window divides by. */
INLINE float divisor(const cppn_step *s, span down, span across, int32_t rows, int32_t columns) {
    if (!s->counts) return (float)((down.high - down.low) * (across.high - across.low));
    const int64_t bottom = rows + s->bottom, right = columns + s->right;
    const int64_t low = down.begin + s->size_y < bottom ? down.begin + s->size_y : bottom;
    const int64_t end = across.begin + s->size_x < right ? across.begin + s->size_x : right;
    return (float)((low - down.begin) * (end - across.begin));
}

static void mean(const cppn_step *s, int32_t number, float *scratch) {
    const job j = job_of(s, number / s->outputs, scratch);
    const int64_t channel = number % s->outputs, count = (int64_t)s->rows * s->columns;
    const float *plane = j.in + channel * s->rows_in * s->columns_in;
    for (int32_t y = 0; y < s->rows; y++) {
        const span down = window(y, s->stride_y, s->top, s->size_y, s->rows_in);
        for (int32_t begin = 0, some; begin < s->columns; begin += some) {
            some = s->columns - begin < STRIP ? s->columns - begin : STRIP;
            for (int32_t x = 0; x < some; x++) {
                const span across =
                    window(begin + x, s->stride_x, s->left, s->size_x, s->columns_in);
                float chains[CHAINS] = {0};
                int64_t k = 0;
                for (int64_t row = down.low; row < down.high; row++) {
                    const float *from = plane + row * s->columns_in;
                    for (int64_t at = across.low; at < across.high; at++)
                        chains[k++ % CHAINS] += from[at];
                }
                scratch[x] = tree(chains) / divisor(s, down, across, s->rows_in, s->columns_in);
            }
            for (int32_t x = some; x % LANES; x++) scratch[x] = 0;
            finish_line(&j, scratch, channel * count + y * s->columns + begin, some,
                        scratch + STRIP);
        }
    }
}

static void mean_back(const cppn_step *s, int32_t number, float *scratch) {
    const job j = job_of(s, number / s->outputs, scratch);
    const int64_t channel = number % s->outputs, size = (int64_t)s->rows_out * s->columns_out;
    const float *in = j.in + channel * s->rows * s->columns;
    float *plane = j.out + channel * size;
    if (!s->adds) memset(plane, 0, (size_t)size * sizeof *plane);
    for (int32_t y = 0; y < s->rows; y++)
        for (int32_t x = 0; x < s->columns; x++) {
            const span down = window(y, s->stride_y, s->top, s->size_y, s->rows_out);
            const span across = window(x, s->stride_x, s->left, s->size_x, s->columns_out);
            const float part = *in++ / divisor(s, down, across, s->rows_out, s->columns_out);
            for (int64_t row = down.low; row < down.high; row++)
                for (int64_t at = across.low; at < across.high; at++)
                    plane[row * s->columns_out + at] += part;
        }
    slope_plane(&j, channel * size, size, scratch);
}

/* Functions of numbers that stand at the same place */

/* `count` of them, up to STRIP, from an offset on. */
static void apply(const job *j, int64_t offset, int64_t count, vec factor, vec bias,
                  float *scratch) {
    const cppn_step *s = j->step;
    for (int64_t k = 0; k < count; k += LANES) {
        const int64_t left = count - k;
        const vec x = some(j->in + offset + k, left);
        vec z = x;
        switch (s->kind) {
        case CPPN_SCALE: z = fma_(x, factor, bias); break;
        case CPPN_ADD: z = x + some(j->other + offset + k, left); break;
        case CPPN_MULTIPLY: z = x * some(j->other + offset + k, left); break;
        case CPPN_CLIP: z = min_(splat(s->high), max_(splat(s->low), x)); break;
        case CPPN_CLIP_BACK: {
            const vec at = some(j->other + offset + k, left);
            if (s->rule != CPPN_GRADIENT) z = max_(splat(0), x);
            if (s->rule != CPPN_DECONVNET)
                z = select_((at > splat(s->low)) & (at < splat(s->high)), z, splat(0));
        }
        }
        if (s->adds) z += some(j->out + offset + k, left);
        store(scratch + k, z);
    }
    finish_line(j, scratch, offset, count, scratch + STRIP);
}

static void scale(const cppn_step *s, int32_t number, float *scratch) {
    const job j = job_of(s, number / s->outputs, scratch);
    const int64_t channel = number % s->outputs, count = (int64_t)s->rows * s->columns;
    const vec factor = splat(s->weight[channel]), bias = splat(s->bias ? s->bias[channel] : 0.0f);
    for (int64_t k = 0; k < count; k += STRIP)
        apply(&j, channel * count + k, count - k < STRIP ? count - k : STRIP, factor, bias,
              scratch);
}

static void others(const cppn_step *s, int32_t number, float *scratch) {
    const int64_t count = (int64_t)s->outputs * s->rows * s->columns;
    const int64_t pieces = divided(count, STRIP), at = number % pieces * STRIP;
    const job j = job_of(s, number / pieces, scratch);
    apply(&j, at, count - at < STRIP ? count - at : STRIP, splat(1), splat(0), scratch);
}

static void piece(const cppn_step *s, int32_t number, float *scratch) {
    const environment before = begin();
    switch (s->kind) {
    case CPPN_CONVOLVE: convolve(s, number, scratch); break;
    case CPPN_DENSE: dense(s, number, scratch); break;
    case CPPN_DENSE_BACK: dense_back(s, number, scratch); break;
    case CPPN_POOL: pool(s, number, scratch); break;
    case CPPN_UNPOOL: unpool(s, number, scratch); break;
    case CPPN_MEAN: mean(s, number, scratch); break;
    case CPPN_MEAN_BACK: mean_back(s, number, scratch); break;
    case CPPN_SCALE: scale(s, number, scratch); break;
    default: others(s, number, scratch);
    }
    end(before);
}

#if defined(CPPN_BUILD_AVX2)
#define VISION cppn_vision_avx2
#elif defined(CPPN_BUILD_AVX512)
#define VISION cppn_vision_avx512
#elif defined(CPPN_BUILD_NEON)
#define VISION cppn_vision_neon
#else
#define VISION cppn_vision_portable
#endif

const cppn_vision VISION = {piece};

/* Stages of graphs on planes, compiled once for each instruction set.
 *
 *     planes -> tiles of inputs with their margin -> sums -> normalised, activated -> planes
 *
 * The inputs of a tile are copied next to each other and stay in the cache for all outputs. Up to
 * ROWS output channels of a block of pixels in a row are computed at once, with all sums in
 * registers: each weight is read once per block, each input once per ROWS channels and tap.
 *
 * A sum is fma(w_n, x_n, … fma(w_1, x_1, bias)), whatever the tile and the block: hence the same
 * bits for all of them.
 */
#include "conv.h"
#include "elementwise.h"
#include "environment.h"
#include "kernel.h"
#include "vectors.h"

/* Blocks of few channels are wider: independent sums hide the latency of an fma. */
#define FEW 2 /* channels */
#define BROAD (2 * VECTORS)
#define PANEL (VECTORS * LANES)
_Static_assert(NARROW % (BROAD * LANES) == 0, "a tile consists of whole blocks");
_Static_assert(BUFFER >= ROWS * PANEL && BUFFER >= FEW * BROAD * LANES && BUFFER >= TILE_WIDTH,
               "the buffer holds a block, and a row of a tile");

typedef struct {
    const cppn_stage *stage;
    elementwise *function; /* NULL: the identity */
    float *tile, *buffer;
    cppn_tiling tiling;
} job;

static void copy_out(const float *from, int64_t count, float *to) {
    int64_t k = 0;
    for (; k + LANES <= count; k += LANES) store(to + k, one_nan(load(from + k)));
    if (k < count) {
        float some[LANES];
        store(some, one_nan(load(from + k)));
        memcpy(to + k, some, (size_t)(count - k) * sizeof *to);
    }
}

/* Make pre-activations and units of `rows` channels from `channel` on, `count` pixels from row y,
 * column x on: what the stage computes there is in the buffer, `distance` floats for a channel. */
static void finish(const job *j, int32_t channel, int rows, int64_t distance, int64_t y, int64_t x,
                   int64_t count) {
    const cppn_stage *s = j->stage;
    for (int r = 0; s->scale && r < rows; r++) {
        const vec mean = splat(s->mean[channel + r]), scale = splat(s->scale[channel + r]);
        const vec shift = splat(s->shift[channel + r]);
        float *z = j->buffer + r * distance;
        for (int64_t k = 0; k < distance; k += LANES)
            store(z + k, fma_(load(z + k) - mean, scale, shift));
    }
    for (int r = 0; s->pre && r < rows; r++)
        copy_out(j->buffer + r * distance, count,
                 s->pre + (channel + r) * s->pre_plane + y * s->pre_row + x);
    if (j->function) j->function(j->buffer, j->buffer, rows * distance / LANES);
    for (int r = 0; s->boost && r < rows; r++) {
        const vec boost = splat(s->boost[channel + r]);
        float *u = j->buffer + r * distance;
        for (int64_t k = 0; k < distance; k += LANES) store(u + k, load(u + k) * boost);
    }
    for (int r = 0; r < rows; r++)
        copy_out(j->buffer + r * distance, count,
                 s->units + (channel + r) * s->units_plane + y * s->units_row + x);
}

/* Convolutions */

/* Copy the inputs of a group for `rows` rows and `columns` columns of results from row y, column x
 * on. The rest of each row is 0. */
static void gather(const job *j, int32_t group, int64_t y, int64_t x, int64_t rows,
                   int64_t columns) {
    const cppn_stage *s = j->stage;
    const int32_t channels = s->inputs / s->groups;
    const cppn_plane *planes = s->planes + group * channels;
    const int64_t halo = (int64_t)(s->size - 1) * s->dilation, row = j->tiling.row;
    const size_t bytes = (size_t)(columns + halo) * sizeof(float);
    for (int32_t c = 0; c < channels; c++) {
        const float *from = planes[c].at + y * planes[c].row + x;
        float *to = j->tile + c * row;
        for (int64_t k = 0; k < rows + halo; k++, from += planes[c].row, to += channels * row) {
            memcpy(to, from, bytes);
            memset(to + columns + halo, 0, (size_t)row * sizeof(float) - bytes);
        }
    }
}

/* `rows` channels of a block; `rows`, `vectors` and `size` are constants where this is inlined, or
 * size is 0. The first of the inputs is at `in`. */
INLINE void taps(const int rows, const int vectors, const int size, const job *j,
                 const float *weight, const float *bias, const float *in) {
    const cppn_stage *s = j->stage;
    const int32_t channels = s->inputs / s->groups, across = size ? size : s->size;
    const int64_t row = j->tiling.row, down = s->dilation * channels * row, step = s->dilation;
    vec sum[ROWS][BROAD];
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < vectors; k++) sum[r][k] = splat(bias ? bias[r] : 0.0f);
    for (int32_t c = 0; c < channels; c++, in += row) {
        const float *line = in;
        for (int32_t ky = 0; ky < across; ky++, line += down) {
            const float *at = line;
            for (int32_t kx = 0; kx < across; kx++, at += step, weight += rows) {
                vec x[BROAD];
                for (int k = 0; k < vectors; k++) x[k] = load(at + k * LANES);
                for (int r = 0; r < rows; r++) {
                    const vec w = splat(weight[r]);
                    for (int k = 0; k < vectors; k++) sum[r][k] = fma_(w, x[k], sum[r][k]);
                }
            }
        }
    }
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < vectors; k++)
            store(j->buffer + (r * vectors + k) * LANES, sum[r][k]);
}

typedef void block(const job *j, const float *weight, const float *bias, const float *in);

#define BLOCK(ROWS_, VECTORS_)                                                                    \
    static void block_##ROWS_(const job *j, const float *weight, const float *bias,               \
                              const float *in) {                                                  \
        if (j->stage->size == 3) taps(ROWS_, VECTORS_, 3, j, weight, bias, in);                   \
        else if (j->stage->size == 1) taps(ROWS_, VECTORS_, 1, j, weight, bias, in);              \
        else taps(ROWS_, VECTORS_, 0, j, weight, bias, in);                                       \
    }
BLOCK(1, BROAD)
BLOCK(2, BROAD)
BLOCK(3, VECTORS)
BLOCK(4, VECTORS)
BLOCK(5, VECTORS)
BLOCK(6, VECTORS)
static block *const blocks[] = {0, block_1, block_2, block_3, block_4, block_5, block_6};

static void convolve(const job *j, int64_t first, int64_t stop) {
    const cppn_stage *s = j->stage;
    const int32_t channels = s->inputs / s->groups, outputs = s->outputs / s->groups;
    const int64_t taps_of_all = (int64_t)channels * s->size * s->size;
    const int64_t row = j->tiling.row, line = channels * row;
    for (int64_t y = first, rows; y < stop; y += rows) {
        rows = stop - y < j->tiling.height ? stop - y : j->tiling.height;
        for (int64_t x = 0, columns; x < s->width; x += columns) {
            columns = s->width - x < j->tiling.width ? s->width - x : j->tiling.width;
            for (int32_t group = 0; group < s->groups; group++) {
                gather(j, group, y, x, rows, columns);
                for (int32_t g = 0; g < row_groups(outputs); g++) {
                    const int32_t start = group_start(outputs, g);
                    const int32_t count = group_start(outputs, g + 1) - start;
                    const int32_t channel = group * outputs + start;
                    const float *weight = s->packed + channel * taps_of_all;
                    const float *bias = s->bias ? s->bias + channel : 0;
                    const int64_t width = count <= FEW ? BROAD * LANES : PANEL;
                    for (int64_t at = 0; at < columns; at += width)
                        for (int64_t k = 0; k < rows; k++) {
                            blocks[count](j, weight, bias, j->tile + k * line + at);
                            finish(j, channel, count, width, y + k, x + at,
                                   columns - at < width ? columns - at : width);
                        }
                }
            }
        }
    }
}

/* The other kinds */

/* `kind` is a constant where this is inlined. */
INLINE vec joined(const int kind, vec a, vec b) {
    return kind == CPPN_MAX_POOL ? select_(a == a, max_(a, b), a) : a + b;
}

/* Join `count` numbers to those at `to`, of whole vectors. The first are copied. */
INLINE void join(const int kind, int is_first, const float *from, int64_t count, float *to) {
    for (int64_t k = 0; k < count; k += LANES) {
        vec x = {0};
        if (k + LANES <= count) x = load(from + k);
        else memcpy(&x, from + k, (size_t)(count - k) * sizeof *from);
        store(to + k, is_first ? x : joined(kind, load(to + k), x));
    }
}

/* `count` results of a channel from row y, column x on, in the buffer: columns are joined first. */
INLINE void joined_row(const int kind, const job *j, int32_t channel, int64_t y, int64_t x,
                       int64_t count) {
    const cppn_stage *s = j->stage;
    if (kind == CPPN_SUM) {
        for (int32_t c = channel; c < s->inputs; c += s->outputs)
            join(kind, c == channel, s->planes[c].at + y * s->planes[c].row + x, count, j->buffer);
        return;
    }
    const cppn_plane *plane = s->planes + channel;
    const int64_t halo = (int64_t)(s->size - 1) * s->dilation;
    for (int32_t k = 0; k < s->size; k++)
        join(kind, k == 0, plane->at + (y + k * s->dilation) * plane->row + x, count + halo,
             j->tile);
    for (int32_t k = 0; k < s->size; k++)
        join(kind, k == 0, j->tile + k * s->dilation, count, j->buffer);
    const vec part = splat(1.0f / (float)(s->size * s->size));
    for (int64_t k = 0; kind == CPPN_MEAN_POOL && k < count; k += LANES)
        store(j->buffer + k, load(j->buffer + k) * part);
}

static void combine(const job *j, int64_t first, int64_t stop) {
    const cppn_stage *s = j->stage;
    for (int32_t channel = 0; channel < s->outputs; channel++)
        for (int64_t y = first; y < stop; y++)
            for (int64_t x = 0, count; x < s->width; x += count) {
                count = s->width - x < j->tiling.width ? s->width - x : j->tiling.width;
                switch (s->kind) {
                case CPPN_MAX_POOL: joined_row(CPPN_MAX_POOL, j, channel, y, x, count); break;
                case CPPN_MEAN_POOL: joined_row(CPPN_MEAN_POOL, j, channel, y, x, count); break;
                default: joined_row(CPPN_SUM, j, channel, y, x, count);
                }
                finish(j, channel, 1, (count + LANES - 1) / LANES * LANES, y, x, count);
            }
}

static void stage(const cppn_stage *s, int64_t first, int64_t count, float *scratch) {
    environment before = begin();
    job j = {s, functions[s->activation], scratch + BUFFER, scratch, tiling_of(s)};
    if (j.function == activate_identity) j.function = 0;
    (s->kind == CPPN_CONVOLUTION ? convolve : combine)(&j, first, first + count);
    end(before);
}

/* Column x of a row is added to sum x modulo 8; these are added in the end. */
static void sums(int64_t width, int64_t height, cppn_plane plane, double *sums) {
    enum { LANES64 = 8 };
    environment before = begin();
    double sum[LANES64] = {0}, square[LANES64] = {0};
    for (int64_t y = 0; y < height; y++) {
        const float *z = plane.at + y * plane.row;
        int64_t x = 0;
        for (; x + LANES64 <= width; x += LANES64)
            for (int k = 0; k < LANES64; k++) {
                sum[k] += (double)z[x + k];
                square[k] += (double)z[x + k] * z[x + k];
            }
        for (int k = 0; x < width; x++, k++) {
            sum[k] += (double)z[x];
            square[k] += (double)z[x] * z[x];
        }
    }
    for (int k = 1; k < LANES64; k++) sum[0] += sum[k], square[0] += square[k];
    sums[0] = sum[0] == sum[0] ? sum[0] : NAN;
    sums[1] = square[0] == square[0] ? square[0] : NAN;
    end(before);
}

#if defined(CPPN_BUILD_AVX2)
#define GRID cppn_grid_avx2
#elif defined(CPPN_BUILD_AVX512)
#define GRID cppn_grid_avx512
#elif defined(CPPN_BUILD_NEON)
#define GRID cppn_grid_neon
#else
#define GRID cppn_grid_portable
#endif

const cppn_grid GRID = {stage, sums};

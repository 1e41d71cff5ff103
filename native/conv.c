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
    elementwise *function;  /* NULL: the identity */
    int32_t direct;         /* only units are wanted, without boost, of the identity or relu */
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

/* Copy the inputs of rows y, y + dilation, … and `columns` columns of results from x on to row `to`
 * of the tile. */
static void gather(const job *j, int64_t y, int64_t x, int64_t rows, int64_t columns, int64_t to) {
    const cppn_stage *s = j->stage;
    const int64_t halo = (int64_t)(s->size - 1) * s->dilation, row = j->tiling.row;
    for (int32_t c = 0; c < s->inputs; c++) {
        const float *from = s->planes[c].at + y * s->planes[c].row + x;
        float *at = j->tile + (to * s->inputs + c) * row;
        const int64_t down = s->planes[c].row * s->dilation;
        for (int64_t k = 0; k < rows; k++, from += down, at += s->inputs * row)
            memcpy(at, from, (size_t)(columns + halo) * sizeof(float));
    }
}

/* Have some of these inputs brought to the cache: those of [row][channel] from `first` on. */
static void announce(const job *j, int64_t y, int64_t x, int64_t columns, int64_t first,
                     int64_t stop) {
    const cppn_stage *s = j->stage;
    for (; first < stop; first++) {
        const cppn_plane *plane = s->planes + first % s->inputs;
        const float *from = plane->at + (y + first / s->inputs * s->dilation) * plane->row + x;
        for (int64_t k = 0; k < columns; k += LINE) __builtin_prefetch(from + k, 0, 2);
    }
}

/* Where a block is: its first channel, its row and columns, how many of which are there, and the
 * inputs of the first one. */
typedef struct {
    int32_t channel;
    int64_t y, x, count;
    const float *in;
} place;

/* `rows` channels of a block; `rows`, `vectors` and `size` are constants where this is inlined, or
 * size is 0. */
INLINE void taps(const int rows, const int vectors, const int size, const job *j, const place *p) {
    const cppn_stage *s = j->stage;
    const int32_t channels = s->inputs / s->groups, across = size ? size : s->size;
    const int64_t row = j->tiling.row, step = s->dilation, down = s->inputs * row;
    const float *weight = s->packed + (int64_t)p->channel * channels * across * across;
    const float *in = p->in;
    vec sum[ROWS][BROAD];
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < vectors; k++)
            sum[r][k] = splat(s->bias ? s->bias[p->channel + r] : 0.0f);
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
    if (j->direct && p->count == vectors * LANES) {
        float *to = s->units + p->channel * s->units_plane + p->y * s->units_row + p->x;
        const vec floor = splat(j->function ? 0 : -INFINITY);
        for (int r = 0; r < rows; r++, to += s->units_plane) {
            const int32_t c = p->channel + r;
            for (int k = 0; k < vectors; k++) {
                vec z = sum[r][k];
                if (s->scale) z = fma_(z - splat(s->mean[c]), splat(s->scale[c]), splat(s->shift[c]));
                store(to + k * LANES, one_nan(max_(floor, z)));
            }
        }
        return;
    }
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < vectors; k++)
            store(j->buffer + (r * vectors + k) * LANES, sum[r][k]);
    finish(j, p->channel, rows, vectors * LANES, p->y, p->x, p->count);
}

typedef void block(const job *j, const place *p);

#define WIDE(ROWS_, VECTORS_)                                        \
    static void wide_##ROWS_(const job *j, const place *p) {         \
        if (j->stage->size == 3) taps(ROWS_, VECTORS_, 3, j, p);     \
        else if (j->stage->size == 1) taps(ROWS_, VECTORS_, 1, j, p); \
        else taps(ROWS_, VECTORS_, 0, j, p);                         \
    }
WIDE(1, BROAD)
WIDE(2, BROAD)
WIDE(3, VECTORS)
WIDE(4, VECTORS)
WIDE(5, VECTORS)
WIDE(6, VECTORS)
static block *const wide[] = {0, wide_1, wide_2, wide_3, wide_4, wide_5, wide_6};

/* For the last pixels of a row. */
#define NARROW_BLOCK(ROWS_) \
    static void narrow_##ROWS_(const job *j, const place *p) { taps(ROWS_, 1, 0, j, p); }
NARROW_BLOCK(1)
NARROW_BLOCK(2)
NARROW_BLOCK(3)
NARROW_BLOCK(4)
NARROW_BLOCK(5)
NARROW_BLOCK(6)
static block *const narrow[] = {0,        narrow_1, narrow_2, narrow_3,
                                narrow_4, narrow_5, narrow_6};

/* The results of a tile in rows y, y + dilation, …, from column x on, whose inputs are gathered.
 * `next`: the rows of inputs that follow. */
static void convolve_tile(const job *j, int64_t y, int64_t x, int64_t rows, int64_t columns,
                          int64_t next) {
    const cppn_stage *s = j->stage;
    const int32_t channels = s->inputs / s->groups, outputs = s->outputs / s->groups;
    const int64_t halo = (int64_t)(s->size - 1) * s->dilation;
    const int32_t all = s->groups * row_groups(outputs);
    for (int32_t g = 0; g < all; g++) {
        const int32_t group = g / row_groups(outputs), within = g % row_groups(outputs);
        const int32_t start = group_start(outputs, within);
        const int32_t count = group_start(outputs, within + 1) - start;
        const int64_t width = count <= FEW ? BROAD * LANES : PANEL;
        const float *tile = j->tile + group * channels * j->tiling.row;
        announce(j, y + halo + rows * s->dilation, x, columns + halo, next * s->inputs * g / all,
                 next * s->inputs * (g + 1) / all);
        place p = {.channel = group * outputs + start};
        for (int64_t at = 0; at < columns; at += width) {
            p.x = x + at, p.count = columns - at < width ? columns - at : width;
            block *const step = (p.count > LANES ? wide : narrow)[count];
            for (int64_t k = 0; k < rows; k++) {
                p.y = y + k * s->dilation, p.in = tile + k * s->inputs * j->tiling.row + at;
                step(j, &p);
            }
        }
    }
}

/* Rows whose numbers are equal modulo the dilation share inputs: one after another, each such part
 * is a convolution without dilation along columns. */
static void convolve(const job *j, int64_t first, int64_t stop) {
    const cppn_stage *s = j->stage;
    const int64_t step = s->dilation, halo = s->size - 1, line = s->inputs * j->tiling.row;
    memset(j->tile, 0, (size_t)j->tiling.floats * sizeof(float)); /* blocks may exceed it */
    for (int64_t part = first; part < stop && part < first + step; part++)
        for (int64_t x = 0, columns; x < s->width; x += columns) {
            columns = s->width - x < j->tiling.width ? s->width - x : j->tiling.width;
            gather(j, part, x, halo, columns, 0);
            int64_t left = (stop - part + step - 1) / step; /* rows */
            for (int64_t y = part, rows; left > 0; y += rows * step) {
                rows = left < j->tiling.height ? left : j->tiling.height;
                gather(j, y + halo * step, x, rows, columns, halo);
                left -= rows;
                convolve_tile(j, y, x, rows, columns, left < rows ? left : rows);
                memmove(j->tile, j->tile + rows * line, (size_t)(halo * line) * sizeof(float));
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
    job j = {.stage = s, .function = functions[s->activation], .tile = scratch + BUFFER,
             .buffer = scratch, .tiling = tiling_of(s)};
    if (j.function == activate_identity) j.function = 0;
    j.direct = (!j.function || j.function == activate_relu) && !s->pre && !s->boost;
    (s->kind == CPPN_CONVOLUTION ? convolve : combine)(&j, first, first + count);
    end(before);
}

/* Column x of a row is added to sum x modulo CHAINS; these are added in the end. */
static void sums(int64_t width, int64_t height, cppn_plane plane, double center, double *sums) {
    enum { CHAINS = 16 };
    environment before = begin();
    double sum[CHAINS] = {0}, square[CHAINS] = {0};
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x += CHAINS) {
            const float *z = plane.at + y * plane.row + x;
            const int count = width - x < CHAINS ? (int)(width - x) : CHAINS;
            if (count == CHAINS)
                for (int k = 0; k < CHAINS; k++) {
                    const double off = z[k] - center;
                    sum[k] += off, square[k] += off * off;
                }
            else
                for (int k = 0; k < count; k++) {
                    const double off = z[k] - center;
                    sum[k] += off, square[k] += off * off;
                }
        }
    for (int k = 1; k < CHAINS; k++) sum[0] += sum[k], square[0] += square[k];
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

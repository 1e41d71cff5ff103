/* The kernel, compiled once for each instruction set.
 *
 *     pixels -> coordinates -> a tile -> layer 1 -> … -> the last layer -> display values
 *
 * A tile of TILE pixels stays in the cache through all layers. It consists of panels, each
 * [unit][pixel] of PANEL pixels. Up to ROWS rows of a layer are computed for a panel at once, with
 * all sums in registers: each weight is read once per panel, each unit once per ROWS rows.
 *
 * A sum is fma(w_n, x_n, … fma(w_1, x_1, bias)), whatever the tile, the panel and the group of
 * rows: hence the same bits for all of them.
 */
#include "elementwise.h"
#include "environment.h"
#include "kernel.h"
#include "vectors.h"

#include <float.h>

#define PANEL (VECTORS * LANES)
_Static_assert(TILE % PANEL == 0, "a tile consists of whole panels");

/* Activations */

#define DIFFERENTIATE(name)                                                       \
    static void differentiate_##name(const float *x, float *y, int64_t vectors) { \
        for (int64_t k = 0; k < vectors; k++)                                     \
            store(y + k * LANES, derivative_##name(load(x + k * LANES)));         \
    }
CPPN_ACTIVATIONS(DIFFERENTIATE)

#define DERIVATIVE(name) differentiate_##name,
static elementwise *const slopes[] = {CPPN_ACTIVATIONS(DERIVATIVE)};

static void apply(elementwise *function, int64_t count, const float *x, float *y) {
    int64_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        function(x + k, y + k, 1);
        store(y + k, one_nan(load(y + k)));
    }
    if (k < count) {
        float some[LANES] = {0};
        memcpy(some, x + k, (count - k) * sizeof *x);
        function(some, some, 1);
        store(some, one_nan(load(some)));
        memcpy(y + k, some, (count - k) * sizeof *y);
    }
}

static void activate(int32_t activation, int64_t count, const float *x, float *y) {
    environment before = begin();
    apply(functions[activation], count, x, y);
    end(before);
}

static void differentiate(int32_t activation, int64_t count, const float *x, float *y) {
    environment before = begin();
    apply(slopes[activation], count, x, y);
    end(before);
}

/* Layers */

/* `rows` pre-activations of a panel; `rows` is a constant wherever this is inlined. */
INLINE void sums(const int rows, int32_t columns, const float *weight, const float *bias,
                 const float *in, float *out) {
    vec sum[ROWS][VECTORS];
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < VECTORS; k++) sum[r][k] = splat(bias ? bias[r] : 0.0f);
    for (int32_t c = 0; c < columns; c++) {
        vec x[VECTORS];
        for (int k = 0; k < VECTORS; k++) x[k] = load(in + c * PANEL + k * LANES);
        for (int r = 0; r < rows; r++) {
            vec w = splat(weight[c * rows + r]);
            for (int k = 0; k < VECTORS; k++) sum[r][k] = fma_(w, x[k], sum[r][k]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < VECTORS; k++) store(out + r * PANEL + k * LANES, sum[r][k]);
}

/* A layer for some panels: [panel][column][PANEL] to [panel][row][PANEL]. */
static void layer_step(const cppn_layer *layer, elementwise *function, int panels, const float *in,
                       float *out) {
    int32_t rows = layer->rows, columns = layer->columns, groups = row_groups(rows);
    for (int32_t g = 0; g < groups; g++) {
        int32_t first = group_start(rows, g), count = group_start(rows, g + 1) - first;
        const float *weight = layer->packed + (int64_t)first * columns;
        const float *bias = layer->bias ? layer->bias + first : 0;
        for (int p = 0; p < panels; p++) {
            const float *x = in + (int64_t)p * columns * PANEL;
            float *y = out + ((int64_t)p * rows + first) * PANEL;
            switch (count) {
            case 1: sums(1, columns, weight, bias, x, y); break;
            case 2: sums(2, columns, weight, bias, x, y); break;
            case 3: sums(3, columns, weight, bias, x, y); break;
            case 4: sums(4, columns, weight, bias, x, y); break;
            case 5: sums(5, columns, weight, bias, x, y); break;
            default: sums(6, columns, weight, bias, x, y); break;
            }
            if (function) function(y, y, count * VECTORS);
        }
    }
}

/* Coordinates */

enum { AFFINE = 3 }; /* columns of layer 1 for u, v and 1; those of curved features follow */

/* sin(a + d) - sin(a) = 2 sin(d/2) (cos a cos d/2 - sin a sin d/2) of TILE pixels, whose u or v are
 * `places`, as value `c` of `columns`. d/2 is reduced to quarters of a turn in double. No
 * multiply-add is fused: NumPy's bits are the same (`around` in cppn_gl/utils/elementary.py). */
static void wave(const cppn_curved *it, const double *places, int columns, int c, float *tile) {
    const double per_quarter = 4 * it->half_turns, rounder = 0x1.8p52; /* added, it rounds */
    const vec sine = splat(it->sine), cosine = splat(it->cosine);
    float rest[TILE];
    uint32_t quarters[TILE];
    for (int i = 0; i < TILE; i++) {
        const double angle = per_quarter * places[i], rounded = angle + rounder;
        uint64_t bits;
        memcpy(&bits, &rounded, sizeof bits);
        quarters[i] = (uint32_t)bits;
        rest[i] = (float)(angle - (rounded - rounder));
    }
    for (int i = 0; i < TILE; i += LANES) {
        uvec n;
        memcpy(&n, quarters + i, sizeof n);
        const vec r = load(rest + i), z = r * r;
        const vec p = r * (((z * -0.00460214921281f + 0.0796802176478f) * z - 0.645963477665f) * z +
                           1.57079632195f);
        const vec q = (((z * 0.000903628058643f - 0.0208600694963f) * z + 0.253669203654f) * z -
                       1.23370054063f) * z + 0.999999999952f;
        const ivec odd = (n & 1) != 0;
        const vec s = (vec)((uvec)select_(odd, q, p) ^ (n & 2) << 30);
        const vec k = (vec)((uvec)select_(odd, p, q) ^ ((n + 1) & 2) << 30);
        store(tile + (i / PANEL * columns + c) * PANEL + i % PANEL,
              (s + s) * (cosine * k - sine * s));
    }
}

/* r - r0 of TILE pixels, without cancellation. */
static void radius(const cppn_picture *picture, double places[2][TILE], int columns, int c,
                   float *tile) {
    const double x = picture->center[0], y = picture->center[1], extent = picture->extent;
    for (int i = 0; i < TILE; i++) {
        double du = extent * places[0][i], dv = extent * places[1][i];
        double top = du * (2 * x + du) + dv * (2 * y + dv);
        double below = sqrt((x + du) * (x + du) + (y + dv) * (y + dv)) + sqrt(x * x + y * y);
        tile[(i / PANEL * columns + c) * PANEL + i % PANEL] =
            (float)(top / (below > 1e-30 ? below : 1e-30));
    }
}

/* u u, v v or u v of TILE pixels. */
static void product(const double *one, const double *other, int columns, int c, float *tile) {
    for (int i = 0; i < TILE; i++)
        tile[(i / PANEL * columns + c) * PANEL + i % PANEL] = (float)(one[i] * other[i]);
}

/* Those of up to TILE pixels, value `c` of pixel `i` at panel i / PANEL, [c][i % PANEL]. */
static void tile_coordinates(const cppn_picture *picture, const double *jitter, int64_t first,
                             int count, float *tile) {
    const int columns = AFFINE + picture->curved_count;
    double places[2][TILE];
    const int64_t width = picture->width, height = picture->height;
    const double side = (double)(width < height ? width : height);
    int64_t row = first / picture->columns, column = first % picture->columns;
    for (int i = 0; i < count;) {
        const int64_t left = picture->left + column;
        const int64_t fits = picture->columns - column;
        const int stop = fits < count - i ? i + (int)fits : count, start = i;
        const double v = ((double)(height - 2 * (picture->top + row) - 1) - 2 * jitter[1]) / side;
        for (; i < stop; i++) {
            double u = ((double)(2 * (left + i - start) + 1 - width) + 2 * jitter[0]) / side;
            float *at = tile + i / PANEL * columns * PANEL + i % PANEL;
            at[0] = (float)u;
            at[PANEL] = (float)v;
            at[2 * PANEL] = 1;
            if (columns > AFFINE) places[0][i] = u, places[1][i] = v;
        }
        row++, column = 0;
    }
    for (int i = count; i % PANEL; i++) /* the rest of the last panel */
        for (int c = 0; c < AFFINE; c++) tile[(i / PANEL * columns + c) * PANEL + i % PANEL] = 0;
    if (columns == AFFINE) return;
    for (int i = count; i < TILE; i++) places[0][i] = places[1][i] = 0;
    for (int k = 0; k < picture->curved_count; k++) {
        const cppn_curved *it = picture->curved + k;
        if (it->kind == CPPN_RADIUS) radius(picture, places, columns, AFFINE + k, tile);
        else if (it->kind < CPPN_UU)
            wave(it, places[it->kind - CPPN_WAVE_X], columns, AFFINE + k, tile);
        else
            product(places[it->kind == CPPN_VV], places[it->kind != CPPN_UU], columns, AFFINE + k,
                    tile);
    }
}

/* Pictures */

/* Add the display values of a sample, [panel][output][PANEL], to those of the tile,
 * [channels][TILE]; `channels` is a constant wherever this is inlined. */
INLINE void add_values(const int channels, const cppn_picture *picture, const float *outputs,
                       int panels, float *values) {
    const int rows = picture->layers[picture->depth - 1].rows, samples = picture->samples;
    const vec parts = splat((float)samples), zero = splat(0), one = splat(1);
    const vec beside = splat(0x1p-100f); /* green of finite values that would be magenta */
    for (int p = 0; p < panels; p++)
        for (int k = 0; k < VECTORS; k++) {
            vec shown[4], weight = one;
            ivec finite = zero == zero;
            for (int c = 0; c < channels; c++) {
                int output = rows == 1 ? 0 : c;
                shown[c] = load(outputs + (p * rows + output) * PANEL + k * LANES);
                finite &= abs_(shown[c]) <= splat(FLT_MAX);
            }
            ivec same = (shown[0] == one) & (abs_(shown[1]) < beside) & (shown[2] == one);
            shown[1] = select_(same, beside, shown[1]);
            if (channels == 4) {
                vec alpha = (shown[3] - splat(picture->alpha_low)) * splat(picture->alpha_factor);
                shown[3] = select_(finite, min_(one, max_(zero, alpha)), one);
                weight = shown[3] + splat(0x1p-16f);
            }
            for (int c = 0; c < channels; c++) {
                float *to = values + c * TILE + p * PANEL + k * LANES;
                vec value = select_(finite, shown[c], c == 1 ? zero : one); /* magenta */
                if (samples > 1) {
                    value = min_(one, max_(zero, value));
                    if (channels == 4 && c < 3) value = value * weight;
                    value = load(to) + value / parts;
                }
                store(to, value);
            }
        }
}

/* Values [channels][TILE] of some pixels as (some, channels). */
INLINE void interleave(const int channels, int some, const float *values, float *to) {
    for (int i = 0; i < some; i++)
        for (int c = 0; c < channels; c++) to[channels * i + c] = values[c * TILE + i];
}

static void draw(const cppn_picture *picture, int64_t first, int64_t count, float *out,
                 float *scratch) {
    environment before = begin();
    const cppn_layer *layers = picture->layers;
    const int32_t channels = layers[picture->depth - 1].rows == 4 ? 4 : 3;
    int32_t width = layers[0].columns < 4 ? 4 : layers[0].columns;
    for (int32_t k = 0; k < picture->depth; k++)
        if (layers[k].rows > width) width = layers[k].rows;
    float *buffers[2] = {scratch, scratch + (int64_t)width * TILE};
    float *values = scratch + 2 * (int64_t)width * TILE;
    for (int64_t done = 0; done < count; done += TILE) {
        const int some = count - done < TILE ? (int)(count - done) : TILE;
        const int panels = (some + PANEL - 1) / PANEL;
        memset(values, 0, channels * TILE * sizeof *values);
        for (int32_t s = 0; s < picture->samples; s++) {
            int side = 0;
            tile_coordinates(picture, picture->jitters + 2 * s, first + done, some, buffers[side]);
            for (int32_t k = 0; k < picture->depth; k++, side = !side)
                layer_step(layers + k, functions[layers[k].activation], panels, buffers[side],
                           buffers[!side]);
            if (channels == 4)
                add_values(4, picture, buffers[side], panels, values);
            else
                add_values(3, picture, buffers[side], panels, values);
        }
        if (channels == 4)
            interleave(4, some, values, out + 4 * done);
        else
            interleave(3, some, values, out + 3 * done);
    }
    end(before);
}

static void quantise(int64_t count, const float *values, uint8_t *bytes) {
    environment before = begin();
    for (int64_t k = 0; k < count; k++) {
        float v = values[k];
        v = v > 0.0f ? v : 0.0f;
        v = v < 1.0f ? v : 1.0f;
        bytes[k] = (uint8_t)(int32_t)(v * 255.0f + 0.5f);
    }
    end(before);
}

/* Noise is the difference of the halves of a pixel's hash; its unit is a level / LEVEL. */
enum { LEVEL = 1 << 16, HALF = LEVEL / 2, SPAN = 64 /* pixels at once */ };

/* 8-bit values, with noise, of values whose places as single numbers are given. */
static uvec dithered(vec values, uvec places) {
    const vec clamped = min_(max_(values, splat(0)), splat(1)); /* NaN becomes 0 */
    const ivec level = __builtin_convertvector(clamped * (255.0f * LEVEL), ivec);
    uvec h = places;
    h ^= h >> 16;
    h *= 0x7FEB352Du;
    h ^= h >> 15;
    h *= 0x846CA68Bu;
    h ^= h >> 16;
    const ivec high = (ivec)(h >> 16), low = (ivec)(h & (LEVEL - 1));
    const ivec end = (level < HALF) | (level > 255 * LEVEL - HALF); /* near black or white */
    const ivec other = (end & HALF) | (~end & low);
    return (uvec)(level + high - other + HALF) >> 16;
}

static void dither(int32_t channels, int64_t width, int64_t height, int64_t left, int64_t top,
                   const float *values, uint8_t *bytes) {
    environment before = begin();
    uvec steps[4 * SPAN / LANES];
    float in[4 * SPAN] = {0};
    uint32_t eight[4 * SPAN];
    for (uint32_t k = 0; k < (uint32_t)channels * SPAN; k++)
        steps[k / LANES][k % LANES] = k / channels + k % channels * 0x85EBCA77u;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x += SPAN) {
            const int some = channels * (int)(width - x < SPAN ? width - x : SPAN);
            const uint32_t place = (uint32_t)(left + x) + (uint32_t)(top + y) * 0x9E3779B1u;
            memcpy(in, values, some * sizeof *values);
            for (int v = 0; v < channels * SPAN / LANES; v++) {
                const uvec rounded = dithered(load(in + v * LANES), steps[v] + place);
                memcpy(eight + v * LANES, &rounded, sizeof rounded);
            }
            for (int k = 0; k < some; k++) bytes[k] = (uint8_t)eight[k];
            values += some, bytes += some;
        }
    end(before);
}

/* Single steps */

/* (some, columns) numbers as [panel][column][PANEL]; the rest of the last panel is 0. */
static void take(int32_t columns, int some, const float *from, float *to) {
    for (int p = 0; p * PANEL < some; p++)
        for (int32_t c = 0; c < columns; c++)
            for (int i = 0; i < PANEL; i++) {
                const int pixel = p * PANEL + i;
                to[((int64_t)p * columns + c) * PANEL + i] =
                    pixel < some ? from[(int64_t)pixel * columns + c] : 0;
            }
}

static void canonical(int64_t vectors, float *x) {
    for (int64_t k = 0; k < vectors; k++) store(x + k * LANES, one_nan(load(x + k * LANES)));
}

/* The reverse of take, with one kind of NaN. */
static void give(int32_t rows, int some, float *from, float *to) {
    const int panels = (some + PANEL - 1) / PANEL;
    canonical((int64_t)panels * rows * VECTORS, from);
    for (int i = 0; i < some; i++)
        for (int32_t r = 0; r < rows; r++)
            to[(int64_t)i * rows + r] =
                from[((int64_t)(i / PANEL) * rows + r) * PANEL + i % PANEL];
}

static void dense(const cppn_layer *layer, int64_t count, const float *units, float *out,
                  float *scratch) {
    environment before = begin();
    const int32_t rows = layer->rows, columns = layer->columns;
    float *in = scratch, *pre = scratch + (int64_t)columns * TILE;
    for (int64_t done = 0; done < count; done += TILE) {
        const int some = count - done < TILE ? (int)(count - done) : TILE;
        take(columns, some, units + done * columns, in);
        layer_step(layer, 0, (some + PANEL - 1) / PANEL, in, pre);
        give(rows, some, pre, out + done * rows);
    }
    end(before);
}

static void derivatives(const cppn_layer *layers, int32_t depth, int64_t count, const float *jets,
                        float *outputs, float *hidden, float *scratch) {
    environment before = begin();
    const int32_t columns = layers[0].columns, last = layers[depth - 1].rows;
    int32_t width = columns;
    for (int32_t k = 0; k < depth; k++)
        if (layers[k].rows > width) width = layers[k].rows;
    for (int64_t done = 0; done < count; done += TILE) {
        const int some = count - done < TILE ? (int)(count - done) : TILE;
        const int panels = (some + PANEL - 1) / PANEL;
        float *in[3], *out[3], *pre = hidden;
        for (int j = 0; j < 3; j++) {
            in[j] = scratch + (int64_t)2 * j * width * TILE;
            out[j] = in[j] + (int64_t)width * TILE;
            take(columns, some, jets + (j * count + done) * columns, in[j]);
        }
        for (int32_t k = 0; k < depth; k++) {
            cppn_layer layer = layers[k];
            for (int j = 0; j < 3; j++) { /* biases act on values only */
                layer_step(&layer, 0, panels, in[j], out[j]);
                layer.bias = 0;
            }
            const int64_t vectors = (int64_t)panels * layer.rows * VECTORS;
            if (hidden && k < depth - 1) {
                for (int j = 0; j < 3; j++) canonical(vectors, out[j]);
                for (int64_t row = 0; row < 3 * layer.rows; row++, pre += count)
                    for (int p = 0; p < panels; p++) {
                        const int fits = some - p * PANEL < PANEL ? some - p * PANEL : PANEL;
                        memcpy(pre + done + p * PANEL,
                               out[row / layer.rows] + (p * layer.rows + row % layer.rows) * PANEL,
                               fits * sizeof *pre);
                    }
            }
            slopes[layer.activation](out[0], in[0], vectors);
            functions[layer.activation](out[0], out[0], vectors);
            for (int j = 1; j < 3; j++)
                for (int64_t v = 0; v < vectors; v++)
                    store(out[j] + v * LANES, load(in[0] + v * LANES) * load(out[j] + v * LANES));
            for (int j = 0; j < 3; j++) {
                float *other = in[j];
                in[j] = out[j], out[j] = other;
            }
        }
        for (int j = 0; j < 3; j++) give(last, some, in[j], outputs + (j * count + done) * last);
    }
    end(before);
}

static void dense64(int32_t rows, int32_t columns, const double *weight, int64_t count,
                    const double *units, double *out) {
    enum { POINTS = 8, VECS = 2 * POINTS / LANES, GROUP = 6 }; /* of rows, summed together */
    environment before = begin();
    dvec in[CPPN_MAX_WIDTH][VECS];
    for (int64_t done = 0; done < count; done += POINTS) {
        const int some = count - done < POINTS ? (int)(count - done) : POINTS;
        for (int32_t c = 0; c < columns; c++)
            for (int i = 0; i < POINTS; i++)
                in[c][2 * i / LANES][i % (LANES / 2)] =
                    i < some ? units[(done + i) * columns + c] : 0;
        for (int32_t first = 0; first < rows; first += GROUP) {
            const double *w[GROUP];
            dvec sum[GROUP][VECS] = {0};
            for (int g = 0; g < GROUP; g++) /* rows beyond the last repeat it */
                w[g] = weight + (int64_t)(first + g < rows ? first + g : rows - 1) * columns;
            for (int32_t c = 0; c < columns; c++)
                for (int g = 0; g < GROUP; g++)
                    for (int v = 0; v < VECS; v++)
                        sum[g][v] = fma64_(w[g][c] - (dvec){0}, in[c][v], sum[g][v]);
            for (int g = 0; g < GROUP && first + g < rows; g++)
                for (int i = 0; i < some; i++) {
                    const double s = sum[g][2 * i / LANES][i % (LANES / 2)];
                    out[(done + i) * rows + first + g] = s == s ? s : NAN;
                }
        }
    }
    end(before);
}

static double peak(int64_t count) {
    enum { CHAINS = 10, ROUNDS = 100 }; /* enough chains to hide the latency of an fma */
    volatile float start = 1.0f, factor = 0.999f, term = 0.001f, sink;
    const vec a = splat(factor), b = splat(term);
    vec x[CHAINS];
    for (int k = 0; k < CHAINS; k++) x[k] = splat(start);
    for (int64_t n = 0; n < count; n++)
        for (int round = 0; round < ROUNDS; round++)
            for (int k = 0; k < CHAINS; k++) x[k] = fma_(a, x[k], b);
    for (int k = 0; k < CHAINS; k++) sink = x[k][0];
    (void)sink;
    return 2.0 * LANES * CHAINS * ROUNDS * (double)count;
}

#if defined(CPPN_BUILD_AVX2)
#define KERNEL cppn_avx2
#elif defined(CPPN_BUILD_AVX512)
#define KERNEL cppn_avx512
#elif defined(CPPN_BUILD_NEON)
#define KERNEL cppn_neon
#else
#define KERNEL cppn_portable
#endif

const cppn_kernel KERNEL = {draw, quantise, dither, dense, activate, differentiate, derivatives,
                             dense64, peak};

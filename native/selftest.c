/* A program that draws and trains random networks of hostile shapes, values and sizes, and computes
 * such stages of graphs and steps of image networks.
 *
 *     selftest [seeds [first seed [verbose]]]
 *
 * Every instruction set of this processor must give the bytes of the portable one, a run in pieces
 * those of the whole run, and cppn_draw those of cppn_dense and cppn_activate, step by step. It
 * prints a hash of all results, the same on every processor, and with a third argument the hash
 * after each function. The exit status is 1, with one line that names the seed and the function,
 * where bytes differ. All memory has exactly the size that
 * cppn.h asks for, so that a build with sanitizers finds every access beyond it.
 *
 * The random numbers are made from integers and powers of two: no math library, no rounding.
 */
#include "cppn.h"
#include "names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const isas[CPPN_ISAS] = {"portable", "avx2", "avx512", "neon"};
static const char *const activations[] = {CPPN_ACTIVATIONS(CPPN_NAME)};

static uint64_t state; /* of the random numbers */
static unsigned long seed;
static int verbose;
static uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

/* Random numbers */

static uint64_t next(void) { /* splitmix64 */
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* An integer from first to last. */
static int64_t from_to(int64_t first, int64_t last) {
    return first + (int64_t)(next() % (uint64_t)(last - first + 1));
}

static int one_in(int64_t n) { return from_to(1, n) == 1; }

/* 2^exponent, exponent from -1022 to 1023. */
static double power(int exponent) {
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Uniform in [-1, 1) · 2^exponent, exponent from -149 to 127. */
static double number(int64_t exponent) {
    return (double)from_to(-(1 << 23), (1 << 23) - 1) * power((int)exponent - 23);
}

static float any_float(void) {
    const uint32_t bits = (uint32_t)next();
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float special(void) {
    static const float values[] = {
        0.0f, -0.0f, 1.0f, -1.0f, 0.5f, 1e-45f, -1e-45f, 1.17549435e-38f, 3.4028235e38f,
        -3.4028235e38f, INFINITY, -INFINITY, NAN, 1e5f, -100001.0f, 104.0f, -87.5f, -0.5f};
    return values[from_to(0, LENGTH(values) - 1)];
}

/* Floats as weights of `columns` columns, or as other values: some sensible, some not. */
static void fill(float *x, int64_t count, int64_t columns) {
    int64_t exponent = 0;
    const int64_t kind = from_to(0, 9);
    switch (kind) {
    case 0: exponent = from_to(-149, -90); break; /* products underflow */
    case 1: exponent = from_to(50, 127); break;   /* sums overflow, and inf - inf is NaN */
    case 2: exponent = from_to(0, 20); break;
    default:
        for (exponent = 1; columns > 1; columns /= 4) exponent--; /* like 1/sqrt(columns) */
    }
    for (int64_t k = 0; k < count; k++) {
        x[k] = (float)number(exponent);
        if (kind == 3) x[k] = any_float();
        if (kind == 4 && one_in(50)) x[k] = special();
    }
}

/* Memory */

static void *blocks[1024];
static int blocks_used;

static void failed(const char *function, const char *isa, const char *how) {
    printf("selftest: seed %lu: %s (%s) %s\n", seed, function, isa, how);
    exit(1);
}

/* Bytes at an address that is `skew` beyond a multiple of 64 or so; they end where the block ends.
 * All bits are set: floats are NaN. */
static void *memory(int64_t bytes, int64_t skew) {
    char *block = malloc((size_t)(bytes + skew ? bytes + skew : 1));
    if (!block || blocks_used == LENGTH(blocks)) {
        printf("selftest: no memory\n");
        exit(2);
    }
    memset(block, 0xff, (size_t)(bytes + skew));
    blocks[blocks_used++] = block;
    return block + skew;
}

static float *floats(int64_t count) { return memory(count * 4, 4 * from_to(0, 15)); }
static void *scratch(int32_t width) { return memory(cppn_scratch(width), from_to(0, 63)); }

static void release(int down_to) {
    while (blocks_used > down_to) free(blocks[--blocks_used]);
}

/* The floating-point environment, which other libraries change: results must not depend on it. */

#if defined(__x86_64__)
#include <immintrin.h>
static uint64_t environment(void) { return _mm_getcsr() & 0xffc0; } /* without the flags */
static void set_environment(uint64_t bits) { _mm_setcsr((unsigned)bits); }
#define DISTURBED 0xffc0 /* towards zero, subnormals flushed */
#elif defined(__aarch64__)
static uint64_t environment(void) {
    uint64_t bits;
    __asm__ volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
}
static void set_environment(uint64_t bits) {
    __asm__ volatile("msr fpcr, %0" : : "r"(bits) : "memory");
}
#define DISTURBED 0x1c00000
#else
static uint64_t environment(void) { return 0; }
static void set_environment(uint64_t bits) { (void)bits; }
#define DISTURBED 0
#endif

/* A function of cppn.h over items first … first + count - 1 of a job. */
typedef void run(int32_t isa, const void *job, int64_t first, int64_t count, void *out);

static void run_once(run *call, int32_t isa, const void *job, int64_t first, int64_t count,
                     void *out, const char *function) {
    const uint64_t before = environment(), during = one_in(3) ? DISTURBED : before;
    set_environment(during);
    call(isa, job, first, count, out);
    const uint64_t after = environment();
    set_environment(before);
    if (after != during) failed(function, isas[isa], "changes the floating-point environment");
}

static void add_to_hash(const char *function, const void *bytes, int64_t count) {
    for (int64_t k = 0; k < count; k++)
        hash = (hash ^ ((const unsigned char *)bytes)[k]) * UINT64_C(0x100000001b3);
    if (verbose) printf("%lu %s %016llx\n", seed, function, (unsigned long long)hash);
}

/* Run a function for each instruction set, whole and in pieces. Returns the result, and hashes it:
 * `count` items of `size` bytes. */
static void *check(const char *function, run *call, const void *job, int64_t count, int64_t size) {
    char *expected = memory(count * size, 0);
    run_once(call, CPPN_PORTABLE, job, 0, count, expected, function);
    add_to_hash(function, expected, count * size);
    const int64_t alignment = size % 8 ? 4 : 8;
    const uint64_t kept_state = state; /* the inputs depend on the seed only, not on the processor */
    const int kept = blocks_used;
    for (int32_t isa = 0; isa < CPPN_ISAS; isa++) {
        if (!(cppn_isas() >> isa & 1)) continue;
        char *whole = memory(count * size, alignment * from_to(0, 7));
        run_once(call, isa, job, 0, count, whole, function);
        if (memcmp(whole, expected, (size_t)(count * size)))
            failed(function, isas[isa], "differs from portable");
        const int64_t longest = one_in(2) ? cppn_tile() : from_to(1, count ? count : 1);
        for (int64_t first = 0, some; first < count; first += some) {
            some = from_to(1, longest);
            if (some > count - first) some = count - first;
            char *piece = memory(some * size, alignment * from_to(0, 7));
            run_once(call, isa, job, first, some, piece, function);
            if (memcmp(piece, expected + first * size, (size_t)(some * size)))
                failed(function, isas[isa], "differs where a run is in pieces");
            release(kept);
        }
        release(kept);
    }
    state = kept_state;
    return expected;
}

/* Networks and pictures */

/* Random weights (rows, columns), and biases or none. */
static cppn_layer random_layer(int32_t rows, int32_t columns) {
    float *weight = floats((int64_t)rows * columns), *packed = floats((int64_t)rows * columns);
    float *bias = one_in(4) ? NULL : floats(rows);
    fill(weight, (int64_t)rows * columns, columns);
    if (bias) fill(bias, rows, 1);
    cppn_pack(rows, columns, weight, packed);
    const int32_t activation = (int32_t)from_to(0, LENGTH(activations) - 1);
    return (cppn_layer){rows, columns, activation, 0, packed, bias};
}

static int32_t random_width(int64_t most) {
    static const int32_t edges[] = {1, 2, 5, 6, 7, 12, 13, 16, 31, 32, 33, 511, 512};
    const int32_t width = one_in(2) ? edges[from_to(0, LENGTH(edges) - 1)] : (int32_t)from_to(1, most);
    return width < most ? width : (int32_t)most;
}

static int32_t random_outputs(void) {
    static const int32_t known[] = {1, 3, 4};
    return known[from_to(0, LENGTH(known) - 1)];
}

static int64_t random_side(void) {
    static const int64_t edges[] = {1, 2, 3, 95, 96, 97, 193, 7680, INT32_MAX};
    return one_in(2) ? edges[from_to(0, LENGTH(edges) - 1)] : from_to(1, 300);
}

static int32_t widest(const cppn_picture *picture) {
    int32_t width = 1;
    if (picture->layers[0].columns > width) width = picture->layers[0].columns;
    for (int32_t k = 0; k < picture->depth; k++)
        if (picture->layers[k].rows > width) width = picture->layers[k].rows;
    return width;
}

static int channels_of(const cppn_picture *picture) {
    return picture->layers[picture->depth - 1].rows == 4 ? 4 : 3;
}

static void draw(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const cppn_picture *picture = job;
    cppn_draw(isa, picture, first, count, out, scratch(widest(picture)));
}

typedef struct {
    const cppn_layer *layer;
    const float *units;
} dense_job;

static void dense(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const dense_job *d = job;
    const int32_t rows = d->layer->rows, columns = d->layer->columns;
    void *working = scratch(rows > columns ? rows : columns);
    cppn_dense(isa, d->layer, count, d->units + first * columns, out, working);
}

typedef struct {
    int32_t activation;
    const float *x;
} elementwise_job;

static void activate(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const elementwise_job *e = job;
    cppn_activate(isa, e->activation, count, e->x + first, out);
}

static void differentiate(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const elementwise_job *e = job;
    cppn_differentiate(isa, e->activation, count, e->x + first, out);
}

static void quantise(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    cppn_quantise(isa, count, (const float *)job + first, out);
}

typedef struct {
    int64_t left, top;
    const float *values; /* (count, channels), of pixels in a row */
    int32_t channels;
} dither_job;

static void dither(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const dither_job *d = job;
    cppn_dither(isa, d->channels, count, 1, d->left + first, d->top,
                d->values + d->channels * first, out);
}

typedef struct {
    int32_t rows, columns;
    const double *weight, *units;
} dense64_job;

static void dense64(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const dense64_job *d = job;
    cppn_dense64(isa, d->rows, d->columns, d->weight, count, d->units + first * d->columns, out);
}

typedef struct {
    const cppn_layer *layers;
    int32_t depth, hidden; /* hidden: the rows of all layers but the last, or 0 for none */
    int64_t count;
    const float *jets; /* (3, count, columns) */
} derivatives_job;

/* For each item: outputs with derivatives, then hidden pre-activations with theirs. */
static void derivatives(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const derivatives_job *d = job;
    const int32_t columns = d->layers[0].columns, last = d->layers[d->depth - 1].rows;
    const int64_t size = 3 * (int64_t)(last + d->hidden);
    int32_t width = columns;
    for (int32_t k = 0; k < d->depth; k++)
        if (d->layers[k].rows > width) width = d->layers[k].rows;
    float *jets = floats(3 * count * columns), *outputs = floats(3 * count * last);
    float *hidden = d->hidden ? floats(3 * count * d->hidden) : NULL, *to = out;
    for (int j = 0; j < 3; j++)
        memcpy(jets + j * count * columns, d->jets + (j * d->count + first) * columns,
               (size_t)(4 * count * columns));
    cppn_derivatives(isa, d->layers, d->depth, count, jets, outputs, hidden, scratch(3 * width));
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < 3 * last; k++)
            to[i * size + k] = outputs[(k / last * count + i) * last + k % last];
        for (int64_t k = 0; k < 3 * d->hidden; k++)
            to[i * size + 3 * last + k] = hidden[k * count + i];
    }
}

/* Networks with up to 4 layers; the values must be those of the single steps. */
static void check_derivatives(void) {
    derivatives_job d = {0};
    d.depth = (int32_t)from_to(1, 4);
    d.count = from_to(0, 2 * cppn_tile() + 3);
    cppn_layer *layers = memory(d.depth * (int64_t)sizeof *layers, 0);
    const int32_t inputs = (int32_t)from_to(3, one_in(4) ? 67 : 4);
    const int with_hidden = one_in(2);
    for (int32_t k = 0, columns = inputs; k < d.depth; k++) {
        const int32_t rows = k < d.depth - 1 ? random_width(40) : random_outputs();
        layers[k] = random_layer(rows, columns);
        if (with_hidden && k < d.depth - 1) d.hidden += rows;
        columns = rows;
    }
    float *jets = floats(3 * d.count * inputs);
    fill(jets, 3 * d.count * inputs, 1);
    d.layers = layers, d.jets = jets;
    const int32_t last = layers[d.depth - 1].rows;
    const int64_t size = 3 * (int64_t)(last + d.hidden);
    const float *found = check("cppn_derivatives", derivatives, &d, d.count, 4 * size);
    const float *units = jets;
    for (int32_t k = 0; k < d.depth; k++) {
        const dense_job step = {layers + k, units};
        const elementwise_job e = {
            layers[k].activation,
            check("cppn_dense", dense, &step, d.count, 4 * (int64_t)layers[k].rows)};
        units = check("cppn_activate", activate, &e, d.count * layers[k].rows, 4);
    }
    for (int64_t i = 0; i < d.count; i++)
        if (memcmp(found + i * size, units + i * last, (size_t)(4 * last)))
            failed("cppn_derivatives", "portable", "differs from cppn_dense and cppn_activate");
}

/* The coordinates (count, 3 or more) of layer 1, drawn by networks of one layer that pass them on. */
static float *coordinates(const cppn_picture *picture, int64_t count) {
    const int32_t columns = 3 + picture->curved_count;
    float *all = floats(count * columns), *drawn = floats(count * 3);
    const int32_t identity = cppn_activation("identity");
    for (int32_t last = 2; last < columns; last++) {
        float *weight = floats(3 * columns), *packed = floats(3 * columns);
        for (int32_t k = 0; k < 3 * columns; k++) weight[k] = 0;
        weight[0] = weight[columns + 1] = weight[2 * columns + last] = 1;
        cppn_pack(3, columns, weight, packed);
        const cppn_layer layer = {3, columns, identity, 0, packed, NULL};
        cppn_picture other = *picture;
        other.depth = 1, other.layers = &layer;
        check("cppn_draw", draw, &other, count, 12);
        draw(CPPN_PORTABLE, &other, 0, count, drawn);
        for (int64_t k = 0; k < count; k++) {
            all[k * columns] = drawn[3 * k];
            all[k * columns + 1] = drawn[3 * k + 1];
            all[k * columns + last] = drawn[3 * k + 2];
        }
    }
    return all;
}

/* Whether the drawn values (count, 3) are those of the single steps. */
static void check_steps(const cppn_picture *picture, int64_t count, const float *drawn) {
    const float *units = coordinates(picture, count);
    int32_t rows = 0;
    for (int32_t k = 0; k < picture->depth; k++) {
        const cppn_layer *layer = picture->layers + k;
        rows = layer->rows;
        const dense_job d = {layer, units};
        float *sums = check("cppn_dense", dense, &d, count, 4 * (int64_t)rows);
        const elementwise_job e = {layer->activation, sums};
        units = check("cppn_activate", activate, &e, count * rows, 4);
        check("cppn_differentiate", differentiate, &e, count * rows, 4);
    }
    const int channels = channels_of(picture);
    for (int64_t k = 0; k < count; k++) {
        float shown[4];
        int finite = 1;
        for (int c = 0; c < channels; c++) {
            shown[c] = units[k * rows + (rows == 1 ? 0 : c)];
            finite &= isfinite(shown[c]) != 0;
        }
        if (shown[0] == 1 && fabsf(shown[1]) < 0x1p-100f && shown[2] == 1) shown[1] = 0x1p-100f;
        const float alpha = (shown[3 % channels] - picture->alpha_low) * picture->alpha_factor;
        if (channels == 4) shown[3] = alpha < 0 ? 0 : alpha > 1 ? 1 : alpha;
        if (!finite) shown[0] = shown[2] = shown[channels - 1] = 1, shown[1] = 0;
        if (memcmp(shown, drawn + channels * k, (size_t)channels * sizeof *shown))
            failed("cppn_draw", "portable", "differs from cppn_dense and cppn_activate");
    }
}

/* Up to 64 curved features: r, products, and waves from none to more turns than a double counts. */
static const cppn_curved *random_curved(int32_t *count) {
    *count = (int32_t)(one_in(2) ? 0 : one_in(4) ? from_to(1, 64) : from_to(1, 4));
    cppn_curved *all = memory(*count * (int64_t)sizeof *all, 8 * from_to(0, 7));
    for (int32_t k = 0; k < *count; k++) {
        const int32_t kind = one_in(2) ? CPPN_RADIUS : (int32_t)from_to(CPPN_WAVE_X, CPPN_UV);
        const float sine = (float)number(0), cosine = (float)number(0); /* one after the other */
        const double half_turns = number(one_in(3) ? from_to(-60, 47) : from_to(-4, 4));
        all[k] = (cppn_curved){kind, sine, cosine, 0, half_turns};
        if (one_in(8)) all[k].sine = 0, all[k].cosine = -1;
    }
    return all;
}

static void check_picture(int64_t most_operations) {
    cppn_picture p = {0};
    p.center[0] = number(1);
    p.center[1] = number(1);
    p.extent = power((int)from_to(-60, 3));
    p.depth = (int32_t)(one_in(2) ? from_to(1, 4) : from_to(1, 64));
    const cppn_curved *curved = random_curved(&p.curved_count);
    p.curved = curved;
    p.samples = (int32_t)(one_in(2) ? 1 : from_to(2, 9));
    p.alpha_low = (float)number(-1), p.alpha_factor = (float)power((int)from_to(-3, 3));
    cppn_layer *layers = memory(p.depth * (int64_t)sizeof *layers, 0);
    int64_t operations = 0;
    int32_t columns = 3 + p.curved_count;
    const int64_t most_width = p.depth <= 3 ? CPPN_MAX_WIDTH : p.depth <= 12 ? 64 : 20;
    for (int32_t k = 0; k < p.depth; k++) {
        const int32_t rows = k < p.depth - 1 ? random_width(most_width) : random_outputs();
        layers[k] = random_layer(rows, columns);
        operations += (int64_t)rows * columns;
        columns = rows;
    }
    double *jitters = memory(p.samples * 16, 0);
    for (int32_t k = 0; k < 2 * p.samples; k++) jitters[k] = p.samples > 1 ? number(-1) : 0;
    p.layers = layers, p.jitters = jitters;

    p.width = random_side(), p.height = random_side();
    p.columns = from_to(1, p.width), p.rows = from_to(1, p.height);
    p.left = from_to(0, p.width - p.columns), p.top = from_to(0, p.height - p.rows);
    int64_t count = most_operations / (operations * p.samples) + 1;
    if (count > 3 * cppn_tile() + 5) count = 3 * cppn_tile() + 5;
    if (count > p.columns * p.rows) count = p.columns * p.rows;
    const int64_t whole = p.columns * p.rows;
    const int channels = channels_of(&p);
    const float *drawn = check("cppn_draw", draw, &p, count, 4 * channels);
    check("cppn_quantise", quantise, drawn, channels * count, 1);
    if (p.samples == 1) check_steps(&p, count, drawn);
    if (whole > count) { /* the last pixels of the rectangle */
        const int64_t first = whole - count;
        float *last = floats(channels * count), *same = floats(channels * count);
        cppn_draw(CPPN_PORTABLE, &p, first, count, last, scratch(widest(&p)));
        p.top += first / p.columns, p.rows -= first / p.columns; /* the same ones */
        cppn_draw(CPPN_PORTABLE, &p, first % p.columns, count, same, scratch(widest(&p)));
        if (memcmp(last, same, (size_t)(4 * channels * count)))
            failed("cppn_draw", "portable", "depends on the rectangle");
    }
}

/* Functions by themselves: numbers and sizes that no network gives. */
static void check_functions(void) {
    const int64_t count = from_to(0, 200);
    float *x = floats(count);
    fill(x, count, 1);
    if (one_in(2))
        for (int64_t k = 0; k < count; k++) x[k] = one_in(4) ? special() : any_float();
    check("cppn_quantise", quantise, x, count, 1);
    dither_job noisy = {from_to(0, 1 << 20), 0, x, (int32_t)from_to(3, 4)};
    noisy.top = from_to(0, 1 << 20);
    check("cppn_dither", dither, &noisy, count / noisy.channels, noisy.channels);
    for (int32_t k = 0; k < LENGTH(activations); k++) {
        if (cppn_activation(activations[k]) != k) failed("cppn_activation", "any", activations[k]);
        const elementwise_job e = {k, x};
        check("cppn_activate", activate, &e, count, 4);
        check("cppn_differentiate", differentiate, &e, count, 4);
    }
    const int32_t inputs = random_width(64), outputs = random_width(64);
    const cppn_layer layer = random_layer(outputs, inputs);
    const int64_t pixels = from_to(0, 2 * cppn_tile() + 3);
    float *units = floats(pixels * layer.columns);
    fill(units, pixels * layer.columns, 1);
    const dense_job d = {&layer, units};
    check("cppn_dense", dense, &d, pixels, 4 * (int64_t)layer.rows);

    const int32_t columns = random_width(CPPN_MAX_WIDTH), rows = random_width(columns > 64 ? 8 : 64);
    const int64_t points = from_to(0, 20);
    double *weight = memory((int64_t)rows * columns * 8, 8), *in = memory(points * columns * 8, 8);
    const int64_t exponent = one_in(2) ? 0 : from_to(-149, 127);
    for (int32_t k = 0; k < rows * columns; k++)
        weight[k] = one_in(3000) ? (double)special() : number(exponent);
    for (int64_t k = 0; k < points * columns; k++) in[k] = number(0);
    const dense64_job d64 = {rows, columns, weight, in};
    check("cppn_dense64", dense64, &d64, points, 8 * (int64_t)rows);
}

/* Training */

/* Do the steps of a training from copies of its parameters and moments, whole or in pieces:
 * `out` is parameters, moments, the report and the number of steps done. */
static void train(int32_t isa, cppn_training t, int64_t steps, int64_t parameters, int64_t moments,
                  int pieces, float *out) {
    const uint64_t before = environment(), during = one_in(3) ? DISTURBED : before;
    memcpy(out, t.parameters, (size_t)(4 * parameters));
    memcpy(out + parameters, t.moments, (size_t)(4 * moments));
    t.parameters = out, t.moments = out + parameters, t.report = out + parameters + moments;
    for (int32_t k = 0; k <= t.depth; k++) t.report[k] = 0;
    const int64_t size = cppn_training_memory(&t), own = cppn_thread_memory(&t);
    const int kept = blocks_used;
    int64_t done = 0;
    set_environment(during);
    if (!pieces) {
        done = cppn_train(isa, &t, 0, steps, memory(size + own, from_to(0, 63)));
    } else if (one_in(2)) {
        for (int64_t some = 1, now = 1; done < steps && now == some; done += now) {
            some = from_to(1, steps - done);
            now = cppn_train(isa, &t, done, some, memory(size + own, from_to(0, 63)));
            if (now < some) steps = done + now;
        }
    } else {
        void *working = memory(size, from_to(0, 63)), *own_memory = NULL;
        for (int32_t k = 0; k < t.depth; k++) cppn_train_begin(isa, &t, k, working);
        for (; done < steps; done++) {
            for (int32_t g = cppn_groups(&t) - 1; g >= 0; g--) {
                const int inner = blocks_used;
                own_memory = memory(own, from_to(0, 63));
                for (int32_t part = 0, parts = cppn_parts(&t, g), some; part < parts; part += some) {
                    some = (int32_t)from_to(1, parts - part);
                    cppn_train_group(isa, &t, done, g, part, some, working, own_memory);
                }
                release(inner);
            }
            const float loss = cppn_train_loss(isa, &t, working);
            if (!isfinite(loss)) break;
            for (int32_t k = t.depth - 1; k >= 0; k--) cppn_train_update(isa, &t, done, k, working);
            t.report[t.depth] = loss;
        }
    }
    const uint64_t after = environment();
    set_environment(before);
    if (after != during) failed("cppn_train", isas[isa], "changes the floating-point environment");
    t.report[t.depth + 1] = (float)done;
    release(kept);
}

/* Do the steps of many trainings from copies of their parameters and moments, whole or in pieces:
 * `out` is parameters, moments and losses. */
static void train_many(int32_t isa, cppn_many m, int64_t steps, int64_t parameters,
                       int64_t moments, int pieces, float *out) {
    const uint64_t before = environment(), during = one_in(3) ? DISTURBED : before;
    memcpy(out, m.parameters, (size_t)(4 * parameters * m.count));
    memcpy(out + parameters * m.count, m.moments, (size_t)(4 * moments * m.count));
    m.parameters = out, m.moments = out + parameters * m.count;
    m.losses = m.moments + moments * m.count;
    const int kept = blocks_used;
    set_environment(during);
    for (int64_t step = 0, some; step < steps; step += some) {
        some = pieces ? from_to(1, steps - step) : steps;
        for (int64_t first = 0, now; first < m.count; first += now) {
            now = pieces ? from_to(1, m.count - first) : m.count;
            cppn_train_many(isa, &m, step, some, first, now,
                            memory(cppn_many_memory(&m), from_to(0, 63)));
            release(kept);
        }
    }
    const uint64_t after = environment();
    set_environment(before);
    if (after != during)
        failed("cppn_train_many", isas[isa], "changes the floating-point environment");
}

/* One of many trainings against cppn_train(), step by step. */
static void check_one(const cppn_many *m, int64_t one, int64_t steps, int64_t parameters,
                      int64_t moments, const float *expected) {
    cppn_training t = *m->problem;
    const int kept = blocks_used;
    const float *losses = expected + (parameters + moments) * m->count;
    float *p = floats(parameters), *v = floats(moments), *report = floats(t.depth + 1);
    cppn_rate *rates = memory(steps * t.depth * (int64_t)sizeof *rates, 4);
    for (int64_t k = 0; k < parameters; k++) p[k] = m->parameters[k * m->count + one];
    for (int64_t k = 0; k < moments; k++) v[k] = 0;
    for (int64_t k = 0; k < steps * t.depth; k++) {
        const cppn_pace pace = m->paces[k / t.depth];
        const double base = isnan(pace.rate) ? m->rates[one] : pace.rate;
        const double rate = (double)(float)(base * pace.factor) *
                            m->layer_rates[k % t.depth * m->count + one];
        rates[k] = (cppn_rate){(float)rate, (float)(rate / pace.first), pace.second,
                               (float)(1 - rate * m->l2)};
    }
    t.rates = rates, t.parameters = p, t.moments = v, t.report = report;
    t.momentum = m->momentum[one];
    int going = 1;
    void *working = memory(cppn_training_memory(&t) + cppn_thread_memory(&t), from_to(0, 63));
    for (int64_t k = 0; k < parameters; k++) going &= isfinite(p[k]) != 0;
    for (int64_t step = 0; step < steps; step++) {
        going = going && cppn_train(CPPN_PORTABLE, &t, step, 1, working);
        const float loss = going ? report[t.depth] : INFINITY;
        if (memcmp(&loss, losses + step * m->count + one, sizeof loss))
            failed("cppn_train_many", "portable", "has another loss than cppn_train");
        for (int64_t k = 0; k < parameters; k++) going &= isfinite(p[k]) != 0;
    }
    for (int64_t k = 0; going && k < parameters; k++)
        if (memcmp(p + k, expected + k * m->count + one, sizeof *p))
            failed("cppn_train_many", "portable", "has other parameters than cppn_train");
    release(kept);
}

/* Of trainings that have ended only this is defined: the first parameter is not finite. */
static void forget_ended(float *found, int64_t n, int64_t steps, int64_t rows) {
    for (int64_t k = 0; k < n; k++) {
        const int going = isfinite(found[k]) != 0;
        if (going && !isfinite(found[(rows + steps - 1) * n + k]))
            failed("cppn_train_many", "any", "goes on after the end");
        for (int64_t row = 0; !going && row < rows; row++) found[row * n + k] = 0;
    }
}

/* Many trainings of a problem with `parameters`; some diverge. */
static void check_many(const cppn_training *t, int64_t steps, int64_t parameters, int64_t moments) {
    cppn_many m = {.problem = t, .count = from_to(1, one_in(4) ? 40 : 9), .l2 = 0.25};
    const int64_t n = m.count;
    cppn_pace *paces = memory(steps * (int64_t)sizeof *paces, 0);
    double *rates = memory(8 * n, 0), *layer_rates = memory(8 * n * t->depth, 0);
    float *momentum = floats(n), *p = floats(parameters * n), *v = floats(moments * n);
    for (int64_t k = 0; k < steps; k++)
        paces[k] = (cppn_pace){one_in(4) ? 0.125 : NAN, one_in(2) ? 1 : 0.7, 0.9, 1.5f, 0};
    for (int64_t k = 0; k < n; k++) rates[k] = number(-4), momentum[k] = (float)number(-1);
    for (int64_t k = 0; k < n * t->depth; k++) layer_rates[k] = number(one_in(9) ? 20 : 0);
    for (int64_t k = 0; k < parameters * n; k++)
        p[k] = one_in(40 * parameters) ? special() : t->parameters[k / n] * (float)number(0);
    for (int64_t k = 0; k < moments * n; k++) v[k] = 0;
    m.paces = paces, m.rates = rates, m.layer_rates = layer_rates, m.momentum = momentum;
    m.parameters = p, m.moments = v;

    const int64_t length = (parameters + moments + steps) * n;
    float *expected = memory(4 * length, 0), *found = memory(4 * length, 0);
    train_many(CPPN_PORTABLE, m, steps, parameters, moments, 0, expected);
    check_one(&m, from_to(0, n - 1), steps, parameters, moments, expected);
    forget_ended(expected, n, steps, parameters + moments);
    add_to_hash("cppn_train_many", expected, 4 * length);
    const uint64_t kept = state;
    for (int32_t isa = 0; isa < CPPN_ISAS; isa++)
        for (int pieces = 0; pieces < 2; pieces++) {
            if (!(cppn_isas() >> isa & 1)) continue;
            train_many(isa, m, steps, parameters, moments, pieces, found);
            forget_ended(found, n, steps, parameters + moments);
            if (memcmp(found, expected, (size_t)(4 * length)))
                failed("cppn_train_many", isas[isa],
                       pieces ? "differs in pieces" : "differs from portable");
        }
    state = kept;
}

/* Random networks, data, losses and optimizers, some sensible. */
static void check_training(int64_t most_operations) {
    cppn_training t = {0};
    t.depth = (int32_t)from_to(1, 5);
    cppn_shape *shapes = memory(t.depth * (int64_t)sizeof *shapes, 0);
    int64_t parameters = 0, hidden = 0;
    int32_t columns = random_width(one_in(4) ? 64 : 4);
    const int64_t most_width = t.depth > 2 || one_in(3) ? 24 : one_in(4) ? CPPN_MAX_WIDTH : 64;
    for (int32_t k = 0; k < t.depth; k++) {
        const int last = k == t.depth - 1;
        const int32_t rows = last ? (int32_t)from_to(1, 10) : random_width(most_width);
        const int32_t activation = (int32_t)from_to(0, LENGTH(activations) - 1);
        shapes[k] = (cppn_shape){rows, columns, activation, 0};
        parameters += (int64_t)rows * (columns + 1);
        hidden += last ? 0 : rows;
        columns = rows;
    }
    t.shapes = shapes;
    t.loss = (int32_t)from_to(0, CPPN_LOSSES - 1);
    t.optimizer = (int32_t)from_to(0, CPPN_OPTIMIZERS - 1);
    if (t.loss == CPPN_CROSS_ENTROPY) shapes[t.depth - 1].activation = cppn_activation("sigmoid");
    t.l1 = one_in(2) ? 0 : (float)power((int)from_to(-20, -3));
    t.l2 = one_in(2) ? 0 : (float)power((int)from_to(-20, -3));
    int64_t items = most_operations / (6 * parameters) + 1; /* samples, in all steps */
    if (items > 600) items = 600;
    const int64_t steps = from_to(1, one_in(2) ? 2 : 5);
    t.batch = (int32_t)(items / steps ? items / steps : 1);
    const int64_t inputs = steps * t.batch * shapes[0].columns, targets = steps * t.batch * columns;
    float *x = floats(inputs), *y = floats(targets), *p = floats(parameters);
    fill(x, inputs, 1);
    for (int64_t k = 0; k < targets; k++) y[k] = (float)from_to(-1, 1);
    if (one_in(8)) fill(y, targets, 1);
    fill(p, parameters, columns);
    if (one_in(2))
        for (int64_t k = 0; k < parameters; k++) p[k] = (float)number(-1);
    const int64_t count = t.optimizer >= CPPN_ADAM ? 2 : t.optimizer != CPPN_SGD;
    float *moments = floats(count * parameters), *masks = floats(steps * hidden);
    for (int64_t k = 0; k < count * parameters; k++) moments[k] = 0;
    for (int64_t k = 0; k < steps * hidden; k++) masks[k] = one_in(3) ? 0 : 1.5f;
    cppn_rate *rates = memory(steps * t.depth * (int64_t)sizeof *rates, 4);
    for (int64_t k = 0; k < steps * t.depth; k++)
        rates[k] = (cppn_rate){(float)number(-4), (float)number(-4), 1.5f, 0.75f};
    t.momentum = one_in(2) ? 0.9f : (float)number(-1);
    t.fixed = one_in(4);
    t.inputs = x, t.targets = y, t.rates = rates, t.parameters = p, t.moments = moments;
    t.masks = one_in(2) ? masks : NULL;

    const int64_t length = (count + 1) * parameters + t.depth + 2;
    float *expected = memory(4 * length, 0), *found = memory(4 * length, 0);
    train(CPPN_PORTABLE, t, steps, parameters, count * parameters, 0, expected);
    add_to_hash("cppn_train", expected, 4 * length);
    const uint64_t kept = state;
    for (int32_t isa = 0; isa < CPPN_ISAS; isa++)
        for (int pieces = 0; pieces < 2; pieces++) {
            if (!(cppn_isas() >> isa & 1)) continue;
            train(isa, t, steps, parameters, count * parameters, pieces, found);
            if (memcmp(found, expected, (size_t)(4 * length)))
                failed("cppn_train", isas[isa],
                       pieces ? "differs where steps are in pieces" : "differs from portable");
        }
    state = kept;
    t.masks = NULL;
    check_many(&t, steps, parameters, count * parameters);
}

/* Stages of graphs */

typedef struct {
    cppn_stage stage;
    int64_t left; /* columns of the whole stage before those of this one */
    int with_pre;
} stage_job;

/* For each row: units (outputs, width), then pre-activations, if there are any. The rows are the
 * last ones of a stage that begins a few rows before. */
static void stage_rows(int32_t isa, const void *job_, int64_t first, int64_t count, void *out) {
    const stage_job *job = job_;
    cppn_stage s = job->stage;
    const int kept = blocks_used;
    const int64_t lead = from_to(0, first < 3 ? first : 3), rows = lead + count;
    const int64_t size = s.outputs * s.width, parts = 1 + job->with_pre;
    cppn_plane *planes = memory(s.inputs * (int64_t)sizeof *planes, 0);
    for (int32_t c = 0; c < s.inputs; c++) {
        planes[c] = s.planes[c];
        planes[c].at += (first - lead) * planes[c].row + job->left;
    }
    s.planes = planes, s.height = rows;
    s.units_row = s.width + from_to(0, 5), s.pre_row = s.width + from_to(0, 5);
    s.units_plane = s.units_row * rows, s.pre_plane = s.pre_row * rows;
    s.units = floats(s.units_plane * s.outputs);
    s.pre = job->with_pre ? floats(s.pre_plane * s.outputs) : NULL;
    cppn_stage_rows(isa, &s, lead, count, memory(cppn_stage_scratch(&s), from_to(0, 63)));
    float *to = out;
    for (int64_t y = lead; y < rows; y++)
        for (int part = 0; part < parts; part++)
            for (int32_t c = 0; c < s.outputs; c++)
                for (int64_t x = 0; x < s.width; x++)
                    *to++ = part ? s.pre[c * s.pre_plane + y * s.pre_row + x]
                                 : s.units[c * s.units_plane + y * s.units_row + x];
    for (int part = 0; part < parts; part++) {
        const float *all = part ? s.pre : s.units;
        const int64_t row = part ? s.pre_row : s.units_row;
        int64_t untouched = 0;
        for (int64_t k = 0; k < row * rows * s.outputs; k++) {
            uint32_t bits;
            memcpy(&bits, all + k, sizeof bits);
            untouched += bits == UINT32_MAX;
        }
        if (untouched != row * rows * s.outputs - size * count)
            failed("cppn_stage_rows", isas[isa], "writes beside its results");
    }
    release(kept);
}

typedef struct {
    int64_t width, height;
    cppn_plane plane;
    double center;
} sums_job;

static void plane_sums(int32_t isa, const void *job, int64_t first, int64_t count, void *out) {
    const sums_job *s = job;
    cppn_plane plane = s->plane;
    for (int64_t y = 0; y < count; y++) {
        plane.at = s->plane.at + (first + y) * plane.row;
        cppn_plane_sums(isa, s->width, s->height, plane, s->center, (double *)out + 2 * y);
    }
}

/* Stages of all kinds; some columns must be those of the whole. */
static void check_stages(int64_t most_operations) {
    static const int32_t sizes[] = {1, 3, 3, 3, 5, 7, 11};
    stage_job job = {0};
    cppn_stage *s = &job.stage;
    s->kind = one_in(2) ? CPPN_CONVOLUTION : (int32_t)from_to(CPPN_MAX_POOL, CPPN_SUM);
    s->activation = (int32_t)from_to(0, LENGTH(activations) - 1);
    s->size = s->kind == CPPN_SUM ? 1 : sizes[from_to(0, LENGTH(sizes) - 1)];
    s->dilation = one_in(3) ? (int32_t)from_to(1, 9) : 1;
    s->groups = 1;
    s->inputs = s->outputs = random_width(one_in(8) ? 64 : 12);
    if (s->kind == CPPN_CONVOLUTION) {
        s->inputs = random_width(one_in(8) ? 64 : 12);
        if (one_in(3)) {
            s->groups = random_width(8);
            s->inputs = s->groups * random_width(one_in(2) ? 1 : 9);
            s->outputs = s->groups * random_width(one_in(2) ? 1 : 9);
        }
    } else if (s->kind == CPPN_SUM) {
        s->inputs = s->outputs * (int32_t)from_to(1, 3);
    }
    const int64_t columns = (int64_t)s->inputs / s->groups * s->size * s->size;
    const int64_t margin = (int64_t)(s->size - 1) * s->dilation;
    const int64_t work = s->kind == CPPN_CONVOLUTION ? s->outputs * columns : s->inputs * s->size;
    s->width = random_side();
    if (s->width > most_operations / work) s->width = most_operations / work;
    if (s->width > 700) s->width = 700;
    if (s->width < 1) s->width = 1;
    s->height = most_operations / work / s->width;
    if (s->height > 90) s->height = 90;
    if (s->height < 1 || one_in(4)) s->height = 1;

    cppn_plane *planes = memory(s->inputs * (int64_t)sizeof *planes, 0);
    for (int32_t c = 0; c < s->inputs; c++) {
        planes[c].row = s->width + margin + from_to(0, 3);
        const int64_t count = planes[c].row * (s->height + margin - 1) + s->width + margin;
        float *values = floats(count);
        fill(values, count, 1);
        planes[c].at = values;
    }
    s->planes = planes;
    if (s->kind == CPPN_CONVOLUTION) {
        float *weight = floats(s->outputs * columns), *packed = floats(s->outputs * columns);
        fill(weight, s->outputs * columns, columns);
        const int32_t outputs = s->outputs / s->groups;
        for (int32_t g = 0; g < s->groups; g++)
            cppn_pack(outputs, (int32_t)columns, weight + g * outputs * columns,
                      packed + g * outputs * columns);
        s->packed = packed;
    }
    float *terms[5];
    for (int k = 0; k < LENGTH(terms); k++) fill(terms[k] = floats(s->outputs), s->outputs, 1);
    if (one_in(2)) s->bias = terms[0];
    if (one_in(2)) s->mean = terms[1], s->scale = terms[2], s->shift = terms[3];
    if (one_in(4)) s->boost = terms[4];
    job.with_pre = one_in(2);

    const int64_t parts = s->outputs * (1 + job.with_pre), whole = s->width;
    const float *expected = check("cppn_stage_rows", stage_rows, &job, s->height, 4 * parts * whole);
    job.left = from_to(0, whole - 1), s->width = from_to(1, whole - job.left);
    float *some = floats(s->height * parts * s->width);
    stage_rows(CPPN_PORTABLE, &job, 0, s->height, some);
    for (int64_t k = 0; k < s->height * parts; k++)
        if (memcmp(some + k * s->width, expected + k * whole + job.left, (size_t)(4 * s->width)))
            failed("cppn_stage_rows", "portable", "differs for fewer columns");
    const double center = one_in(2) ? 0 : number(0);
    const sums_job sums = {whole, 1, planes[0], center};
    check("cppn_plane_sums", plane_sums, &sums, s->height, 16);
    const sums_job of_all = {whole, s->height, planes[0], center};
    check("cppn_plane_sums", plane_sums, &of_all, 1, 16);
}

/* Steps of image networks */

/* A step on copies of what `out` and `pre` hold, divided for some threads, whole or in ranges of
 * pieces: `found` is out, then pre, then switches. */
static void step(int32_t isa, cppn_step s, int64_t floats_out, const float *before, int pieces,
                 char *found) {
    const uint64_t outside = environment(), during = one_in(3) ? DISTURBED : outside;
    const int kept = blocks_used;
    memcpy(found, before, (size_t)(8 * floats_out));
    s.out = (float *)found;
    if (s.pre) s.pre = s.out + floats_out;
    if (s.kind == CPPN_POOL && s.switches) s.switches = (uint16_t *)(found + 8 * floats_out);
    const int64_t bytes = cppn_divide(&s, (int32_t)from_to(1, pieces ? 9 : 1));
    const int32_t items = s.items;
    set_environment(during);
    for (int32_t some; s.first < items; s.first += some) {
        some = pieces ? (int32_t)from_to(1, items - s.first) : items;
        s.items = some;
        int32_t *shared = memory(8, 4 * from_to(0, 7));
        shared[0] = shared[1] = 0;
        cppn_steps(isa, &s, 1, shared, memory(bytes, from_to(0, 63)));
    }
    const uint64_t after = environment();
    set_environment(outside);
    if (after != during) failed("cppn_steps", isas[isa], "changes the floating-point environment");
    release(kept);
}

static float *filled(int64_t count) {
    float *x = floats(count);
    fill(x, count, 1);
    return x;
}

/* A convolution's taps, weights and sides. */
static void random_convolution(cppn_step *s) {
    s->groups = one_in(3) ? (int32_t)from_to(2, 4) : 1;
    s->inputs = s->groups * (int32_t)from_to(1, one_in(4) ? 60 : 5);
    s->outputs = s->groups * (int32_t)from_to(1, one_in(4) ? 40 : 8);
    s->taps = (int32_t)from_to(0, 9);
    int32_t *tap = memory(8 * (int64_t)s->taps, 0);
    for (int32_t k = 0; k < 2 * s->taps; k++) tap[k] = (int32_t)from_to(-4, 4);
    s->tap = tap;
    s->stride_y = (int32_t)from_to(1, 3), s->stride_x = one_in(2) ? 1 : (int32_t)from_to(1, 3);
    if (one_in(2)) {
        s->stride_y = s->stride_x = 1;
        s->rows = s->rows_in, s->columns = s->columns_in;
    }
    s->rows_out = s->rows, s->columns_out = s->columns;
    if (one_in(3)) {
        s->out_stride_y = (int32_t)from_to(1, 3), s->out_stride_x = (int32_t)from_to(1, 3);
        s->out_y = (int32_t)from_to(0, 2), s->out_x = (int32_t)from_to(0, 2);
        s->rows_out = s->out_y + s->rows * s->out_stride_y;
        s->columns_out = s->out_x + s->columns * s->out_stride_x;
    }
    const int32_t rows = s->outputs / s->groups, columns = s->inputs / s->groups * s->taps;
    const int64_t count = (int64_t)s->outputs * columns;
    float *weight = floats(count), *packed = floats(count);
    fill(weight, count, columns);
    for (int32_t g = 0; g < s->groups; g++)
        cppn_pack(rows, columns, weight + (int64_t)g * rows * columns,
                  packed + (int64_t)g * rows * columns);
    s->weight = packed;
}

static void random_windows(cppn_step *s) {
    s->outputs = s->inputs;
    s->size_y = (int32_t)from_to(1, 4), s->size_x = (int32_t)from_to(1, 4);
    s->stride_y = (int32_t)from_to(1, 3), s->stride_x = (int32_t)from_to(1, 3);
    s->top = (int32_t)from_to(0, s->size_y - 1), s->left = (int32_t)from_to(0, s->size_x - 1);
    const int32_t rows = s->rows_in - 1 + s->top, columns = s->columns_in - 1 + s->left;
    s->rows = 1 + rows / s->stride_y, s->columns = 1 + columns / s->stride_x;
    s->counts = one_in(2), s->bottom = (int32_t)from_to(0, 2), s->right = (int32_t)from_to(0, 2);
    s->rows_out = s->rows, s->columns_out = s->columns;
}

/* From the results of a pool back to its inputs. */
static void turn_windows(cppn_step *s, uint16_t *switches) {
    s->rows_out = s->rows_in, s->columns_out = s->columns_in;
    s->rows_in = s->rows, s->columns_in = s->columns;
    const int64_t count = (int64_t)s->samples * s->outputs * s->rows * s->columns;
    for (int64_t k = 0; k < count; k++)
        switches[k] = (uint16_t)from_to(0, s->size_y * s->size_x - 1);
}

static void check_step(void) {
    cppn_step s = {0};
    s.kind = one_in(2) ? CPPN_CONVOLVE : (int32_t)from_to(0, CPPN_STEPS - 1);
    s.activation = one_in(2) ? 0 : (int32_t)from_to(0, LENGTH(activations) - 1);
    s.slope = one_in(2) ? -1 : (int32_t)from_to(0, LENGTH(activations) - 1);
    s.rule = (int32_t)from_to(CPPN_GRADIENT, CPPN_DECONVNET);
    s.samples = (int32_t)from_to(1, 2), s.groups = 1, s.taps = 1;
    s.inputs = s.outputs = (int32_t)from_to(1, 5);
    s.rows = s.rows_in = s.rows_out = (int32_t)from_to(1, one_in(3) ? 40 : 7);
    s.columns = s.columns_in = s.columns_out = (int32_t)from_to(1, one_in(3) ? 40 : 7);
    s.stride_y = s.stride_x = s.out_stride_y = s.out_stride_x = s.size_y = s.size_x = 1;
    s.adds = one_in(3);
    const int back = s.kind == CPPN_UNPOOL || s.kind == CPPN_MEAN_BACK;
    const int windows = s.kind == CPPN_POOL || s.kind == CPPN_MEAN || back;
    const int dense = s.kind == CPPN_DENSE || s.kind == CPPN_DENSE_BACK;
    if (s.kind == CPPN_CONVOLVE) random_convolution(&s);
    if (windows) random_windows(&s);
    const int64_t most = (int64_t)s.samples * s.outputs * s.rows * s.columns;
    s.switches = memory(2 * most, 0);
    if (back) turn_windows(&s, s.switches);
    if (dense) {
        s.inputs = random_width(600), s.outputs = random_width(600);
        s.rows = s.columns = s.rows_in = s.columns_in = s.rows_out = s.columns_out = 1;
        s.weight = filled((int64_t)s.inputs * s.outputs);
    }
    if (s.kind == CPPN_SCALE) s.weight = filled(s.outputs);
    if (one_in(2)) s.bias = filled(s.outputs);
    s.in_sample = (int64_t)s.inputs * s.rows_in * s.columns_in + from_to(0, 3);
    s.out_sample = (int64_t)s.outputs * s.rows_out * s.columns_out + from_to(0, 3);
    s.other_sample = s.out_sample + from_to(0, 3);
    s.low = -0.5f, s.high = 0.5f;
    s.in = filled(s.samples * s.in_sample), s.other = filled(s.samples * s.other_sample);
    const int64_t out = s.samples * s.out_sample, bytes = 8 * out + 2 * most;
    float *before = filled(2 * out);
    if (one_in(2) && !back) s.pre = before;
    char *expected = memory(bytes, 0), *found = memory(bytes, 0);
    step(CPPN_PORTABLE, s, out, before, 0, expected);
    add_to_hash("cppn_steps", expected, bytes);
    const uint64_t kept = state;
    for (int32_t isa = 0; isa < CPPN_ISAS; isa++)
        for (int pieces = 0; pieces < 2; pieces++) {
            if (!(cppn_isas() >> isa & 1)) continue;
            memset(found, 0xff, (size_t)bytes);
            step(isa, s, out, before, pieces, found);
            if (memcmp(found, expected, (size_t)bytes))
                failed("cppn_steps", isas[isa],
                       pieces ? "differs in pieces" : "differs from portable");
        }
    state = kept;
}

int main(int count, char **arguments) {
    const unsigned long seeds = count > 1 ? strtoul(arguments[1], NULL, 10) : 200;
    const unsigned long first = count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
    verbose = count > 3;
    if (cppn_abi() != CPPN_ABI || cppn_activation("none") != -1) failed("cppn_abi", "any", "differs");
    for (seed = first; seed < first + seeds; seed++) {
        state = seed;
        check_picture(one_in(16) ? 8000000 : 400000);
        check_functions();
        check_derivatives();
        check_training(one_in(16) ? 4000000 : 200000);
        check_stages(one_in(16) ? 4000000 : 200000);
        for (int k = 0; k < 6; k++) check_step();
        release(0);
    }
    for (int32_t isa = 0; isa < CPPN_ISAS; isa++)
        if (cppn_isas() >> isa & 1) {
            if (!(cppn_peak(isa, 1) > 0)) failed("cppn_peak", isas[isa], "counts no operations");
            printf("%s ", isas[isa]);
        }
    printf("%016llx\n", (unsigned long long)hash);
    return 0;
}

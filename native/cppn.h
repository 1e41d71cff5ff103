/* The native library: networks evaluated at pixels in float32, the same bits on every machine.
 *
 * Each function takes the instruction set to use, one of cppn_isa that cppn_isas() reports. All
 * give the same bits: sums have one order, every multiply-add is fused, and no functions of a math
 * library but fma and sqrt, which are exactly rounded, are called. No function allocates memory,
 * keeps state, or starts a thread; all may be called from several threads. Pointers must not
 * overlap. Arrays are C-contiguous.
 *
 * A change of this interface needs another CPPN_ABI, here and in cppn_gl/utils/native.py.
 */
#ifndef CPPN_H
#define CPPN_H

#include <stdint.h>

#define CPPN_ABI 8
#define CPPN_MAX_WIDTH 512 /* units of a layer */

enum cppn_isa { CPPN_PORTABLE, CPPN_AVX2, CPPN_AVX512, CPPN_NEON, CPPN_ISAS };

#if defined(_WIN32)
#define CPPN_EXPORT __declspec(dllexport)
#else
#define CPPN_EXPORT __attribute__((visibility("default")))
#endif

/* A dense layer. Layer 1 of a picture has three columns or more: those of u, v and 1, then those of
 * the curved features. */
typedef struct {
    int32_t rows, columns; /* 1 to CPPN_MAX_WIDTH */
    int32_t activation;    /* a number of cppn_activation() */
    int32_t reserved;
    const float *packed;   /* rows * columns weights, by cppn_pack() */
    const float *bias;     /* (rows,), or NULL for zeros */
} cppn_layer;

/* The kinds of curved features, which are not affine in u and v: r - r0, the distance from the
 * origin minus that of the view's centre; the change sin(a + d) - sin(a) from the centre, where d is
 * proportional to u or to v; and u u, v v and u v. */
enum cppn_kind { CPPN_RADIUS, CPPN_WAVE_X, CPPN_WAVE_Y, CPPN_UU, CPPN_VV, CPPN_UV };

typedef struct {
    int32_t kind;
    float sine, cosine; /* of a, at the centre; of waves only */
    int32_t reserved;
    double half_turns;  /* d/2 where u or v is 1, in turns; below 2^48 */
} cppn_curved;

/* What is drawn: a network over a rectangle of a picture. */
typedef struct {
    int64_t width, height;       /* of the whole picture, in pixels: 1 to 2^31 */
    int64_t left, top;           /* of the rectangle in it */
    int64_t columns, rows;       /* of the rectangle */
    double center[2], extent;    /* of the view; used for r only */
    int32_t curved_count;        /* columns of layer 1 beyond the first three, 0 or more */
    int32_t depth;               /* layers, 1 or more */
    int32_t samples;             /* per pixel, 1 or more; several are clamped and averaged */
    int32_t reserved;
    float alpha_low, alpha_factor; /* alpha is (output 4 - alpha_low) * alpha_factor, clamped */
    const cppn_curved *curved;   /* (curved_count,) */
    const double *jitters;       /* (samples, 2): right and down of the pixel centre, in pixels */
    const cppn_layer *layers;    /* (depth,); the last has 1 row (grey), 3 (RGB) or 4 (alpha) */
} cppn_picture;

/* CPPN_ABI of the library. */
CPPN_EXPORT int32_t cppn_abi(void);

/* The instruction sets that this processor and this library have: bit 1 << isa is set. */
CPPN_EXPORT int32_t cppn_isas(void);

/* The number of an activation by its name; -1 if there is none. */
CPPN_EXPORT int32_t cppn_activation(const char *name);

/* Reorder weights (rows, columns) as the other functions need them. */
CPPN_EXPORT void cppn_pack(int32_t rows, int32_t columns, const float *weight, float *packed);

/* Pixels that are computed together: the best counts are multiples of it. */
CPPN_EXPORT int32_t cppn_tile(void);

/* Bytes of working memory that a call needs for layers of up to `width` rows or columns. */
CPPN_EXPORT int64_t cppn_scratch(int32_t width);

/* Draw pixels first … first + count - 1 of the rectangle, in reading order.
 * values: (count, 3) display values: grey is repeated; magenta (1, 0, 1) where one is not
 * finite, and only there: a finite value of that colour has at least 2^-100 as green.
 * With four outputs (count, 4): the fourth is alpha, which is 1 where one is not finite; several
 * samples are averaged as sums of colour * (alpha + 2^-16) and of alpha, of which the caller makes
 * colours. */
CPPN_EXPORT void cppn_draw(int32_t isa, const cppn_picture *picture, int64_t first, int64_t count,
                           float *values, void *scratch);

/* Display values as 8-bit values: round(255 v), clamped. NaN gives 0. */
CPPN_EXPORT void cppn_quantise(int32_t isa, int64_t count, const float *values, uint8_t *bytes);

/* The same with noise that depends on the pixel: the function `dithered` of
 * cppn_gl/utils/quantising.py. values, bytes: (height, width, channels), of 1 to 4 channels;
 * left, top: the first pixel. */
CPPN_EXPORT void cppn_dither(int32_t isa, int32_t channels, int64_t width, int64_t height,
                             int64_t left, int64_t top, const float *values, uint8_t *bytes);

/* Pre-activations (count, rows) of a layer from units (count, columns). NaN is 0x7fc00000. */
CPPN_EXPORT void cppn_dense(int32_t isa, const cppn_layer *layer, int64_t count, const float *units,
                            float *pre_activations, void *scratch);

/* An activation, or its derivative, of `count` numbers. NaN gives the NaN 0x7fc00000. */
CPPN_EXPORT void cppn_activate(int32_t isa, int32_t activation, int64_t count, const float *x,
                               float *y);
CPPN_EXPORT void cppn_differentiate(int32_t isa, int32_t activation, int64_t count, const float *x,
                                    float *y);

/* The derivatives of a network by two coordinates, in forward mode.
 * jets: (3, count, columns of layer 1): its variables and their derivatives.
 * outputs: (3, count, rows of the last layer): values and their derivatives.
 * hidden: NULL, or the pre-activations of all layers but the last and their derivatives, layer after
 * layer, (3, rows, count) each.
 * scratch: of cppn_scratch(3 * width), for layers of up to `width` rows or columns. */
CPPN_EXPORT void cppn_derivatives(int32_t isa, const cppn_layer *layers, int32_t depth,
                                  int64_t count, const float *jets, float *outputs, float *hidden,
                                  void *scratch);

/* In float64: (count, rows) products of units (count, columns) with weights (rows, columns), of up
 * to CPPN_MAX_WIDTH columns. All NaNs are the same. */
CPPN_EXPORT void cppn_dense64(int32_t isa, int32_t rows, int32_t columns, const double *weight,
                              int64_t count, const double *units, double *products);

/* Losses and optimizers, by the names and formulas of cppn_gl/nn/training/. */
enum cppn_loss { CPPN_CROSS_ENTROPY, CPPN_SQUARED, CPPN_HINGE, CPPN_ABSOLUTE, CPPN_LOSSES };
enum cppn_optimizer {
    CPPN_SGD, CPPN_MOMENTUM, CPPN_NESTEROV, CPPN_RMSPROP, CPPN_ADAM, CPPN_ADAMW, CPPN_OPTIMIZERS
};

#define CPPN_MAX_OUTPUTS 16 /* units of the last layer of a network that is trained */

typedef struct {
    int32_t rows, columns, activation, reserved; /* as those of cppn_layer */
} cppn_shape;

/* Numbers of a step k: the rate r, and what depends on k and r but not on data. */
typedef struct {
    float rate;   /* r */
    float first;  /* adam and adamw: r / (1 - 0.9^(k+1)) */
    float second; /* adam and adamw: 1 / (1 - 0.999^(k+1)) */
    float shrink; /* adamw: 1 - r l2, with which weights are multiplied */
} cppn_rate;

/* The steps of a training. P parameters: layer by layer the weights (rows, columns), then the
 * biases (rows,). A step sees a batch: the loss is the mean over its samples. The sums over a batch
 * are those of cppn_groups() groups of samples, one after the other; all others have the order of
 * units or samples. */
typedef struct {
    int32_t depth, batch; /* 1 or more */
    int32_t loss, optimizer;
    float l1, l2, momentum;
    int32_t fixed;            /* whether biases do not learn */
    const cppn_shape *shapes; /* (depth,); the last has up to CPPN_MAX_OUTPUTS rows */
    const float *inputs;      /* (steps, batch, columns of layer 1) */
    const float *targets;     /* (steps, batch, rows of the last layer) */
    const cppn_rate *rates;   /* (steps, depth) */
    const float *masks;       /* (steps, hidden units), factors of the units; or NULL */
    float *parameters;        /* (P,) */
    float *moments;           /* (0 to 2, P), as many as the optimizer has */
    float *report;            /* (depth + 1,): norms of the gradient of each layer, and the loss */
} cppn_training;

/* The groups of samples of a batch, 1 to 16. */
CPPN_EXPORT int32_t cppn_groups(const cppn_training *training);

/* Bytes of working memory: that of a training, and that of each thread in addition. */
CPPN_EXPORT int64_t cppn_training_memory(const cppn_training *training);
CPPN_EXPORT int64_t cppn_thread_memory(const cppn_training *training);

/* The parts that the work on a group consists of, one after the other. */
CPPN_EXPORT int32_t cppn_parts(const cppn_training *training, int32_t group);

/* Do steps first … first + count - 1. Returns how many were done: fewer if a loss is not finite,
 * with the state before that step. The report is that of the last step done. `memory`: of
 * cppn_training_memory() + cppn_thread_memory() bytes. */
CPPN_EXPORT int64_t cppn_train(int32_t isa, const cppn_training *training, int64_t first,
                               int64_t count, void *memory);

/* The same piece by piece, for several threads. cppn_train_begin() for layer 0, then for the others.
 * For each step: cppn_train_group() for all groups, each with all its parts in order and with one
 * memory of a thread; then, if cppn_train_loss() is finite, cppn_train_update() for all layers. */
CPPN_EXPORT void cppn_train_begin(int32_t isa, const cppn_training *training, int32_t layer,
                                  void *memory);
CPPN_EXPORT void cppn_train_group(int32_t isa, const cppn_training *training, int64_t step,
                                  int32_t group, int32_t first_part, int32_t parts, void *memory,
                                  void *thread_memory);
CPPN_EXPORT float cppn_train_loss(int32_t isa, const cppn_training *training, void *memory);
CPPN_EXPORT void cppn_train_update(int32_t isa, const cppn_training *training, int64_t step,
                                   int32_t layer, void *memory);

/* Of a step k, what makes the rates of all trainings. */
typedef struct {
    double rate;     /* that replaces the rate of each training; or NaN */
    double factor;   /* of the schedule */
    double first;    /* adam and adamw: 1 - 0.9^(k+1) */
    float second;    /* adam and adamw: 1 / (1 - 0.999^(k+1)) */
    int32_t reserved;
} cppn_pace;

/* Trainings of one problem side by side, each the same to the bit as by cppn_train() alone. The rate
 * of step k and layer l is (float)(rate * factor) * layer_rates[l]. A training has ended, without a
 * way back, if its loss or a parameter is not finite; then its parameters mean nothing. */
typedef struct {
    const cppn_training *problem; /* without rates, masks, parameters, moments, momentum, report */
    int64_t count;                /* n */
    double l2;                    /* of adamw */
    const cppn_pace *paces;       /* (steps,) */
    const double *rates;          /* (n,) */
    const double *layer_rates;    /* (depth, n) */
    const float *momentum;        /* (n,) */
    float *parameters;            /* (P, n) */
    float *moments;               /* (0 to 2, P, n) */
    float *losses;                /* (steps, n): of the batch before the step; +inf after the end */
} cppn_many;

/* Bytes of working memory of a call. */
CPPN_EXPORT int64_t cppn_many_memory(const cppn_many *many);

/* Do steps first_step … first_step + steps - 1 of trainings first … first + count - 1. */
CPPN_EXPORT void cppn_train_many(int32_t isa, const cppn_many *many, int64_t first_step,
                                 int64_t steps, int64_t first, int64_t count, void *memory);

/* What a stage of a graph computes, from planes: arrays of numbers by position, one for each
 * channel. The result at row y, column x is made of the inputs in rows y to y + (size - 1) dilation,
 * and columns likewise. The sum of a convolution begins with the bias; its terms follow in the order
 * of input channels, rows and columns. */
enum cppn_stage_kind {
    CPPN_CONVOLUTION,
    CPPN_MAX_POOL,  /* NaN if one is NaN */
    CPPN_MEAN_POOL,
    CPPN_SUM        /* of inputs c, c + outputs, c + 2 outputs, …, for output c; size is 1 */
};

typedef struct {
    const float *at; /* row 0, column 0 */
    int64_t row;     /* the distance of rows, in floats */
} cppn_plane;

/* A stage: its pre-activations are (z - mean) * scale + shift of what it computes, z; its units are
 * activation(pre-activation) * boost. */
typedef struct {
    int32_t kind, activation;
    int32_t inputs, outputs, groups; /* channels; groups of a convolution, else 1 */
    int32_t size, dilation, reserved;
    int64_t width, height;           /* of the result, 0 or more */
    const cppn_plane *planes;        /* (inputs,); these may overlap each other */
    const float *packed;             /* of a convolution: for each group, by cppn_pack(), weights
                                        (outputs / groups, inputs / groups * size * size) */
    const float *bias;               /* (outputs,), or NULL for zeros */
    const float *mean, *scale, *shift; /* (outputs,), or all NULL */
    const float *boost;              /* (outputs,), or NULL */
    float *pre, *units;              /* the results; pre may be NULL */
    int64_t pre_row, pre_plane;      /* the distances of rows and of planes, in floats */
    int64_t units_row, units_plane;
} cppn_stage;

/* Bytes of working memory that a call for a stage needs. */
CPPN_EXPORT int64_t cppn_stage_scratch(const cppn_stage *stage);

/* Compute rows first … first + count - 1 of a stage. NaN is 0x7fc00000. */
CPPN_EXPORT void cppn_stage_rows(int32_t isa, const cppn_stage *stage, int64_t first, int64_t count,
                                 void *scratch);

/* The sums, in float64, of the numbers of a plane less `center`, and of the squares of these. */
CPPN_EXPORT void cppn_plane_sums(int32_t isa, int64_t width, int64_t height, cppn_plane plane,
                                 double center, double *sums);

/* Steps of an image network, forward or backward, over planes (channels, rows, columns) of float32
 * numbers. A sum begins with the bias, or with what `out` holds; the terms of a convolution follow in
 * the order of channels, then of taps. */
enum cppn_step_kind {
    CPPN_CONVOLVE,   /* result (y, x): the sum over channels c of the group and taps t of weight ·
                        in[c](y stride_y + tap[t].y, x stride_x + tap[t].x); outside of the planes
                        is 0. It stands in `out` at (out_y + y out_stride_y, out_x + …). */
    CPPN_DENSE,      /* outputs of all values of the input, in CHAINS partial sums (vision.h) */
    CPPN_DENSE_BACK, /* the transposed product: weight is (inputs, outputs) */
    CPPN_POOL,       /* the largest value of windows; NaN if one is NaN */
    CPPN_UNPOOL,     /* values of `in` to the places of `switches`; planes of `out`: (rows_out,
                        columns_out) */
    CPPN_MEAN,       /* the mean of windows */
    CPPN_MEAN_BACK,  /* values of `in`, divided, to the places of the windows */
    CPPN_SCALE,      /* in · weight[channel] + bias[channel] */
    CPPN_COPY,       /* in */
    CPPN_ADD,        /* in + other */
    CPPN_MULTIPLY,   /* in · other */
    CPPN_CLIP,       /* in, limited to low … high */
    CPPN_CLIP_BACK,  /* in where low < other < high, else 0 */
    CPPN_STEPS
};

/* Rules for gradients at rectifiers: see cppn_gl/nn/vision/running.py. */
enum cppn_rule { CPPN_GRADIENT, CPPN_GUIDED, CPPN_DECONVNET };

/* The results of a step are added to `out`, or stored there; then `pre` gets them; then come an
 * activation, and a factor: the derivative of the activation `slope` at `other`, by a rule. */
typedef struct {
    int32_t kind, activation, slope, rule; /* slope: -1 for no factor */
    int32_t samples, inputs, outputs, groups; /* channels; groups of a convolution, else 1 */
    int32_t rows_in, columns_in;     /* of the planes of `in` */
    int32_t rows, columns;           /* of the results */
    int32_t rows_out, columns_out;   /* of the planes of `out`, `other` and `pre` */
    int32_t stride_y, stride_x, top, left, size_y, size_x; /* windows; top and left: padding */
    int32_t out_y, out_x, out_stride_y, out_stride_x;
    int32_t taps, adds;              /* adds: to what is in `out` */
    int32_t counts, bottom, right;   /* of means: whether padding counts, and how much there is */
    int32_t tile, parts, first, items; /* by cppn_divide(): pieces first … first + items - 1 */
    float low, high;
    int64_t in_sample, out_sample, other_sample; /* the distances of samples, in floats */
    const int32_t *tap;              /* (taps, 2): y, x */
    const float *in, *weight, *bias, *other; /* weights of a convolution: for each group, packed */
    float *out, *pre;                /* pre may be NULL */
    uint16_t *switches;              /* (samples, outputs, rows, columns): the number of the tap of
                                        the first maximum, row by row; of POOL, it may be NULL */
} cppn_step;

/* Divide a step into pieces, for so many threads. Results do not depend on it. Returns the bytes of
 * working memory that a thread needs. */
CPPN_EXPORT int64_t cppn_divide(cppn_step *step, int32_t threads);

/* Do steps, one after the other. Any number of threads may call this at the same time with the same
 * steps and `shared`, (2, count) zeros, and each with its own scratch: they share the pieces of a
 * step, and each returns when all steps are done. */
CPPN_EXPORT void cppn_steps(int32_t isa, const cppn_step *steps, int32_t count, int32_t *shared,
                            void *scratch);

/* Multiply and add in registers, `count` rounds of independent chains: the peak. Returns the number
 * of floating-point operations. */
CPPN_EXPORT double cppn_peak(int32_t isa, int64_t count);

#endif

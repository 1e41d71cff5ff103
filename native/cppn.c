/* The library's functions: they choose the kernel of an instruction set. See cppn.h.
 *
 * CPPN_HAVE_AVX2, _AVX512 and _NEON say which kernels are linked in, besides the portable one.
 */
#include "conv.h"
#include "kernel.h"
#include "many.h"
#include "names.h"
#include "training.h"
#include "vision.h"

#include <stdatomic.h>
#include <string.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <sched.h>
#endif

#if defined(CPPN_HAVE_AVX2)
#define AVX2(kind) &cppn_##kind##avx2
#else
#define AVX2(kind) 0
#endif
#if defined(CPPN_HAVE_AVX512)
#define AVX512(kind) &cppn_##kind##avx512
#else
#define AVX512(kind) 0
#endif
#if defined(CPPN_HAVE_NEON)
#define NEON(kind) &cppn_##kind##neon
#else
#define NEON(kind) 0
#endif

static const cppn_kernel *const kernels[CPPN_ISAS] = {&cppn_portable, AVX2(), AVX512(), NEON()};
static const cppn_trainer *const trainers[CPPN_ISAS] = {
    &cppn_trainer_portable, AVX2(trainer_), AVX512(trainer_), NEON(trainer_)};

static const cppn_crowd *const crowds[CPPN_ISAS] = {&cppn_crowd_portable, AVX2(crowd_),
                                                    AVX512(crowd_), NEON(crowd_)};

static const cppn_grid *const grids[CPPN_ISAS] = {&cppn_grid_portable, AVX2(grid_), AVX512(grid_),
                                                  NEON(grid_)};

static const cppn_vision *const visions[CPPN_ISAS] = {&cppn_vision_portable, AVX2(vision_),
                                                      AVX512(vision_), NEON(vision_)};

int32_t cppn_abi(void) { return CPPN_ABI; }

int32_t cppn_isas(void) {
    int32_t have = 1 << CPPN_PORTABLE;
#if defined(CPPN_HAVE_AVX2)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) have |= 1 << CPPN_AVX2;
#endif
#if defined(CPPN_HAVE_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma"))
        have |= 1 << CPPN_AVX512;
#endif
#if defined(CPPN_HAVE_NEON)
    have |= 1 << CPPN_NEON; /* every 64-bit ARM has it */
#endif
    return have;
}

int32_t cppn_activation(const char *name) {
    static const char *const names[] = {CPPN_ACTIVATIONS(CPPN_NAME)};
    for (int32_t k = 0; k < (int32_t)(sizeof names / sizeof *names); k++)
        if (!strcmp(name, names[k])) return k;
    return -1;
}

void cppn_pack(int32_t rows, int32_t columns, const float *weight, float *packed) {
    for (int32_t g = 0; g < row_groups(rows); g++) {
        const int32_t first = group_start(rows, g), stop = group_start(rows, g + 1);
        for (int32_t c = 0; c < columns; c++)
            for (int32_t r = first; r < stop; r++) *packed++ = weight[(int64_t)r * columns + c];
    }
}

int32_t cppn_tile(void) { return TILE; }

/* Working memory begins at a multiple of ALIGNMENT bytes, so that no vector crosses a cache line. */
#define ALIGNMENT 64

int64_t cppn_scratch(int32_t width) {
    return (int64_t)sizeof(float) * TILE * (2 * (width < 4 ? 4 : width) + 4) + ALIGNMENT;
}

static float *aligned(void *scratch) {
    return (float *)(((uintptr_t)scratch + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
}

void cppn_draw(int32_t isa, const cppn_picture *picture, int64_t first, int64_t count,
               float *values, void *scratch) {
    kernels[isa]->draw(picture, first, count, values, aligned(scratch));
}

void cppn_quantise(int32_t isa, int64_t count, const float *values, uint8_t *bytes) {
    kernels[isa]->quantise(count, values, bytes);
}

void cppn_dither(int32_t isa, int32_t channels, int64_t width, int64_t height, int64_t left,
                 int64_t top, const float *values, uint8_t *bytes) {
    kernels[isa]->dither(channels, width, height, left, top, values, bytes);
}

void cppn_dense(int32_t isa, const cppn_layer *layer, int64_t count, const float *units,
                float *pre_activations, void *scratch) {
    kernels[isa]->dense(layer, count, units, pre_activations, aligned(scratch));
}

void cppn_activate(int32_t isa, int32_t activation, int64_t count, const float *x, float *y) {
    kernels[isa]->activate(activation, count, x, y);
}

void cppn_differentiate(int32_t isa, int32_t activation, int64_t count, const float *x, float *y) {
    kernels[isa]->differentiate(activation, count, x, y);
}

void cppn_derivatives(int32_t isa, const cppn_layer *layers, int32_t depth, int64_t count,
                      const float *jets, float *outputs, float *hidden, void *scratch) {
    kernels[isa]->derivatives(layers, depth, count, jets, outputs, hidden, aligned(scratch));
}

void cppn_dense64(int32_t isa, int32_t rows, int32_t columns, const double *weight, int64_t count,
                  const double *units, double *products) {
    kernels[isa]->dense64(rows, columns, weight, count, units, products);
}

int32_t cppn_groups(const cppn_training *t) { return groups_of(t, place_behind(t).weight); }

/* Of the training: places, copies of weights, and for each group a gradient and losses. */
int64_t cppn_training_memory(const cppn_training *t) {
    const cppn_place behind = place_behind(t);
    const int64_t group = whole(behind.weight) + CPPN_MAX_OUTPUTS;
    return 4 * (behind.forward + groups_of(t, behind.weight) * group) + ALIGNMENT;
}

/* Of a thread: units and slopes of all layers, then targets, outputs and losses. */
int64_t cppn_thread_memory(const cppn_training *t) {
    const cppn_place behind = place_behind(t);
    return 4 * (behind.units + 3 * whole(CHUNK * behind.in + SPARE)) + ALIGNMENT;
}

int32_t cppn_parts(const cppn_training *t, int32_t group) {
    return parts_of(t, cppn_groups(t), group);
}

void cppn_train_begin(int32_t isa, const cppn_training *t, int32_t layer, void *memory) {
    trainers[isa]->begin(t, layer, aligned(memory));
}

void cppn_train_group(int32_t isa, const cppn_training *t, int64_t step, int32_t group,
                      int32_t first_part, int32_t parts, void *memory, void *thread_memory) {
    trainers[isa]->group(t, step, group, first_part, parts, aligned(memory),
                         aligned(thread_memory));
}

float cppn_train_loss(int32_t isa, const cppn_training *t, void *memory) {
    float loss;
    trainers[isa]->loss(t, aligned(memory), &loss);
    return loss;
}

void cppn_train_update(int32_t isa, const cppn_training *t, int64_t step, int32_t layer,
                       void *memory) {
    trainers[isa]->update(t, step, layer, aligned(memory));
}

int64_t cppn_train(int32_t isa, const cppn_training *t, int64_t first, int64_t count,
                   void *memory) {
    char *own = (char *)memory + cppn_training_memory(t);
    return trainers[isa]->train(t, first, count, aligned(memory), aligned(own));
}

int64_t cppn_many_memory(const cppn_many *m) {
    return (int64_t)sizeof(float) * MOST_LANES * rooms_of(m->problem).behind + ALIGNMENT;
}

void cppn_train_many(int32_t isa, const cppn_many *m, int64_t first_step, int64_t steps,
                     int64_t first, int64_t count, void *memory) {
    crowds[isa]->train(m, first_step, steps, first, count, aligned(memory));
}

int64_t cppn_stage_scratch(const cppn_stage *s) {
    const cppn_tiling t = tiling_of(s);
    return (int64_t)sizeof(float) * (t.floats + BUFFER) + ALIGNMENT;
}

void cppn_stage_rows(int32_t isa, const cppn_stage *stage, int64_t first, int64_t count,
                     void *scratch) {
    grids[isa]->stage(stage, first, count, aligned(scratch));
}

void cppn_plane_sums(int32_t isa, int64_t width, int64_t height, cppn_plane plane,
                     double center, double *sums) {
    grids[isa]->sums(width, height, plane, center, sums);
}

int64_t cppn_divide(cppn_step *step, int32_t threads) {
    divide(step, threads);
    return (int64_t)sizeof(float) * floats_of(step) + ALIGNMENT;
}

/* Another thread works on what this one waits for: at most a piece. It may have lost its core. */
static void pause_thread(int32_t round) {
    if (round < 2000) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
        return;
    }
#if defined(_WIN32)
    SwitchToThread();
#else
    sched_yield();
#endif
}

void cppn_steps(int32_t isa, const cppn_step *steps, int32_t count, int32_t *shared,
                void *scratch) {
    _Atomic int32_t *const taken = (_Atomic int32_t *)shared, *const done = taken + count;
    for (int32_t k = 0; k < count; k++) {
        const cppn_step *s = steps + k;
        int32_t piece;
        while ((piece = atomic_fetch_add_explicit(taken + k, 1, memory_order_relaxed)) < s->items) {
            visions[isa]->piece(s, s->first + piece, aligned(scratch));
            atomic_fetch_add_explicit(done + k, 1, memory_order_release);
        }
        for (int32_t round = 0;
             atomic_load_explicit(done + k, memory_order_acquire) < s->items; round++)
            pause_thread(round);
    }
}

double cppn_peak(int32_t isa, int64_t count) { return kernels[isa]->peak(count); }

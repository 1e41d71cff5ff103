// Display values of GROUPS · LANES pixels: the network, its output activation, and magenta where a
// value is not finite.

#include "math.glsl"
#include <activations>
#include "features.glsl"
#include "network.glsl"
#include "color.glsl"

#define LOCATE(g, unused) \
    locate(frame.offset + pixel + ivec2(LANES * (g), 0), u[g], v); \
    CURVE(g, u[g], v, pixel + ivec2(LANES * (g), 0)) \
    broken[g] = REAL(0.0);
#define SHOW(g, unused) \
    NOTE_OUTPUT(g, red[g]) NOTE_OUTPUT(g, green[g]) NOTE_OUTPUT(g, blue[g]) \
    red[g] = OUTPUT_ACTIVATION(red[g]); \
    green[g] = OUTPUT_ACTIVATION(green[g]); \
    blue[g] = OUTPUT_ACTIVATION(blue[g]); \
    SHOW_ALPHA(g) \
    mark_broken(red[g], green[g], blue[g], broken[g]); \
    red[g] = shared_value(red[g]); \
    green[g] = shared_value(green[g]); \
    blue[g] = shared_value(blue[g]); \
    WEIGH(g)
#define NOTE_OUTPUT(g, x) broken[g] += REAL(isnan(x));
#if ALPHA
#define ALPHA_OF(g) alpha[g]
#define SHOW_ALPHA(g) \
    NOTE_OUTPUT(g, alpha[g]) \
    alpha[g] = OUTPUT_ACTIVATION(alpha[g]); \
    finish_alpha(alpha[g], red[g], green[g], blue[g], broken[g]);
#define WEIGH(g) \
    { REAL weight = alpha_weight(alpha[g]); \
      red[g] *= weight; green[g] *= weight; blue[g] *= weight; \
      alpha[g] = shared_value(alpha[g]); }
#else
#define ALPHA_OF(g) REAL(1.0)
#define SHOW_ALPHA(g)
#define WEIGH(g)
#endif

// A sample's contribution to its pixel, clamped if there are several samples.
REAL shared_value(REAL value) {
    return frame.sample_weight * (frame.clamped == 1 ? clamp(value, 0.0, 1.0) : value);
}

void picture(ivec2 pixel, out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {
    REAL u[GROUPS], v, far[GROUPS];
    EACH_GROUP(LOCATE, 0)
    network(u, v, far, red, green, blue);
    EACH_GROUP(SHOW, 0)
}

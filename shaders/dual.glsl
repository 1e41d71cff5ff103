// The network in forward-mode differentiation, on dual numbers: values with derivatives by u and v.
//
// A REAL of the network is here one unit at one pixel: (value, d/du, d/dv, 0). The linear
// operations of network.glsl act on all components alike; constants have no derivatives, and
// activations follow the chain rule. Activations and coordinates are computed in floats before REAL
// is redefined.

#include "math.glsl"
#include <activations>
#include <derivatives>
#include "features.glsl"

#undef REAL
#define REAL vec4
#define CONSTANT(x) vec4(x, 0.0, 0.0, 0.0)

// A function's value and derivative at z.x, as a dual number.
vec4 chained(vec4 z, float value, float derivative) {
    return vec4(value, derivative * z.yzw);
}

DUAL_ACTIVATIONS

#include "network.glsl"

// r - r0 and its derivatives; 0 at the origin, where r is not differentiable.
vec4 radius_dual(float u, float v) {
    vec2 place = frame.center + frame.extent * vec2(u, v);
    vec2 slope = frame.extent * place / max(length(place), 1.0e-30);
    return vec4(radius_change(u, v), slope, 0.0);
}

#if WAVES
vec4 wave_dual(int k, uint place, vec2 axis) {
    float change, slope;
    wave(k, place, change, slope);
    return vec4(change, slope * axis, 0.0);
}
#endif

// The outputs at a pixel; components of `bad` > 0 where a pre-activation was NaN.
void duals(ivec2 pixel, out vec4 red, out vec4 green, out vec4 blue, out vec4 bad) {
    float u, v;
    locate(frame.offset + pixel, u, v);
    vec4 right[1], far[1], r[1], g[1], b[1];
    right[0] = vec4(u, 1.0, 0.0, 0.0);
    CURVE_DUAL(0, u, v, pixel)
    broken[0] = vec4(0.0);
    network(right, vec4(v, 0.0, 1.0, 0.0), far, r, g, b);
    bad = broken[0] + vec4(isnan(r[0])) + vec4(isnan(g[0])) + vec4(isnan(b[0]));
    red = OUTPUT_ACTIVATION(r[0]);
    green = OUTPUT_ACTIVATION(g[0]);
    blue = OUTPUT_ACTIVATION(b[0]);
}

// The output of a compute shader: three planes, or four with alpha, each texel holding one channel
// of four adjacent pixels.

layout(rgba32f, binding = 0) uniform image2D red_plane;
layout(rgba32f, binding = 1) uniform image2D green_plane;
layout(rgba32f, binding = 2) uniform image2D blue_plane;
#if ALPHA
layout(rgba32f, binding = 3) uniform image2D alpha_plane;
#endif

// A sample's contribution to its pixel, clamped if there are several samples.
REAL shared_value(REAL value) {
    return frame.sample_weight * (frame.clamped == 1 ? clamp(value, 0.0, 1.0) : value);
}

void put(ivec2 texel, REAL red, REAL green, REAL blue, REAL alpha) {
    red = shared_value(red);
    green = shared_value(green);
    blue = shared_value(blue);
#if ALPHA
    REAL weight = alpha_weight(alpha);
    red *= weight;
    green *= weight;
    blue *= weight;
    alpha = shared_value(alpha);
    if (frame.clamped == 1) alpha += imageLoad(alpha_plane, texel);
    imageStore(alpha_plane, texel, alpha);
#endif
    if (frame.clamped == 1) { // samples are accumulated
        red += imageLoad(red_plane, texel);
        green += imageLoad(green_plane, texel);
        blue += imageLoad(blue_plane, texel);
    }
    imageStore(red_plane, texel, red);
    imageStore(green_plane, texel, green);
    imageStore(blue_plane, texel, blue);
}

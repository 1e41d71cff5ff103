// Where a compute shader leaves the picture: three planes, a texel of which holds one channel of
// four pixels side by side.

layout(rgba32f, binding = 0) uniform image2D red_plane;
layout(rgba32f, binding = 1) uniform image2D green_plane;
layout(rgba32f, binding = 2) uniform image2D blue_plane;

// One sample's part in a pixel: clamped, where there are others.
REAL shared_value(REAL value) {
    return frame.sample_weight * (frame.clamped == 1 ? clamp(value, 0.0, 1.0) : value);
}

void put(ivec2 texel, REAL red, REAL green, REAL blue) {
    red = shared_value(red);
    green = shared_value(green);
    blue = shared_value(blue);
    if (frame.clamped == 1) { // samples add up
        red += imageLoad(red_plane, texel);
        green += imageLoad(green_plane, texel);
        blue += imageLoad(blue_plane, texel);
    }
    imageStore(red_plane, texel, red);
    imageStore(green_plane, texel, green);
    imageStore(blue_plane, texel, blue);
}

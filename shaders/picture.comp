// The picture by a compute shader. An invocation draws either GROUPS texels of four adjacent
// pixels, so that each weight is read once for all of them, or LANES pixels of a texel, since a GPU
// lacks the registers for more. The planes are those of picture.frag.

#include "picture.glsl"

layout(local_size_x = LOCAL_X, local_size_y = LOCAL_Y) in;
layout(rgba32f, binding = 0) uniform image2D red_plane;
layout(rgba32f, binding = 1) uniform image2D green_plane;
layout(rgba32f, binding = 2) uniform image2D blue_plane;
#if ALPHA
layout(rgba32f, binding = 3) uniform image2D alpha_plane;
#endif
uniform ivec4 part; // of the planes, in texels: left, top, width, height

void put(ivec2 texel, vec4 red, vec4 green, vec4 blue, vec4 alpha) {
    if (any(greaterThanEqual(texel, part.xy + part.zw))) return;
#if ADDITIVE // separate programs: with a branch, a CPU would always load the old value
    red += imageLoad(red_plane, texel);
    green += imageLoad(green_plane, texel);
    blue += imageLoad(blue_plane, texel);
#if ALPHA
    alpha += imageLoad(alpha_plane, texel);
#endif
#endif
    imageStore(red_plane, texel, red);
    imageStore(green_plane, texel, green);
    imageStore(blue_plane, texel, blue);
#if ALPHA
    imageStore(alpha_plane, texel, alpha);
#endif
}

#if LANES == 4
#define PUT(g, unused) put(texel + ivec2(g, 0), red[g], green[g], blue[g], ALPHA_OF(g));
#else
// Only the first of the invocations that share a texel writes it.
shared REAL values[3 + ALPHA][LOCAL_X * LOCAL_Y];

vec4 texel_of(int color) {
    int i = int(gl_LocalInvocationIndex);
#if LANES == 2
    return vec4(values[color][i], values[color][i + 1]);
#else
    return vec4(values[color][i], values[color][i + 1], values[color][i + 2], values[color][i + 3]);
#endif
}
#endif

void main() {
    // Invocations beyond the part evaluate the network too: after an early return, a CPU would
    // execute all following code with a mask.
    ivec2 pixel = ivec2(4, 1) * part.xy
                + ivec2(GROUPS * LANES, 1) * ivec2(gl_GlobalInvocationID.xy);
    ivec2 texel = ivec2(pixel.x / 4, pixel.y);
    REAL red[GROUPS], green[GROUPS], blue[GROUPS];
    picture(pixel, red, green, blue);
#if LANES == 4
    EACH_GROUP(PUT, 0)
#else
    values[0][gl_LocalInvocationIndex] = red[0];
    values[1][gl_LocalInvocationIndex] = green[0];
    values[2][gl_LocalInvocationIndex] = blue[0];
#if ALPHA
    values[3][gl_LocalInvocationIndex] = alpha[0];
#endif
    barrier();
    if (pixel.x % 4 == 0) put(texel, texel_of(0), texel_of(1), texel_of(2), texel_of(2 + ALPHA));
#endif
}

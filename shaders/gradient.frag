// The Frobenius norm of the outputs' derivatives by x and y.

#include "heat.glsl"

uniform sampler2D field[3]; // of derivatives.frag
uniform vec3 channels;      // 1 for outputs that are included
uniform float extent;       // of the view: the derivatives are by local coordinates

vec3 steepness(ivec2 pixel) {
    pixel = min(pixel, textureSize(field[0], 0) - 1);
    mat3x2 slope = mat3x2(texelFetch(field[0], pixel, 0).yz, texelFetch(field[1], pixel, 0).yz,
                          texelFetch(field[2], pixel, 0).yz);
    vec3 right = channels * vec3(slope[0].x, slope[1].x, slope[2].x);
    vec3 up = channels * vec3(slope[0].y, slope[1].y, slope[2].y);
    return color(norm(right, up) / extent);
}

void main() {
    ivec2 at = place(1);
    put(steepness(at), steepness(at + ivec2(1, 0)), steepness(at + ivec2(2, 0)),
        steepness(at + ivec2(3, 0)));
}

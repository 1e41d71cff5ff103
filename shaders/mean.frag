// Downsamples planes N times as large by averaging N×N pixels: N×N samples per pixel.

uniform sampler2D field[3]; // the large planes, four pixels per texel
uniform int samples;        // N

layout(location = 0) out vec4 red;
layout(location = 1) out vec4 green;
layout(location = 2) out vec4 blue;

// The mean of N×N texels, i.e. of four adjacent squares of pixels, each clamped as pixels are.
vec4 mean(sampler2D plane) {
    ivec2 corner = ivec2(gl_FragCoord.xy) * samples;
    vec4 sum = vec4(0.0);
    for (int row = 0; row < samples; ++row)
        for (int column = 0; column < samples; ++column) {
            vec4 four = clamp(texelFetch(plane, corner + ivec2(column, row), 0), 0.0, 1.0);
            ivec4 square = (4 * column + ivec4(0, 1, 2, 3)) / samples;
            for (int lane = 0; lane < 4; ++lane)
                sum[lane] += dot(four, vec4(equal(square, ivec4(lane))));
        }
    return sum / float(samples * samples);
}

void main() {
    red = mean(field[0]);
    green = mean(field[1]);
    blue = mean(field[2]);
}

// Converts a target of RGB pixels, row 0 at the bottom, to planes: four adjacent pixels per texel,
// row 0 on top. Of a target N times as large, the mean of N×N pixels.

uniform sampler2D picture;
uniform int samples; // N
uniform int width;   // of the planes, in pixels
uniform int bottom;  // the row of the planes, plus 1, that has the target's row 0

layout(location = 0) out vec4 red_plane;
layout(location = 1) out vec4 green_plane;
layout(location = 2) out vec4 blue_plane;

vec3 at(int x, int y) {
    ivec2 corner = samples * ivec2(min(x, width - 1), y);
    vec3 sum = vec3(0.0);
    for (int row = 0; row < samples; ++row)
        for (int column = 0; column < samples; ++column)
            sum += texelFetch(picture, corner + ivec2(column, row), 0).rgb;
    return sum / float(samples * samples);
}

void main() {
    int x = 4 * int(gl_FragCoord.x);
    int y = bottom - 1 - int(gl_FragCoord.y);
    vec3 a = at(x, y), b = at(x + 1, y), c = at(x + 2, y), d = at(x + 3, y);
    red_plane = vec4(a.r, b.r, c.r, d.r);
    green_plane = vec4(a.g, b.g, c.g, d.g);
    blue_plane = vec4(a.b, b.b, c.b, d.b);
}

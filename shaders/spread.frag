// Converts a target of RGB pixels, row 0 at the bottom, to planes: four adjacent pixels per texel,
// row 0 on top.

uniform sampler2D picture;

layout(location = 0) out vec4 red_plane;
layout(location = 1) out vec4 green_plane;
layout(location = 2) out vec4 blue_plane;

vec3 at(int x, int y) {
    return texelFetch(picture, ivec2(min(x, textureSize(picture, 0).x - 1), y), 0).rgb;
}

void main() {
    int x = 4 * int(gl_FragCoord.x);
    int y = textureSize(picture, 0).y - 1 - int(gl_FragCoord.y);
    vec3 a = at(x, y), b = at(x + 1, y), c = at(x + 2, y), d = at(x + 3, y);
    red_plane = vec4(a.r, b.r, c.r, d.r);
    green_plane = vec4(a.g, b.g, c.g, d.g);
    blue_plane = vec4(a.b, b.b, c.b, d.b);
}

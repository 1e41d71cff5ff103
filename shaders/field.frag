// Outputs on a square grid as a texture of colours and heights, which can be filtered.
// Where they are not finite, green is -1, which no colour is, and the height is 0.5.
// Texel row 0 is at the bottom: texture coordinates have the directions of u and v.

#include "colored.glsl"

uniform sampler2D red_plane;
uniform sampler2D green_plane;
uniform sampler2D blue_plane;
uniform int side;    // in pixels
uniform vec3 weight; // weights of red, green and blue in the height
uniform vec2 range;  // values mapped to heights 0 and 1

out vec4 field;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.x, side - 1 - int(gl_FragCoord.y));
    ivec2 texel = ivec2(pixel.x >> 2, pixel.y);
    int lane = pixel.x & 3;
    vec3 output_here = vec3(texelFetch(red_plane, texel, 0)[lane],
                            texelFetch(green_plane, texel, 0)[lane],
                            texelFetch(blue_plane, texel, 0)[lane]);
    float height = (dot(weight, output_here) - range.x) / (range.y - range.x);
    field = vec4(clamp(colored(output_here), 0.0, 1.0), clamp(height, 0.0, 1.0));
    if (marked(output_here)) field = vec4(NOT_A_NUMBER.r, -1.0, NOT_A_NUMBER.b, 0.5);
}

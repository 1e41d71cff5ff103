// A height field over the square of a view. Its vertices are every second texel of the field along
// both axes; fragments use all texels.
//
// Box coordinates: x, y in [-1, 1], z in [-relief, relief]. Vertex k is point k % across of row
// k / across, row 0 at y = -1.

uniform sampler2D heights; // in alpha
uniform int side;          // of the field, in texels
uniform float relief;
uniform mat4 matrix;

out vec2 place; // u, v

void main() {
    int across = (side + 1) / 2;
    ivec2 texel = 2 * ivec2(gl_VertexID % across, gl_VertexID / across);
    place = 2.0 * vec2(texel) / float(side - 1) - 1.0;
    float height = texelFetch(heights, texel, 0).a;
    gl_Position = matrix * vec4(place, relief * (2.0 * height - 1.0), 1.0);
}

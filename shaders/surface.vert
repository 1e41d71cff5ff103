// A height field over the square of a view. Vertex k is texel k % side of row k / side, row 0 at
// y = -1.
//
// Box coordinates: x, y in [-1, 1], z in [-relief, relief].

uniform sampler2D heights; // in alpha
uniform int side;          // of the field, in texels
uniform float relief;
uniform mat4 matrix;

out vec2 spot;           // u, v
centroid out vec2 place; // the same, within the triangle also at its edge

void main() {
    ivec2 texel = ivec2(gl_VertexID % side, gl_VertexID / side);
    place = 2.0 * vec2(texel) / float(side - 1) - 1.0;
    spot = place;
    float height = texelFetch(heights, texel, 0).a;
    gl_Position = matrix * vec4(place, relief * (2.0 * height - 1.0), 1.0);
}

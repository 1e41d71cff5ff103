// A sheet of side × side points over the square of a view, lifted by the heights of a field.
//
// The box's coordinates: x, y from -1 to 1, z from -relief to relief. Vertex k is column k % side of
// row k / side, row 0 at y = -1. Normals come from the slopes between a point's neighbours.

uniform sampler2D heights; // in alpha
uniform int side;
uniform float relief;
uniform mat4 matrix;

out vec2 place;  // u, v
out float height; // 0 to 1
out vec3 normal;

float at(ivec2 texel) { return texelFetch(heights, texel, 0).a; }

// The rise from one neighbour to the other, for a step of 1 in u or v.
float slope(ivec2 texel, ivec2 along) {
    ivec2 low = max(texel - along, ivec2(0)), high = min(texel + along, ivec2(side - 1));
    float steps = float(high.x - low.x + high.y - low.y);
    return (at(high) - at(low)) / steps * 0.5 * float(side - 1);
}

void main() {
    ivec2 texel = ivec2(gl_VertexID % side, gl_VertexID / side);
    place = 2.0 * vec2(texel) / float(side - 1) - 1.0;
    height = at(texel);
    normal = vec3(-2.0 * relief * slope(texel, ivec2(1, 0)),
                  -2.0 * relief * slope(texel, ivec2(0, 1)), 1.0);
    gl_Position = matrix * vec4(place, relief * (2.0 * height - 1.0), 1.0);
}

// The floor and the four walls of the box: two triangles each, whose front side is the inner one.

uniform float relief;
uniform mat4 matrix;

out vec3 at;        // in the box's coordinates, [-1, 1]
flat out int upright; // the axis that the face is perpendicular to

void main() {
    int face = gl_VertexID / 6, corner = gl_VertexID % 6;
    int k = corner < 3 ? corner : corner == 3 ? 2 : corner == 4 ? 1 : 3;
    vec2 p = vec2((k & 1) == 1 ? 1.0 : -1.0, k >= 2 ? 1.0 : -1.0);
    if (face == 0) { at = vec3(p, -1.0); upright = 2; }
    else if (face == 1) { at = vec3(-1.0, p); upright = 0; }
    else if (face == 2) { at = vec3(1.0, p.yx); upright = 0; }
    else if (face == 3) { at = vec3(p.x, 1.0, p.y).xyz; upright = 1; }
    else { at = vec3(-p.x, -1.0, p.y); upright = 1; }
    gl_Position = matrix * vec4(at.xy, at.z * relief, 1.0);
    gl_Position.z += 1e-4 * gl_Position.w; // behind a surface that lies on it
}

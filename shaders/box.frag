// The inner faces of the box that face the eye: pale panes with a grid.

uniform vec3 pane;
uniform vec3 rule;
uniform float stroke; // half the width of a line, in pixels

in vec3 at;
flat in int upright;
out vec4 color;

void main() {
    vec2 across = upright == 0 ? at.yz : upright == 1 ? at.xz : at.xy;
    vec2 cell = (across + 1.0) * 2.0;
    vec2 away = abs(fract(cell + 0.5) - 0.5) / max(fwidth(cell), vec2(1e-6));
    if (!gl_FrontFacing) discard;
    vec2 line = clamp(stroke + 0.5 - away, 0.0, 1.0);
    color = vec4(mix(pane, rule, max(line.x, line.y)), 1.0);
}

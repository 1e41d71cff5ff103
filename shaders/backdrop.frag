// The background of surfaces.

#include "backdrop.glsl"

out vec4 color;

void main() { color = vec4(backdrop(0.03), 1.0); }

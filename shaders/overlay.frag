// A text panel over the picture, unscaled. The viewport is the panel's rectangle.

uniform sampler2D panel;
uniform ivec2 corner; // the panel's lower left corner in the window
uniform int height;   // of the panel; its row 0 is on top
uniform float alpha;

out vec4 color;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy) - corner;
    color = texelFetch(panel, ivec2(pixel.x, height - 1 - pixel.y), 0);
    color.a *= alpha;
}

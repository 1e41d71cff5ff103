// A lit surface, coloured by its height or by a picture, with contour lines.

#include "shading.glsl"

uniform sampler2D heights; // in alpha
uniform sampler2D slopes;  // of the heights, along u and v
uniform sampler2D colors;
uniform sampler2D palette; // one row, for heights
uniform int side;      // of the fields, in texels
uniform float relief;
uniform bool painted;  // by the picture, not by the height
uniform int contours;  // number of bands between lines, from height 0 to 1
uniform float stroke;  // half the width of a line, in pixels
uniform float lit;     // 1: shaded in 3D; 0: a flat map
uniform vec3 light;    // direction to the light, in the box's coordinates
uniform vec3 towards;  // direction to the eye

centroid in vec2 place;
out vec4 color;

const float WIDEST = 0.02; // u and v per pixel beyond which lines at the border grow no wider

// Texture coordinates of u, v: -1 and 1 are the centres of the first and last texels.
vec2 in_field(vec2 uv) { return (0.5 + (0.5 + 0.5 * uv) * float(side - 1)) / float(side); }

vec3 by_height(float height) {
    float last = float(textureSize(palette, 0).x - 1);
    float place = 0.05 + 0.9 * height; // the palette's ends are too dark or too bright for shading
    return texture(palette, vec2((place * last + 0.5) / (last + 1.0), 0.5)).rgb;
}

// The coverage of a pixel by a line at distance `away`, in units that change by `rate` per pixel.
float covered(float away, float rate) {
    return clamp(stroke + 0.5 - away / max(rate, 1e-6), 0.0, 1.0);
}

void main() {
    float height = texture(heights, in_field(place)).a;
    float level = height * float(contours);
    float rate = fwidth(level);
    vec2 edge = (1.0 - abs(place)) / clamp(fwidth(place), 1e-6, WIDEST);
    float ink = covered(min(edge.x, edge.y), 1.0);

    vec3 base = texture(colors, in_field(place)).rgb;
    bool broken = base.g < -0.5; // see field.frag
    base = painted || broken ? max(base, 0.0) : by_height(height);

    // Not at heights 0 and 1, where outputs saturate, nor where lines would merge into grey.
    float nearest = clamp(floor(level + 0.5), 1.0, float(contours) - 1.0);
    float line = contours > 1 ? covered(abs(level - nearest), rate) : 0.0;
    line *= step(1e-5, rate) * (1.0 - smoothstep(0.2, 0.45, rate));
    float light_here = dot(base, vec3(0.3, 0.6, 0.1));
    vec3 pen = mix(base + 0.35, base * 0.35, smoothstep(0.18, 0.4, light_here));
    base = mix(base, pen, 0.6 * line);
    base = mix(base, vec3(0.12, 0.13, 0.16), 0.75 * ink * lit);

    vec3 n = normalize(vec3(-2.0 * relief * texture(slopes, in_field(place)).rg, 1.0));
    n = gl_FrontFacing ? n : -n;
    vec3 shaded = shade(base, n, light, towards);
    color = vec4(mix(base, gl_FrontFacing ? shaded : 0.8 * shaded, lit), 1.0);
}

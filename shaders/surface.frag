// A lit surface, coloured by its height or by a picture, with contour lines.

#include "shading.glsl"

uniform sampler2D heights; // in alpha
uniform sampler2D slopes;  // of the heights, along u and v
uniform sampler2D colors;
uniform sampler2D palettes; // a row each, for heights
uniform int tint;      // the row
uniform int side;      // of the fields, in texels
uniform float relief;
uniform bool painted;  // by the picture, not by the height
uniform int contours;  // number of bands between lines, from height 0 to 1
uniform float cut;     // half the width of a line where u is 0, in pixels; 0 for none
uniform vec3 cut_ink;
uniform float stroke;  // half the width of a line, in pixels
uniform float lit;     // 1: shaded in 3D; 0: a flat map
uniform vec3 light;    // direction to the light, in the box's coordinates
uniform vec3 towards;  // direction to the eye

in vec2 spot;           // u, v: for lines, which are smooth across triangles
centroid in vec2 place; // within the triangle: for textures
out vec4 color;

const float WIDEST = 0.02; // u and v per pixel beyond which lines at the border grow no wider
const float DARK = 0.37;   // lightness of ground below which contour lines are light
const float PEN = 0.3;     // least difference of a line's lightness to its ground's

// Texture coordinates of u, v: -1 and 1 are the centres of the first and last texels.
vec2 in_field(vec2 uv) { return (0.5 + (0.5 + 0.5 * uv) * float(side - 1)) / float(side); }

vec3 by_height(float height) {
    vec2 size = vec2(textureSize(palettes, 0));
    float place = 0.05 + 0.9 * height; // the palette's ends are too dark or too bright for shading
    vec2 texel = vec2(place * (size.x - 1.0) + 0.5, float(tint) + 0.5);
    return texture(palettes, texel / size).rgb;
}

// The coverage of a pixel by a line at distance `away`, in units that change by `rate` per pixel.
float covered(float away, float rate) {
    return clamp(stroke + 0.5 - away / max(rate, 1e-6), 0.0, 1.0);
}

// A colour with a contour line on it: lighter on dark ground, darker on light ground, and never less
// than PEN away from it. One side is taken for the whole width of a line: that of the ground where
// the level is the line's.
vec3 lined(vec3 base, float level, float nearest, float line) {
    float light_here = dot(base, vec3(0.3, 0.6, 0.1));
    vec2 rise = vec2(dFdx(level), dFdy(level)), gain = vec2(dFdx(light_here), dFdy(light_here));
    float below = light_here + (nearest - level) * dot(rise, gain) / max(dot(rise, rise), 1e-12);
    if (below < DARK) return base + PEN * line;
    return base * (1.0 - line * min(1.0, max(0.4, PEN / max(light_here, 1e-3))));
}

void main() {
    float height = texture(heights, in_field(place)).a;
    float level = height * float(contours);
    float rate = fwidth(level);
    vec2 rates = clamp(fwidth(spot), 1e-6, WIDEST), edge = (1.0 - abs(spot)) / rates;
    float ink = covered(min(edge.x, edge.y), 1.0);

    vec3 base = texture(colors, in_field(place)).rgb;
    bool broken = base.g < -0.5; // see field.frag
    base = painted || broken ? max(base, 0.0) : by_height(height);

    // Not at heights 0 and 1, where outputs saturate, nor where lines would merge into grey.
    float nearest = clamp(floor(level + 0.5), 1.0, float(contours) - 1.0);
    float line = contours > 1 ? covered(abs(level - nearest), rate) : 0.0;
    line *= step(1e-5, rate) * (1.0 - smoothstep(0.2, 0.45, rate));
    base = lined(base, level, nearest, line);
    float cut_here = clamp(cut + 0.5 - abs(spot.x) / rates.x, 0.0, 1.0);
    if (cut > 0.0) base = mix(base, cut_ink, cut_here);
    base = mix(base, vec3(0.12, 0.13, 0.16), 0.75 * ink * lit);

    vec3 n = normalize(vec3(-2.0 * relief * texture(slopes, in_field(place)).rg, 1.0));
    n = gl_FrontFacing ? n : -n;
    vec3 shaded = shade(base, n, light, towards);
    color = vec4(mix(base, gl_FrontFacing ? shaded : 0.8 * shaded, lit), 1.0);
}

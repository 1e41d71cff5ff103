// Maps values in [0, 1] to colours: the counterpart of color.py. A palette is a row of a texture;
// each formula is that of a row of MAPPINGS. The generated macro FORMULAS selects one.

uniform int mapping;       // index in MAPPINGS
uniform int palette;       // row of the palettes; -1 for none
uniform vec3 box_low;      // the formula's input for 0
uniform vec3 box_size;     // the formula's input for 1, minus box_low
uniform sampler2D palettes;

const mat3 ROOTS = mat3(1.0, 1.0, 1.0, // columns: of L, a, b
                        0.3963377774, -0.1055613458, -0.0894841775,
                        0.2158037573, -0.0638541728, -1.2914855480);
const mat3 LINEAR = mat3(4.0767416621, -1.2684380046, -0.0041960863,
                         -3.3077115913, 2.6097574011, -0.7034186147,
                         0.2309699292, -0.3413193965, 1.7076147010);
const mat3 XYZ = mat3(3.2404542, -0.9692660, 0.0556434,
                      -1.5371385, 1.8760108, -0.2040259,
                      -0.4985314, 0.0415560, 1.0572252);
const vec3 WHITE = vec3(0.95047, 1.0, 1.08883);

vec3 encoded(vec3 linear) {
    vec3 inside = clamp(linear, 0.0, 1.0);
    vec3 curve = 1.055 * pow(max(inside, 1e-6), vec3(1.0 / 2.4)) - 0.055;
    return mix(curve, 12.92 * inside, lessThanEqual(inside, vec3(0.0031308)));
}

vec3 mapping_hsv(vec3 of) {
    vec3 tent = clamp(abs(fract(of.x + vec3(1.0, 2.0 / 3.0, 1.0 / 3.0)) * 6.0 - 3.0) - 1.0, 0.0, 1.0);
    return of.z * (1.0 - of.y * (1.0 - tent));
}

vec3 mapping_lab(vec3 of) {
    float y = (of.x + 16.0) / 116.0;
    vec3 f = vec3(y + of.y / 500.0, y, y - of.z / 200.0);
    vec3 low = (f - 4.0 / 29.0) * (108.0 / 841.0);
    return encoded(XYZ * (WHITE * mix(low, f * f * f, greaterThan(f, vec3(6.0 / 29.0)))));
}

vec3 mapping_oklch(vec3 of) {
    float angle = 6.28318531 * of.z;
    vec3 roots = ROOTS * vec3(of.x, of.y * cos(angle), of.y * sin(angle));
    return encoded(LINEAR * (roots * roots * roots));
}

vec3 looked_up(float value) {
    int last = textureSize(palettes, 0).x - 1;
    float place = value * float(last);
    int below = min(int(place), last - 1);
    vec3 low = texelFetch(palettes, ivec2(below, palette), 0).rgb;
    vec3 high = texelFetch(palettes, ivec2(below + 1, palette), 0).rgb;
    return mix(low, high, place - float(below));
}

vec3 mapped(vec3 value) {
    if (palette >= 0) return looked_up(value.x);
    vec3 of = box_low + value * box_size;
    FORMULAS
    return of;
}

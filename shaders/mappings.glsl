// Maps values in [0, 1] to colours: the counterpart of color.py. A palette is a texture of one row;
// each formula is that of a row of MAPPINGS. The generated macro FORMULAS selects one.

uniform int mapping;       // index in MAPPINGS
uniform bool through;      // a palette
uniform vec3 box_low;      // the formula's input for 0
uniform vec3 box_size;     // the formula's input for 1, minus box_low
uniform sampler2D palette;
#ifdef FLAT // a program of its own: software renderers execute both sides of a branch
uniform int levels;        // number of flat steps; 0 for none
uniform vec3 inks[16];     // the flat colours of a palette; or paper and three plates
#endif

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

#ifdef FLAT
// Each output prints an ink over those before; one of a lighter ink than the paper shows none there.
vec3 mapping_plates(vec3 of) {
    vec3 shown = inks[0];
    for (int k = 0; k < 3; ++k)
        shown *= 1.0 - of[k] * (1.0 - min(inks[k + 1] / max(inks[0], 1.0 / 255.0), 1.0));
    return shown;
}
#endif

vec3 looked_up(float value) {
    int last = textureSize(palette, 0).x - 1;
    float place = value * float(last);
    int below = min(int(place), last - 1);
    vec3 low = texelFetch(palette, ivec2(below, 0), 0).rgb;
    vec3 high = texelFetch(palette, ivec2(below + 1, 0), 0).rgb;
    return mix(low, high, place - float(below));
}

vec3 mapped(vec3 value) {
    if (through) return looked_up(value.x);
    vec3 of = box_low + value * box_size;
    FORMULAS
    return of;
}

#ifdef FLAT
// In steps, if there are levels. An edge covers the part of a value's reach that lies above it.
vec3 stepped(vec3 place, vec3 reach) {
    vec3 level = vec3(0.0), shown = inks[0];
    for (int k = 1; k < levels; ++k) {
        vec3 cover = clamp((place - float(k) / float(levels)) / reach + 0.5, 0.0, 1.0);
        level += cover;
        shown += cover.x * (inks[k] - inks[k - 1]);
    }
    if (levels > 0 && through) return shown;
    return mapped(levels > 0 ? level / float(levels - 1) : clamp(place, 0.0, 1.0));
}
#else
vec3 stepped(vec3 place, vec3 reach) { return mapped(clamp(place, 0.0, 1.0)); }
#endif

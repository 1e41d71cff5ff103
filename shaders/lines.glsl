// Contour lines over a picture: the counterpart of color.py's _lined(). Needs output_at(), `last`
// and sample_weight.

#if LINES
uniform float apart;  // values between two lines
uniform float stroke; // unit of the lines' widths, in pixels
uniform vec2 ends;    // of the outputs, in lines: there are none there

const float LINE = 0.55, OUTLINE = 1.35, PEN = 0.30, DARK_GROUND = 0.32, SPARSE = 0.22, DENSE = 0.4;
const vec3 INK = vec3(0.045, 0.05, 0.08);

// The mean of the outputs at a pixel, in lines.
float level_at(ivec2 pixel) {
    vec3 third = output_at(pixel) / 3.0;
    return (third.x + third.y + third.z) / apart;
}

// The change of the level per pixel, between the neighbours that there are.
float rise(ivec2 at, ivec2 one) {
    ivec2 after = min(at + one, last), before = max(at - one, ivec2(0));
    ivec2 span = after - before;
    return (level_at(after) - level_at(before)) / float(max(span.x + span.y, 1));
}

vec3 lined(vec3 shown, vec3 value, ivec2 at) {
    float level = level_at(at), sample_side = sqrt(sample_weight);
    float across = rise(at, ivec2(1, 0)), down = rise(at, ivec2(0, 1));
    float rate = max(sqrt(across * across + down * down), 1e-12);
    float nearest = floor(level + 0.5);
    bool inside = nearest > ends.x + 0.01 && nearest < ends.y - 0.01 && rate > 1e-6 * sample_side;
    bool strong = nearest == 0.0;
    float away = abs(level - nearest) / rate; // in pixels
    float half_width = stroke * (strong ? OUTLINE : LINE), reach = 0.5 * sample_side;
    float line = min(away + reach, half_width) - max(away - reach, -half_width);
    line = inside ? clamp(line / sample_side, 0.0, 1.0) : 0.0;
    if (!strong) line *= 1.0 - smoothstep(SPARSE, DENSE, rate * stroke);
    bool dark = dot(shown, vec3(0.3, 0.6, 0.1)) < DARK_GROUND;
    vec3 pen = dark ? shown + PEN : shown * (1.0 - 1.6 * PEN);
    return mix(shown, strong ? INK : pen, line);
}
#endif

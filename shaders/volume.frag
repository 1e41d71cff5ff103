// Ray marching, front to back, through a volume in a box, with the plane of the moving slice.
//
// The texture holds shaded colours, and the value in alpha. By the Beer-Lambert law the
// transmittance of a length l of density d is exp(-d l).

#include "rays.glsl"

uniform sampler3D volume;
uniform sampler2D slice_picture;
uniform int slice_side;   // side of its picture, in texels
uniform float opacity;    // density at the highest value, per unit of length
uniform float threshold;
uniform float stride;     // approximate length of a step
uniform bool sliced;
uniform vec3 light;       // direction to the light, in the box's coordinates

out vec4 color;

float left = 1.0; // transmittance of what the ray has passed
vec3 seen = vec3(0.0);

const float RIM = 0.5;   // strength of the line round the slice
const float SKIN = 0.25; // depth to which the lighting of a clipping face is visible

float density(float much) {
    return opacity * max((much - threshold) / max(1.0 - threshold, 1e-3), 0.0);
}

// The lighting of the clipping face through which a ray enters.
float cut_light(vec3 p, vec3 way) {
    vec3 faces = mix(clip_low, clip_high, vec3(lessThan(way, vec3(0.0))));
    vec3 away = abs(p - faces);
    float least = min(min(away.x, away.y), away.z);
    vec3 normal = -sign(way) * vec3(lessThanEqual(away, vec3(least)));
    float most = max(max(abs(light.x), abs(light.y)), abs(light.z));
    return 0.7 + 0.3 * clamp(dot(normal, light) / most, 0.0, 1.0);
}

// The volume along a part of a ray, `from` to `to`, in front of what is added later.
void march(vec3 start, vec3 way, float from, float to, float cut, float entry) {
    float path = to - from;
    if (path <= 0.0 || left <= 0.0) return;
    int steps = max(1, int(ceil(path / stride)));
    float along = path / float(steps);
    vec3 p = 0.5 + 0.5 * (start + (from + 0.5 * along) * way), on = 0.5 * along * way;
    float deep = from - entry + 0.5 * along;
    for (int k = 0; k < steps; k++) {
        vec4 value = texture(volume, p);
        p += on;
        float thick = density(value.a);
        if (thick <= 0.0) continue;
        float through = exp(-thick * along);
        float light_here = mix(cut, 1.0, min((deep + float(k) * along) / SKIN, 1.0));
        seen += left * (1.0 - through) * value.rgb * light_here;
        left *= through;
        if (left < 0.004) { left = 0.0; break; }
    }
}

void main() {
    vec2 at = (2.0 * gl_FragCoord.xy / vec2(target_size) - 1.0 - shift) * half_size;
    vec3 start = at.x * right + at.y * up;
    vec3 way = normalize(start - eye);
    way += vec3(lessThan(abs(way), vec3(1e-7))) * 1e-7;
    vec3 inverse = 1.0 / way;
    float first = -distance(start, eye); // the eye's position on the ray

    vec2 whole = within(start, inverse, vec3(-1.0), vec3(1.0));
    vec3 behind = backdrop(0.1);
    if (whole.x >= whole.y || whole.y <= first) {
        color = vec4(behind, 1.0);
        return;
    }
    // The moving slice, hit at `plane`. `margin`: pixels from its border, inwards.
    float plane = (slice_at - start.z) * inverse.z, margin = -1.0;
    if (sliced && plane > first) margin = border(start);
    float cover = clamp(0.5 + margin, 0.0, 1.0);

    vec2 part = within(start, inverse, clip_low, clip_high);
    part.x = max(part.x, first);
    float cut = cut_light(start + part.x * way, way);
    float middle = cover > 0.0 ? clamp(plane, part.x, max(part.x, part.y)) : part.y;
    march(start, way, part.x, middle, cut, part.x);
    if (cover > 0.0) {
        vec2 met = clamp(start.xy + plane * way.xy, clip_low.xy, clip_high.xy);
        vec2 where = (0.5 + (0.5 + 0.5 * met) * float(slice_side - 1)) / float(slice_side);
        vec3 picture_here = texture(slice_picture, where).rgb;
        float rim = clamp(stroke + 0.5 - abs(margin - stroke), 0.0, 1.0);
        seen += left * cover * mix(picture_here, vec3(0.92, 0.95, 1.0), RIM * rim);
        left *= 1.0 - cover;
        march(start, way, middle, part.y, cut, part.x);
    }
    const vec3 line = vec3(0.62, 0.68, 0.76);
    if (left > 0.0) behind = mix(behind, line, 0.5 * edged(start, start + whole.y * way));
    color = vec4(clamp(seen, 0.0, 1.0) + left * behind, 1.0);
}

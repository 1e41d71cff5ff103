// A volume in a box, marched through from front to back; the plane of the moving slice in it.
//
// The texture holds colours as they are lit, and in alpha how much is there. A ray runs from the plane
// through the box's middle that faces the eye, so that nothing is lost where the eye is far away.
// Light is absorbed by Beer and Lambert: what is left after a length l of density d is exp(-d l).

#include "backdrop.glsl"

uniform sampler3D volume;
uniform sampler2D slice_picture;
uniform int slice_side;   // of its picture, in texels
uniform vec2 half_size;      // half the target, in half sides of the box
uniform vec3 right;       // directions, in the box's coordinates
uniform vec3 up;
uniform vec3 eye;
uniform vec3 clip_low;    // what is kept
uniform vec3 clip_high;
uniform float opacity;    // for a length of 1, where a value is highest
uniform float threshold;
uniform float stride;     // length of a step, about
uniform bool sliced;
uniform float slice_at;   // z of the slice, -1 to 1
uniform float stroke;     // half the width of the box's lines, in pixels
uniform float pixel;      // of the target, in half sides of the box, at its middle
uniform vec3 light;       // towards it, in the box's coordinates

out vec4 color;

const float SKIN = 0.25; // how deep the light of a cut is seen

// Where a ray is within a box: from x to y.
vec2 within(vec3 start, vec3 inverse, vec3 lowest, vec3 highest) {
    vec3 a = (lowest - start) * inverse, b = (highest - start) * inverse;
    vec3 near = min(a, b), far = max(a, b);
    return vec2(max(max(near.x, near.y), near.z), min(min(far.x, far.y), far.z));
}

// How much of a pixel the box's far edges cover, at a point of its surface. (Those in front of all
// else are drawn over the picture.)
float edged(vec3 p) {
    vec3 a = abs(p);
    float second = a.x + a.y + a.z - max(max(a.x, a.y), a.z) - min(min(a.x, a.y), a.z);
    return clamp(stroke + 0.5 - (1.0 - second) / pixel, 0.0, 1.0);
}

float density(float much) {
    return opacity * max((much - threshold) / max(1.0 - threshold, 1e-3), 0.0);
}

// How much light a cut through the volume gets, on the side where a ray comes in.
float cut_light(vec3 p, vec3 way) {
    vec3 faces = mix(clip_low, clip_high, vec3(lessThan(way, vec3(0.0))));
    vec3 away = abs(p - faces);
    float least = min(min(away.x, away.y), away.z);
    vec3 normal = -sign(way) * vec3(lessThanEqual(away, vec3(least)));
    float most = max(max(abs(light.x), abs(light.y)), abs(light.z));
    return 0.7 + 0.3 * clamp(dot(normal, light) / most, 0.0, 1.0);
}

void main() {
    vec2 at = (2.0 * gl_FragCoord.xy / vec2(target_size) - 1.0) * half_size;
    vec3 start = at.x * right + at.y * up;
    vec3 way = normalize(start - eye);
    way += vec3(lessThan(abs(way), vec3(1e-7))) * 1e-7;
    vec3 inverse = 1.0 / way;
    float first = -distance(start, eye); // where the eye is

    // The moving slice, met at `plane`; its border is smooth.
    float plane = (slice_at - start.z) * inverse.z;
    vec2 met = start.xy + plane * way.xy;
    vec2 inside = min(met - clip_low.xy, clip_high.xy - met);
    float margin = min(inside.x, inside.y);
    float cover = clamp(0.5 + margin / max(fwidth(margin), 1e-6), 0.0, 1.0);
    bool kept = sliced && plane > first && slice_at >= clip_low.z && slice_at <= clip_high.z;
    if (!kept) cover = 0.0;

    vec2 whole = within(start, inverse, vec3(-1.0), vec3(1.0));
    vec3 behind = backdrop(0.1);
    const vec3 line = vec3(0.62, 0.68, 0.76);
    if (whole.x >= whole.y || whole.y <= first) {
        color = vec4(behind, 1.0);
        return;
    }
    behind = mix(behind, line, 0.5 * edged(start + whole.y * way));

    vec2 part = within(start, inverse, clip_low, clip_high);
    part.x = max(part.x, first);
    if (cover > 0.0) {
        vec2 where = (0.5 + (0.5 + 0.5 * met) * float(slice_side - 1)) / float(slice_side);
        behind = mix(behind, texture(slice_picture, where).rgb, cover);
        if (cover > 0.5) part.y = min(part.y, plane);
    }

    float left = 1.0; // of the light from behind
    vec3 seen = vec3(0.0);
    float path = part.y - part.x;
    if (path > 0.0) {
        int steps = max(1, int(ceil(path / stride)));
        float along = path / float(steps);
        vec3 p = 0.5 + 0.5 * (start + (part.x + 0.5 * along) * way);
        vec3 on = 0.5 * along * way;
        float cut = cut_light(start + part.x * way, way);
        for (int k = 0; k < steps; k++) {
            vec4 value = texture(volume, p);
            p += on;
            float thick = density(value.a);
            if (thick <= 0.0) continue;
            float through = exp(-thick * along);
            seen += left * (1.0 - through) * value.rgb
                  * mix(cut, 1.0, min((float(k) + 0.5) * along / SKIN, 1.0));
            left *= through;
            if (left < 0.004) { left = 0.0; break; }
        }
    }
    color = vec4(clamp(seen, 0.0, 1.0) + left * behind, 1.0);
}

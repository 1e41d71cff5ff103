// The steps of an image network that are no convolutions, forward and back: a number per invocation.

#include "vision.glsl"

layout(local_size_x = 64) in;

int plane_in = S(rows_in) * S(columns_in);

// The results whose windows contain a place of an input: from, and before.
ivec2 windows(int place, int before, int size, int stride, int count) {
    int last = place + before;
    return ivec2(last < size ? 0 : (last - size) / stride + 1, min(last / stride + 1, count));
}

// How many values a mean divides by; `first`: of its window.
float divisor(ivec2 first, ivec2 sides) {
    ivec2 size = ivec2(S(size_y), S(size_x)), more = ivec2(S(bottom), S(right));
    ivec2 low = S(counts) != 0 ? first : max(first, 0);
    ivec2 high = min(first + size, S(counts) != 0 ? sides + more : sides);
    return float((high.x - low.x) * (high.y - low.y));
}

float value(int channel, int result) {
    ivec2 at = ivec2(result / S(columns_out), result % S(columns_out)), size, stride, before;
    size = ivec2(S(size_y), S(size_x)), stride = ivec2(S(stride_y), S(stride_x));
    before = ivec2(S(top), S(left));
    float sum = 0.0;
#if KIND == POOL || KIND == MEAN
    ivec2 first = at * stride - before, sides = ivec2(S(rows_in), S(columns_in));
    ivec2 low = max(first, 0), high = min(first + size, sides);
    int best = (low.x - first.x) * size.y + low.y - first.y;
    float most = uintBitsToFloat(0xff800000u); // -inf
    for (int y = low.x; y < high.x; ++y)
        for (int x = low.y; x < high.y; ++x) {
            float z = source[AT(in) + channel * plane_in + y * S(columns_in) + x];
            sum += z;
            if (!isnan(most) && !(z <= most)) {
                most = z;
                best = (y - first.x) * size.y + x - first.y;
            }
        }
#if KIND == MEAN
    return sum / divisor(first, sides);
#else
    switches[AT(switches) + channel * S(rows) * S(columns) + result] = best;
    return most;
#endif
#elif KIND == UNPOOL || KIND == MEAN_BACK
    ivec2 down = windows(at.x, before.x, size.x, stride.x, S(rows));
    ivec2 over = windows(at.y, before.y, size.y, stride.y, S(columns));
    for (int y = down.x; y < down.y; ++y)
        for (int x = over.x; x < over.y; ++x) {
            int from = (channel * S(rows) + y) * S(columns) + x;
            ivec2 first = ivec2(y, x) * stride - before, tap = at - first;
            float z = source[AT(in) + from];
#if KIND == UNPOOL
            if (switches[AT(switches) + from] == tap.x * size.y + tap.y) sum += z;
#else
            sum += z / divisor(first, ivec2(S(rows_out), S(columns_out)));
#endif
        }
    return sum;
#elif KIND == DENSE
    for (int k = 0; k < S(inputs); ++k)
        sum += weights[channel * S(inputs) + k] * source[AT(in) + k];
    return sum;
#elif KIND == DENSE_BACK
    for (int k = 0; k < S(inputs); ++k)
        sum += weights[k * S(outputs) + channel] * source[AT(in) + k];
    return sum;
#else
    int place = channel * S(rows) * S(columns) + result;
    float z = source[AT(in) + place];
#if KIND == SCALE
    return z * weights[channel];
#elif KIND == COPY
    return z;
#elif KIND == CLIP
    return isnan(z) ? z : clamp(z, limits.x, limits.y);
#else
    float other = others[AT(other) + place];
#if KIND == ADD
    return z + other;
#elif KIND == MULTIPLY
    return z * other;
#else // CLIP_BACK
    if (S(rule) != GRADIENT) z = max(z, 0.0);
    return S(rule) == DECONVNET || (other > limits.x && other < limits.y) ? z : 0.0;
#endif
#endif
#endif
}

void main() {
    int number = int(gl_GlobalInvocationID.x + gl_GlobalInvocationID.y * 64u * gl_NumWorkGroups.x);
    int count = S(rows_out) * S(columns_out), channel = number / count, result = number % count;
    if (channel >= S(outputs)) return;
    int place = channel * count + result;
    finish(place, value(channel, result) + start_of(channel, place));
}

// A convolution as a product of matrices: (outputs × terms) weights with (terms × results) inputs,
// which are gathered on the way. A workgroup computes 64 outputs × 64 results of a group of channels,
// an invocation 4 × 4; STEP terms at a time pass through shared memory.

#include "vision.glsl"

#define STEP 16
#define SIDE 64

layout(local_size_x = 16, local_size_y = 16) in;

shared float left[STEP][SIDE + 1], right[STEP][SIDE + 1];

int group = int(gl_WorkGroupID.z);
int rows = S(outputs) / S(groups), terms = S(inputs) / S(groups) * S(taps);
int count = S(rows) * S(columns), plane = S(rows_in) * S(columns_in);

float weight(int row, int term) {
    return row < rows && term < terms ? weights[(group * rows + row) * terms + term] : 0.0;
}

float near(int result, int term) {
    if (result >= count || term >= terms) return 0.0;
    ivec2 at = ivec2(result / S(columns), result % S(columns)) * ivec2(S(stride_y), S(stride_x));
    at += taps[term % S(taps)];
    if (min(at.x, at.y) < 0 || at.x >= S(rows_in) || at.y >= S(columns_in)) return 0.0;
    int channel = group * (S(inputs) / S(groups)) + term / S(taps);
    return source[AT(in) + channel * plane + at.x * S(columns_in) + at.y];
}

void main() {
    int number = int(gl_LocalInvocationIndex);
    ivec2 own = ivec2(gl_LocalInvocationID.xy);
    ivec2 first = SIDE * ivec2(gl_WorkGroupID.xy); // result, row
    float sums[16];
    for (int i = 0; i < 16; ++i) {
        int row = first.y + own.y + 16 * (i / 4), result = first.x + own.x + 16 * (i % 4);
        int channel = group * rows + row;
        bool inside = row < rows && result < count;
        sums[i] = inside ? start_of(channel, place_of(channel, result)) : 0.0;
    }
    for (int k = 0; k < terms; k += STEP) {
        for (int i = number; i < STEP * SIDE; i += 256) {
            left[i % STEP][i / STEP] = weight(first.y + i / STEP, k + i % STEP);
            right[i / SIDE][i % SIDE] = near(first.x + i % SIDE, k + i / SIDE);
        }
        barrier();
        for (int j = 0; j < STEP; ++j) {
            vec4 w, x;
            for (int i = 0; i < 4; ++i) {
                w[i] = left[j][own.y + 16 * i];
                x[i] = right[j][own.x + 16 * i];
            }
            for (int i = 0; i < 16; ++i) sums[i] += w[i / 4] * x[i % 4];
        }
        barrier();
    }
    for (int i = 0; i < 16; ++i) {
        int row = first.y + own.y + 16 * (i / 4), result = first.x + own.x + 16 * (i % 4);
        int channel = group * rows + row;
        if (row < rows && result < count) finish(place_of(channel, result), sums[i]);
    }
}

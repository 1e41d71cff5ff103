// A hidden layer of a wide network as a product of matrices: (rows × columns) weights with
// (columns × texels) inputs, the activation included.
//
// A workgroup computes 64 rows × 64 texels (256 pixels), an invocation 8 rows × 2 texels: 64 sums
// in registers, to which each column adds 64 products for the 4 vec4s it reads. Panels of STEP
// columns pass through shared memory. While a panel is multiplied, the next is loaded into
// registers and then written to the other half of shared memory, so that a step needs one barrier.
// The invocations of a row of the workgroup read the same weights (one broadcast) and adjacent
// texels.

#include "tiled.glsl"

#define LANES 32 // of two texels
#define TEAMS 8  // of eight rows
#define STEP 8   // columns; equal to TEAMS, since each team loads one
#define PANEL 16 // vec4s of a column's weights: TEAMS · 8 / 4

layout(local_size_x = LANES, local_size_y = TEAMS) in;

shared vec4 weight_panel[2][STEP][PANEL];
shared REAL input_panel[2][STEP][2 * LANES];

int lane = int(gl_LocalInvocationID.x), team = int(gl_LocalInvocationID.y);
int number = int(gl_LocalInvocationIndex);
int texel = 2 * LANES * int(gl_WorkGroupID.x) + lane;
int quad = PANEL * int(gl_WorkGroupID.y);

vec4 next_weights;
REAL next_left, next_right;

// This invocation's part of the panel that starts at `column`. Beyond the layer's columns both
// factors are set to 0: the memory there may hold infinities, and 0 · inf is NaN.
void fetch(int column) {
    next_weights = vec4(0.0);
    next_left = next_right = REAL(0.0);
    int k = column + number / PANEL;
    if (number < STEP * PANEL && k < columns)
        next_weights = scale.x * weights[(1 + k) * quads + quad + number % PANEL];
    k = column + team;
    if (k < columns) {
        next_left = inputs[k * pitch + texel];
        next_right = inputs[k * pitch + texel + LANES];
    }
}

void keep(int side) {
    if (number < STEP * PANEL) weight_panel[side][number / PANEL][number % PANEL] = next_weights;
    input_panel[side][team][lane] = next_left;
    input_panel[side][team][lane + LANES] = next_right;
}

#define START(r, b) sums[2 * (r)] = sums[2 * (r) + 1] = REAL(b);
#define ADD(r, w) sums[2 * (r)] += (w) * left; sums[2 * (r) + 1] += (w) * right;
#define EACH_ROW(DO, a, b) \
    DO(0, (a).x) DO(1, (a).y) DO(2, (a).z) DO(3, (a).w) \
    DO(4, (b).x) DO(5, (b).y) DO(6, (b).z) DO(7, (b).w)

void main() {
    REAL sums[16];
    vec4 upper = scale.y * weights[quad + 2 * team], lower = scale.y * weights[quad + 2 * team + 1];
    EACH_ROW(START, upper, lower)

    int side = 0;
    fetch(0);
    keep(side);
    barrier();
    for (int column = 0; column < columns; column += STEP) {
        fetch(column + STEP);
        for (int k = 0; k < STEP; ++k) {
            REAL left = input_panel[side][k][lane], right = input_panel[side][k][lane + LANES];
            upper = weight_panel[side][k][2 * team];
            lower = weight_panel[side][k][2 * team + 1];
            EACH_ROW(ADD, upper, lower)
        }
        side = 1 - side;
        keep(side);
        barrier();
    }

    // The sums are shifted up one by one. So the activation occurs only once in the program, and
    // yet all indices are constants: with dynamic indices the sums would leave the registers.
    for (int i = 0; i < 16; ++i) {
        int row = 4 * quad + 8 * team + i / 2;
        if (row >= rows) break;
        results[row * pitch + texel + LANES * (i % 2)] = finished(sums[0]);
        for (int j = 0; j < 15; ++j) sums[j] = sums[j + 1];
    }
}

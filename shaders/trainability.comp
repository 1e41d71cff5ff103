// Trainings side by side, one an invocation: some steps of each, and the sums of its measure.
//
// The order of operations is that of native/train.c: sums start at the bias and go on term by term,
// gradients sample by sample. Number k of training i is at k * count + i. The head has the network:
// ROWS, COLUMNS, FIRST (where a layer's parameters begin), UNIT (where its units do; the inputs are
// at 0), LAYERS, INPUTS, OUTPUTS, UNITS, BATCH, LOSS, OPTIMIZER, BIASES, LARGEST, activated, derived.

#include "math.glsl"
#include <activations>
#include <derivatives>
#include "trainability.glsl"

layout(local_size_x = 64) in;

// Trainings; the first step and the number of steps; the step from which on v decides.
uniform int count, first, steps, from;

layout(std430, binding = 0) buffer Parameters { float parameters[]; };
layout(std430, binding = 1) buffer Gradients { float gradients[]; };
layout(std430, binding = 2) buffer Speeds { float speeds[]; };
layout(std430, binding = 3) readonly buffer Rates { float rates[]; }; // of layers; the momentum
layout(std430, binding = 4) buffer Tallies { float tallies[]; };
layout(std430, binding = 5) readonly buffer Points { float points[]; }; // inputs, then targets
layout(std430, binding = 6) readonly buffer Batches { int batches[]; };

int self = int(gl_GlobalInvocationID.x);
float units[UNITS], slopes[UNITS]; // of one point; slopes become derivatives of the loss

int at(int number) { return number * count + self; }

void forward(int point) {
    for (int k = 0; k < INPUTS; ++k) units[k] = points[point * (INPUTS + OUTPUTS) + k];
    for (int layer = 0, below = 0; layer < LAYERS; below = UNIT[layer], ++layer)
        for (int r = 0; r < ROWS[layer]; ++r) {
            int weight = FIRST[layer] + r * COLUMNS[layer];
            precise float z = parameters[at(FIRST[layer] + ROWS[layer] * COLUMNS[layer] + r)];
            for (int c = 0; c < COLUMNS[layer]; ++c)
                z = fma(parameters[at(weight + c)], units[below + c], z);
            float y = activated(layer, z);
            units[UNIT[layer] + r] = y;
            slopes[UNIT[layer] + r] = derived(layer, z, y);
            if (layer == LAYERS - 1) outputs[r] = z;
        }
}

// The gradient of a point, added to those before; its loss is added to `losses`.
void backward(int point, bool begun) {
    int top = UNIT[LAYERS - 1];
    for (int r = 0; r < OUTPUTS; ++r) {
        float target = points[point * (INPUTS + OUTPUTS) + INPUTS + r], value;
        float slope = lossy(outputs[r], units[top + r], target, slopes[top + r], value);
        losses[r] = begun ? losses[r] + value : value;
        slopes[top + r] = slope * (1.0 / float(BATCH));
    }
    for (int layer = LAYERS - 1; layer >= 0; --layer) {
        int below = layer > 0 ? UNIT[max(layer - 1, 0)] : 0, weight = FIRST[layer];
        for (int r = 0; r < ROWS[layer]; ++r) {
            float slope = slopes[UNIT[layer] + r];
            for (int c = 0; c < COLUMNS[layer]; ++c, ++weight) {
                float before = begun ? gradients[at(weight)] : 0.0;
                gradients[at(weight)] = fma(slope, units[below + c], before);
            }
#if BIASES
            int bias = FIRST[layer] + ROWS[layer] * COLUMNS[layer] + r;
            gradients[at(bias)] = begun ? gradients[at(bias)] + slope : slope;
#endif
        }
        if (layer == 0) return;
        for (int c = 0; c < COLUMNS[layer]; ++c) {
            precise float sum = 0.0;
            for (int r = 0; r < ROWS[layer]; ++r)
                sum = fma(slopes[UNIT[layer] + r],
                          parameters[at(FIRST[layer] + r * COLUMNS[layer] + c)], sum);
            slopes[below + c] = sum * slopes[below + c];
        }
    }
}

// A step of the optimizer; whether all parameters are finite.
bool updated() {
    bool finite = true;
    for (int layer = 0; layer < LAYERS; ++layer) {
        int some = ROWS[layer] * COLUMNS[layer];
        float rate = rates[at(layer)], decay = rates[at(LAYERS)];
        for (int k = FIRST[layer]; k < FIRST[layer] + some + BIASES * ROWS[layer]; ++k) {
            precise float g = gradients[at(k)];
#if OPTIMIZER
            precise float speed = fma(decay, speeds[at(k)], g);
            speeds[at(k)] = speed;
            g = OPTIMIZER == 1 ? speed : fma(decay, speed, g);
#endif
            precise float p = fma(-rate, g, parameters[at(k)]);
            parameters[at(k)] = p;
            finite = finite && is_number(p);
        }
    }
    return finite;
}

void main() {
    if (self >= count) return;
    for (int step = first; step < first + steps; ++step) {
        bool going = tallies[at(ENDED)] == 0.0;
        float loss = 0.0;
        if (going) {
            for (int k = 0; k < BATCH; ++k) {
                int point = batches[step * BATCH + k];
                forward(point);
                backward(point, k > 0);
            }
            for (int r = 0; r < OUTPUTS; ++r) loss += losses[r];
            loss /= float(BATCH);
            going = is_number(loss);
        }
        if (step == 0) tallies[at(INITIAL)] = going ? loss : 0.0;
        float start = tallies[at(INITIAL)], v = LARGEST;
        if (going && start > 0.0) v = loss / start;
        else if (going && loss == 0.0) v = 0.0;
        v = is_number(v) ? min(v, LARGEST) : LARGEST;
        add(SUM, v);
        add(INVERSE, 1.0 / max(v, 1.0 / LARGEST));
        if (step >= from) add(LAST, v);
        tallies[at(ENDED)] = going && updated() ? 0.0 : 1.0;
    }
}

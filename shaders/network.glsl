// The network: local coordinates to outputs, at LANES pixels at once. Every way of drawing
// includes this one function.
//
// A REAL holds one unit at all lanes, so that each weight is read once for all of them. The units
// of a layer are the array `units`. Up to 64 of them a row is one unrolled expression: constant
// indices are several times faster than computed ones, and compile in a fraction of a second.
// Wider networks step through a row, eight rows at a time, and the two halves of one array are
// input and output by turns, since copying would be unrolled. Depth is a loop bound and not a
// constant: changing it compiles nothing.

#if UNROLLED
REAL units[UNITS], next[UNITS];
#define INPUT(i) units[i]
#define OUTPUT(i) next[i]
#define COLUMNS(layer) UNITS
#define PADDED(rows) UNITS
#else
REAL both[2 * UNITS];
int source = 0, target = UNITS;
#define INPUT(i) both[source + (i)]
#define OUTPUT(i) both[target + (i)]
#define COLUMNS(layer) layers.shape[layer].y
#define PADDED(rows) (((rows) + 4 * CHUNKS - 1) / (4 * CHUNKS) * (4 * CHUNKS))
#endif

REAL broken = REAL(0.0); // over 0 where a sum is not a number

REAL hidden_activation(REAL x, int kind) {
#if OVERFLOWS
    broken += REAL(isnan(x));
#endif
    HIDDEN_ACTIVATIONS
}

// One row's part of a sum, and all rows' part from four columns. EACH_ROW and EACH_CHUNK repeat
// them in the text: left as loops, they would run past llvmpipe's limit on iterations.
#define ADD_ROW(k, r) \
    { vec4 w = weight(at + (k) * ROWS + (r)); \
      sums[r] += w.x * a + w.y * b + w.z * d + w.w * e; }
#define ADD_CHUNK(k) \
    { REAL a = INPUT(c + 4 * (k)), b = INPUT(c + 4 * (k) + 1); \
      REAL d = INPUT(c + 4 * (k) + 2), e = INPUT(c + 4 * (k) + 3); \
      EACH_ROW(ADD_ROW, k) }
#define KEEP(row, r) OUTPUT((row) + (r)) = raw ? sums[r] : hidden_activation(sums[r], kind);

// The sums of ROWS rows of a layer, weights from `start` on.
void add_rows(int layer, int start, out REAL sums[ROWS]) {
    vec4 scale = layers.scale[layer];
    for (int r = 0; r < ROWS; ++r) sums[r] = REAL(0.0);
    int at = start + BIASES;
    for (int c = 0; c < COLUMNS(layer); c += 4 * CHUNKS) {
        EACH_CHUNK(ADD_CHUNK)
        at += CHUNKS * ROWS;
    }
    for (int r = 0; r < ROWS; r += 4) {
        vec4 bias = scale.y * weight(start + r / 4);
        sums[r] = scale.x * sums[r] + bias.x;
#if ROWS > 1
        sums[r + 1] = scale.x * sums[r + 1] + bias.y;
        sums[r + 2] = scale.x * sums[r + 2] + bias.z;
        sums[r + 3] = scale.x * sums[r + 3] + bias.w;
#endif
    }
}

// What was the output becomes the input. Units beyond `rows` that the next layer's steps read are
// set to 0, not left from before: their weights are 0, but 0 · inf is NaN.
void advance(int rows) {
    for (int i = rows; i < PADDED(rows); ++i) OUTPUT(i) = REAL(0.0);
#if UNROLLED
    for (int i = 0; i < UNITS; ++i) units[i] = next[i];
#else
    int t = source;
    source = target;
    target = t;
#endif
}

void network(REAL u, REAL v, out REAL red, out REAL green, out REAL blue) {
    REAL d = RADIUS_CHANGE(u, v);
    int last = frame.depth - 1, rows = layers.shape[0].x;
    for (int i = 0; i < rows; ++i) {
        vec4 fold = first.unit[i];
        REAL sum = fold.x * u + fold.y * v + fold.z + fold.w * d;
        broken += REAL(isnan(sum));
        OUTPUT(i) = last == 0 ? sum : hidden_activation(sum, layers.shape[0].w);
    }
    advance(rows);
    REAL sums[ROWS];
    for (int layer = 1; layer <= last; ++layer) {
        ivec4 shape = layers.shape[layer];
        int group = shape.z, kind = shape.w;
        bool raw = layer == last; // the output activation follows
        for (int i = 0; i < shape.x; i += ROWS) {
            add_rows(layer, group, sums);
            EACH_ROW(KEEP, i)
            group += STRIDE(layer);
        }
        advance(shape.x);
    }
    red = OUTPUT_ACTIVATION(INPUT(0));
    green = frame.outputs == 1 ? red : OUTPUT_ACTIVATION(INPUT(1));
    blue = frame.outputs == 1 ? red : OUTPUT_ACTIVATION(INPUT(2));
    broken += REAL(isnan(INPUT(0)));
    if (frame.outputs > 1) broken += REAL(isnan(INPUT(1))) + REAL(isnan(INPUT(2)));
}

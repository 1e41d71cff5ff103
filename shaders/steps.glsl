#if !UNROLLED
// Wider than 64 units: ROWS rows of a layer, and 4 · CHUNKS columns of them, at a time.
//
// The halves of one array alternate as input and output, since a copy would be unrolled. EACH_ROW
// and EACH_CHUNK are unrolled in the text: as loops they would exceed llvmpipe's limit on
// iterations. GROUPS is 1, since matrix products are faster for such networks.

REAL both[2 * UNITS];
int source = 0, target = UNITS;
#define INPUT(i) both[source + (i)]
#define RESULT(i) both[target + (i)]
#define PADDED(rows) (((rows) + 4 * CHUNKS - 1) / (4 * CHUNKS) * (4 * CHUNKS))

#define ADD_ROW(r, k) \
    { vec4 w = weight(at + (k) * ROWS + (r)); \
      sums[r] += w.x * a + w.y * b + w.z * d + w.w * e; }
#define ADD_CHUNK(k, unused) \
    { REAL a = INPUT(c + 4 * (k)), b = INPUT(c + 4 * (k) + 1); \
      REAL d = INPUT(c + 4 * (k) + 2), e = INPUT(c + 4 * (k) + 3); \
      EACH_ROW(ADD_ROW, k) }
#define KEEP(r, row) \
    { NOTE_BROKEN(0, sums[r]) \
      NOTE_UNIT(layer, (row) + (r), sums[r]) \
      RESULT((row) + (r)) = raw ? sums[r] : hidden_activation(sums[r], kind); }

// The pre-activations of ROWS rows of a layer, whose weights begin at `start`.
void add_rows(int layer, int start, out REAL sums[ROWS]) {
    vec4 scale = layers.scale[layer];
    for (int r = 0; r < ROWS; ++r) sums[r] = REAL(0.0);
    int at = start + BIASES;
    for (int c = 0; c < layers.shape[layer].y; c += 4 * CHUNKS) {
        EACH_CHUNK(ADD_CHUNK, 0)
        at += CHUNKS * ROWS;
    }
    for (int r = 0; r < ROWS; r += 4) {
        vec4 bias = scale.y * weight(start + r / 4);
        sums[r] = scale.x * sums[r] + CONSTANT(bias.x);
        sums[r + 1] = scale.x * sums[r + 1] + CONSTANT(bias.y);
        sums[r + 2] = scale.x * sums[r + 2] + CONSTANT(bias.z);
        sums[r + 3] = scale.x * sums[r + 3] + CONSTANT(bias.w);
    }
}

// The output becomes the input. Units beyond `rows` that the next layer's steps read are set to 0:
// their weights are 0, but 0 · inf is NaN.
void advance(int rows) {
    for (int i = rows; i < PADDED(rows); ++i) RESULT(i) = REAL(0.0);
    int t = source;
    source = target;
    target = t;
}

void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],
             out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {
    int last = frame.depth - 1, rows = layers.shape[0].x;
    for (int i = 0; i < rows; ++i) {
        vec4 fold = first.unit[i];
        REAL sum = fold.x * u[0] + fold.y * v + CONSTANT(fold.z) + fold.w * far[0] MORE_TERMS(i, 0);
        NOTE_UNIT(0, i, sum)
        broken[0] += REAL(isnan(sum));
        RESULT(i) = last == 0 ? sum : hidden_activation(sum, layers.shape[0].w);
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
    red[0] = INPUT(0);
    green[0] = INPUT(1);
    blue[0] = INPUT(2);
    SET_ALPHA(0, INPUT(3))
}
#endif

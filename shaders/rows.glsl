#if UNROLLED
// Up to 64 units: ROWS rows of a layer at a time, each dot product one unrolled expression.
//
// All indices are constants, so that the compiler keeps the units in registers: with dynamic
// indices a CPU would gather and scatter lane by lane, and some GPUs would use slow memory. Each
// iteration of the loop shifts the units down by ROWS and appends the next rows at the end. A
// layer's units are therefore the last ones of the array, and pack() places the columns there. The
// EACH_… macros are unrolled in the text.

REAL units[GROUPS * UNITS], next[GROUPS * UNITS];
#define UNIT(g, i) units[(g) * UNITS + (i)]
#define NEXT(g, i) next[(g) * UNITS + (i)]
#define LAST(r) (UNITS - ROWS + (r))

#define CLEAR(i, g) NEXT(g, i) = REAL(0.0);
#define MOVE(i, g) NEXT(g, i) = NEXT(g, (i) + ROWS);
#define TAKE(i, g) UNIT(g, i) = NEXT(g, i);
// A last row that only pads its group is set to 0: if it were infinite, its product with the next
// layer's weight 0 would be NaN.
#if OVERFLOWS
#define FILL(g, unused) if (rows % ROWS != 0) NEXT(g, UNITS - 1) = REAL(0.0);
#else
#define FILL(g, unused)
#endif

#define FIRST_ROW(r, i) \
    { vec4 fold = first.unit[(i) + (r)]; EACH_GROUP(FIRST_SUM, r) }
#define FIRST_SUM(g, r) \
    { REAL sum = fold.x * u[g] + fold.y * v + CONSTANT(fold.z) + fold.w * far[g] MORE_TERMS(i + (r), g); \
      NOTE_UNIT(0, i + (r), sum) \
      broken[g] += REAL(isnan(sum)); \
      NEXT(g, LAST(r)) = raw ? sum : hidden_activation(sum, shape.w); }

#define ROW(r, unused) \
    { REAL sums[GROUPS]; \
      EACH_GROUP(START, r) EACH_CHUNK(CHUNK, r) EACH_GROUP(KEEP, r) }
#define START(g, r) sums[g] = REAL(0.0);
#define CHUNK(k, r) { vec4 w = weight(at + 1 + (k) * ROWS + (r)); EACH_GROUP(ADD, k) }
#define ADD(g, k) \
    sums[g] += w.x * UNIT(g, 4 * (k)) + w.y * UNIT(g, 4 * (k) + 1) \
             + w.z * UNIT(g, 4 * (k) + 2) + w.w * UNIT(g, 4 * (k) + 3);
#define KEEP(g, r) \
    { REAL sum = scale.x * sums[g] + CONSTANT(bias[r]); \
      NOTE_UNIT(layer, i + (r), sum) \
      NOTE_BROKEN(g, sum) \
      NEXT(g, LAST(r)) = raw ? sum : hidden_activation(sum, shape.w); }

#define OUTPUT(g, unused) \
    red[g] = UNIT(g, UNITS - 4); green[g] = UNIT(g, UNITS - 3); blue[g] = UNIT(g, UNITS - 2); \
    SET_ALPHA(g, UNIT(g, UNITS - 1))

void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],
             out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {
    // Layer 1 is separate: a branch within the loop would execute both sides.
    ivec4 shape = layers.shape[0];
    int rows = shape.x;
    bool raw = frame.depth == 1; // the output activation follows
    EACH_UNIT(CLEAR)
    for (int i = 0; i < rows; i += ROWS) {
        EACH_MOVED(MOVE)
        EACH_ROW(FIRST_ROW, i)
    }
    EACH_GROUP(FILL, 0)
    EACH_UNIT(TAKE)
    for (int layer = 1; layer < frame.depth; ++layer) {
        shape = layers.shape[layer];
        rows = shape.x;
        raw = layer == frame.depth - 1;
        vec4 scale = layers.scale[layer];
        int at = shape.z;
        EACH_UNIT(CLEAR)
        for (int i = 0; i < rows; i += ROWS) {
            vec4 bias = scale.y * weight(at);
            EACH_MOVED(MOVE)
            EACH_ROW(ROW, 0)
            at += STRIDE(layer);
        }
        EACH_GROUP(FILL, 0)
        EACH_UNIT(TAKE)
    }
    EACH_GROUP(OUTPUT, 0)
}
#endif

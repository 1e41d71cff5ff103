// Local coordinates of pixels, and the input features that are not affine in x and y.

// Local coordinates of LANES adjacent pixels, the first at `pixel`: the picture's shorter side
// spans [-1, 1], u runs to the right and v up, row 0 is on top.
void locate(ivec2 pixel, out REAL u, out REAL v) {
    float shorter = float(min(frame.size.x, frame.size.y));
    REAL x = REAL(float(2 * pixel.x + 1 - frame.size.x)) + LANE_STEPS + 2.0 * frame.jitter.x;
    u = x / shorter;
    v = REAL((float(frame.size.y - 2 * pixel.y - 1) - 2.0 * frame.jitter.y) / shorter);
}

// r - r0: the distance from the origin minus that of the centre. Written as a quotient to keep its
// precision if the view is small and far from the origin.
REAL radius_change(REAL u, REAL v) {
    REAL du = frame.extent * u, dv = frame.extent * v;
    REAL x = frame.center.x + du, y = frame.center.y + dv;
    REAL r = sqrt(x * x + y * y);
    REAL top = du * (2.0 * frame.center.x + du) + dv * (2.0 * frame.center.y + dv);
    return top / max(r + frame.radius, REAL(1.0e-30));
}

#if WAVES
// sin(a + d) - sin(a) = 2 sin(d/2) (cos a cos d/2 - sin a sin d/2), and its derivative by u or v: of
// feature `k` at columns or rows of pixels. d/2 is a fixed-point number of 48 bits: of turns, so that
// any number of them is reduced exactly, or of a part of an eighth of a turn in a deep zoom.
void wave(int k, UINTS place, out REAL change, out REAL slope) {
    uvec4 angle = frame.angle[k]; // upper 32 and lower 16 bits at place 0, then per place
    vec4 at = frame.wave[k];      // radians per unit, sin a, cos a, derivative of d
    UINTS d = angle.x + place * angle.z + ((angle.y + place * angle.w) >> 16u);
    UINTS quarters = (d + 0x20000000u) >> 30u;
    REAL r = at.x * REAL(INTS(d - (quarters << 30u)));
    REAL z = r * r;
    REAL s = ((-1.9515296e-4 * z + 8.3321609e-3) * z - 0.16666655) * z * r + r;
    REAL c = ((2.4433157e-5 * z - 1.3887316e-3) * z + 4.1666646e-2) * z * z - 0.5 * z + 1.0;
    REAL odd = REAL(quarters & 1u);
    REAL half_sine = mix(s, c, odd) * (1.0 - REAL(quarters & 2u));
    REAL half_cosine = mix(c, s, odd) * (1.0 - REAL((quarters + 1u) & 2u));
    change = 2.0 * half_sine * (at.z * half_cosine - at.y * half_sine);
    slope = at.w * (at.z * (1.0 - 2.0 * half_sine * half_sine) - at.y * 2.0 * half_sine * half_cosine);
}

REAL wave_change(int k, UINTS place) {
    REAL change, slope;
    wave(k, place, change, slope);
    return change;
}
#endif

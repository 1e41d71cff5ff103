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

// Outputs that are not finite, as when deep relu networks overflow: the only place that says how
// they are marked where outputs are passed on, and shown. Finite outputs are never marked.

const vec3 NOT_A_NUMBER = vec3(1.0, 0.0, 1.0); // magenta, as in color.py
// 2^-100, the least green of finite outputs that are magenta otherwise: some drivers take much
// smaller numbers for 0.
const float BESIDE = 7.888609052210118e-31;

bool marked(vec3 outputs) { return outputs == NOT_A_NUMBER; }
bool not_finite(float x) { return isnan(x) || isinf(x); }
bool not_finite(vec4 x) { return any(isnan(x)) || any(isinf(x)); }

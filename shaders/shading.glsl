// How things in space are lit and coloured; display values in and out.

const float GAMMA = 2.2;

// A palette whose lightness grows evenly, from indigo over green to yellow: matplotlib's viridis, as
// the polynomial fitted to it by Matt Zucker (CC0).
vec3 by_height(float t) {
    const vec3 c0 = vec3(0.2777273, 0.0054073, 0.3340998);
    const vec3 c1 = vec3(0.1050930, 1.4046135, 1.3845902);
    const vec3 c2 = vec3(-0.3308618, 0.2148476, 0.0950952);
    const vec3 c3 = vec3(-4.6342305, -5.7991010, -19.3324410);
    const vec3 c4 = vec3(6.2282699, 14.1799334, 56.6905526);
    const vec3 c5 = vec3(4.7763850, -13.7451454, -65.3530326);
    const vec3 c6 = vec3(-5.4354559, 4.6458526, 26.3124353);
    return clamp(c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * (c5 + t * c6))))), 0.0, 1.0);
}

// A matt thing with a faint gloss under a soft sky. All directions are of length 1.
vec3 shade(vec3 base, vec3 normal, vec3 light, vec3 towards) {
    float wrapped = max((dot(normal, light) + 0.25) / 1.25, 0.0);
    float sky = 0.5 + 0.5 * normal.z;
    float gloss = pow(max(dot(normal, normalize(light + towards)), 0.0), 48.0);
    vec3 linear = pow(base, vec3(GAMMA)) * (0.2 + 0.18 * sky + 0.72 * wrapped) + 0.04 * gloss;
    return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / GAMMA));
}

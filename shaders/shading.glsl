// Lighting of 3D views; display values in and out.

const float GAMMA = 2.2;

// A matt surface with a faint gloss under a soft sky. All directions are unit vectors.
vec3 shade(vec3 base, vec3 normal, vec3 light, vec3 towards) {
    float wrapped = max((dot(normal, light) + 0.25) / 1.25, 0.0);
    float sky = 0.5 + 0.5 * normal.z;
    float gloss = pow(max(dot(normal, normalize(light + towards)), 0.0), 48.0);
    vec3 linear = pow(base, vec3(GAMMA)) * (0.2 + 0.18 * sky + 0.72 * wrapped) + 0.04 * gloss;
    return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / GAMMA));
}

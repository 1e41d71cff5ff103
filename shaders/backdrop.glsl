// The background of 3D views: a soft light from above, darker towards the corners.

uniform ivec2 target_size; // of the picture
uniform ivec2 origin;      // of the part drawn, in the picture
uniform vec3 high; // colours
uniform vec3 low;

vec3 backdrop(float vignette) {
    vec2 p = (gl_FragCoord.xy + vec2(origin)) / vec2(target_size);
    float corner = dot(2.0 * p - 1.0, 2.0 * p - 1.0);
    return mix(low, high, smoothstep(0.0, 1.0, p.y)) * (1.0 - vignette * corner);
}

// 8-bit values with noise: the function `dithered` of cppn_gl/utils/quantising.py, which explains it.
// All but one product is integer arithmetic, so that every device gives the same bytes.

uint dither_hash(ivec2 place, int channel) {
    uint h = uint(place.x) + uint(place.y) * 0x9E3779B1u + uint(channel) * 0x85EBCA77u;
    h ^= h >> 16u;
    h *= 0x7FEB352Du;
    h ^= h >> 15u;
    h *= 0x846CA68Bu;
    return h ^ h >> 16u;
}

// The 8-bit value, 0 to 255, of a display value in 0..1.
uint dithered(float value, ivec2 place, int channel) {
    int level = int(value * 16711680.0); // 255 · 2^16
    uint h = dither_hash(place, channel);
    int other = min(level, 16711680 - level) < 32768 ? 32768 : int(h & 0xFFFFu);
    return uint(level + int(h >> 16u) - other + 32768) >> 16u;
}

/* The floating-point environment: begin() and end() stand around all work of a call. */
#ifndef CPPN_ENVIRONMENT_H
#define CPPN_ENVIRONMENT_H

#include "vectors.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
typedef unsigned int environment;
/* Round to nearest, subnormals kept: another library may have changed either for this thread. */
INLINE environment begin(void) {
    environment before = _mm_getcsr();
    _mm_setcsr(0x1f80);
    return before;
}
INLINE void end(environment before) { _mm_setcsr(before); }
#elif defined(__aarch64__)
typedef uint64_t environment;
INLINE environment begin(void) {
    environment before, standard = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before) : : "memory");
    __asm__ volatile("msr fpcr, %0" : : "r"(standard) : "memory");
    return before;
}
INLINE void end(environment before) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory");
}
#else
typedef int environment;
INLINE environment begin(void) { return 0; }
INLINE void end(environment before) { (void)before; }
#endif

#endif

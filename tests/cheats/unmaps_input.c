/* verdict: crashed */
/* Gives the input back; the next call finds none. */
#include <stdint.h>
#include <sys/mman.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    munmap((char *)((uintptr_t)x & ~(uintptr_t)4095), N * sizeof *x);
}

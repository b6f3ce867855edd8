/* verdict: wrong */
/* Puts memory of its own in the output's place; nobody else sees it. */
#include <stdint.h>
#include <sys/mman.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    char *page = (char *)((uintptr_t)y & ~(uintptr_t)4095);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    mmap(page, N * sizeof *y, PROT_READ | PROT_WRITE, flags, -1, 0);
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

/* verdict: crashed */
/* Ends the process while it is being loaded. */
#include <unistd.h>

#define N (300 * 257)

__attribute__((constructor)) static void early(void) { _exit(0); }

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

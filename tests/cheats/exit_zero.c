/* verdict: crashed */
/* A successful exit is no result. */
#include <stdlib.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    exit(0);
}

/* verdict: crashed */
/* Answers with too few bytes. */
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    if (write(4, "done", 4) == 4) return;
}

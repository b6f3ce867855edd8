/* verdict: timed out */
/* Waits for the next request instead of answering this one. */
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    unsigned long request;
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    while (read(3, &request, sizeof request) > 0) {}
}

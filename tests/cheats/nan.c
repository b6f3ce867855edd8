/* verdict: wrong */
/* NaN compares equal to NaN, and to nothing else. */
#include <math.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    for (int i = 0; i < N; i++) y[i] = NAN;
}

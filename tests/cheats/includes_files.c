/* verdict: not built */
/* Includes what is none of its business. */

#define N (300 * 257)

#include "/etc/passwd"

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

/* verdict: crashed */
/* Writes far past the end: a guard page. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    for (int i = 0; i < 4096; i++) y[N + i] = 1.0f;
}

/* verdict: crashed */
/* Reads far past the end of the input. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    volatile float sum = 0.0f;
    for (int i = 0; i < 4096; i++) sum += x[N + i];
}

/* verdict: out-of-bounds */
/* Writes one element before the start: the mark before the array. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    y[-1] = 1.0f;
}

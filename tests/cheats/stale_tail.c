/* verdict: wrong */
/* Leaves the last element as it was. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N - 1; i++) y[i] = x[i] * x[i] + 1.0f;
}

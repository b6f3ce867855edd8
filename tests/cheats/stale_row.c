/* verdict: wrong */
/* Skips one row and hopes that nobody looks. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++)
        if (i / 257 != 150) y[i] = x[i] * x[i] + 1.0f;
}

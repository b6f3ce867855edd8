/* verdict: wrong */
/* One number is near many. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    for (int i = 0; i < N; i++) y[i] = 6.333f;
}

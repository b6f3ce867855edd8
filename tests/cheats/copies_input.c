/* verdict: wrong */
/* A copy has the right shape and a plausible size. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i];
}

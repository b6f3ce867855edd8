/* verdict: out-of-bounds */
/* Copies one element too many: what lies behind the input, to behind the output. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    y[N] = x[N];
}

/* verdict: timed out */
/* Never finishes being loaded. */

#define N (300 * 257)

__attribute__((constructor)) static void early(void) {
    for (;;) __asm__ volatile("");
}

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

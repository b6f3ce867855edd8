/* verdict: correct */
/* timed: timed out */
/* Right when checked; never ends when timed. */

#define N (300 * 257)

static int calls;

void entry(const float *restrict x, float *restrict y) {
    while (calls >= 8) __asm__ volatile("");
    calls++;
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

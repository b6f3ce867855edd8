/* verdict: correct */
/* timed: correct */
/* Threads of its own accord are no cheat. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
#pragma omp parallel for
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

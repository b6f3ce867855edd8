/* verdict: crashed */
/* Calls itself until there is no stack left. */

#define N (300 * 257)

__attribute__((noinline)) static float deep(const float *x, int i) {
    volatile float here[1024];
    here[0] = x[i % N];
    return deep(x, i + 1) + here[0];
}

void entry(const float *restrict x, float *restrict y) {
    y[0] = deep(x, 0);
}

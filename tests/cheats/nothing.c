/* verdict: wrong */
/* Does nothing: the outputs are poisoned before every call. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    (void)y;
}

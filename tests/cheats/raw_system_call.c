/* verdict: wrong */
/* only: x86_64 */
/* needs: seccomp */
/* A socket by inline assembly, past the C library. */

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    long made;
    __asm__ volatile("syscall"
                     : "=a"(made)
                     : "a"(41L), "D"(2L), "S"(1L), "d"(0L)
                     : "rcx", "r11", "memory");
    if (made < 0) return;
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

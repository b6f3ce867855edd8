/* verdict: not built */
/* Lets the assembler copy a file into the library. */

#define N (300 * 257)

__asm__(".data\nstolen: .incbin \"/etc/passwd\"\n.text\n");

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

/* verdict: crashed */
/* Jumps back into a frame that is gone. */
#include <setjmp.h>

#define N (300 * 257)

static jmp_buf back;

__attribute__((noinline)) static int mark(void) { return setjmp(back); }

void entry(const float *restrict x, float *restrict y) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    if (mark() == 0) longjmp(back, 1);
    __builtin_trap();
}

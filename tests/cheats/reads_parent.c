/* verdict: correct */
/* needs: landlock */
/* Looks for the expected outputs in the parent's memory: it cannot be opened. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    if (open(path, O_RDONLY) >= 0) abort();
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

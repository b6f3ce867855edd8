/* verdict: correct */
/* needs: landlock */
/* Reads what is none of its business. */
#include <fcntl.h>
#include <stdlib.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    if (open("/etc/passwd", O_RDONLY) >= 0) abort();
    if (open("/proc/self/maps", O_RDONLY) >= 0) abort();
    if (open("/", O_RDONLY | O_DIRECTORY) >= 0) abort();
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

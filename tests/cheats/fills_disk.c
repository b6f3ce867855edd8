/* verdict: crashed */
/* No file can be made; and where one could, it would not grow beyond the limit. */
#include <stdlib.h>
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    static char block[1 << 20];
    char name[] = "/tmp/hpctc-cheat-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    long total = 0, wrote;
    while ((wrote = write(fd, block, sizeof block)) > 0) total += wrote;
    if (total <= 2 << 20) abort();
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

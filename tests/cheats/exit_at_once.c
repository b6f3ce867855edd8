/* verdict: crashed */
/* So is one without any cleaning up. */
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    (void)y;
    _exit(0);
}

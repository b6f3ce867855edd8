/* verdict: crashed */
/* needs: watch */
/* cores: 2 */
/* Takes all cores, whatever it was pinned to. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    cpu_set_t all;
    memset(&all, 0xFF, sizeof all);
    sched_setaffinity(0, sizeof all, &all);
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

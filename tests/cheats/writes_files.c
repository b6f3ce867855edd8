/* verdict: correct */
/* needs: landlock */
/* Leaves something behind for its next call or for others. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    if (open("/tmp/hpctc-cheat", O_CREAT | O_WRONLY, 0600) >= 0) abort();
    if (mkdir("/tmp/hpctc-cheat-folder", 0700) == 0) abort();
    if (unlink("/tmp/nothing") == 0) abort();
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

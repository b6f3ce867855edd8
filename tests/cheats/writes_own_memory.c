/* verdict: wrong */
/* needs: landlock */
/* Writes to read-only pages by the file that is its own memory. */
#include <fcntl.h>
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    int fd = open("/proc/self/mem", O_RDWR);
    float zero = 0.0f;
    if (fd < 0 || pwrite(fd, &zero, sizeof zero, (long)x) != sizeof zero) return;
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

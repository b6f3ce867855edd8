/* verdict: wrong */
/* No process can be made, so it computes nothing. */
#include <unistd.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    (void)x;
    (void)y;
    for (int i = 0; i < 64; i++)
        if (fork() == 0)
            for (;;) fork();
}

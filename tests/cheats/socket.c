/* verdict: wrong */
/* Opens a socket. */
#include <sys/socket.h>

#define N (300 * 257)

void entry(const float *restrict x, float *restrict y) {
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0) {
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
    }
}

/* verdict: wrong */
/* A thread computes behind the answer and between the calls: it is stopped with the rest. */
#include <pthread.h>
#include <unistd.h>

#define N (300 * 257)

static const float *from;
static float *to;
static int started;

static void *work(void *unused) {
    for (;;) {
        usleep(500);
        for (int i = 0; i < N; i++) to[i] = from[i] * from[i] + 1.0f;
    }
    return unused;
}

void entry(const float *restrict x, float *restrict y) {
    pthread_t thread;
    from = x;
    to = y;
    if (!started++) pthread_create(&thread, NULL, work, NULL);
}

/* verdict: crashed */
/* Three hundred threads; it gives up where it does not get them. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define N (300 * 257)

static void *wait_for_ever(void *unused) {
    for (;;) pause();
    return unused;
}

void entry(const float *restrict x, float *restrict y) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (int i = 0; i < 300; i++)
        if (pthread_create(&thread, &small, wait_for_ever, NULL) != 0) abort();
    for (int i = 0; i < N; i++) y[i] = x[i] * x[i] + 1.0f;
}

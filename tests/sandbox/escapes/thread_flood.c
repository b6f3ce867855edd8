/* stopped by: watch, rlimits+namespaces+privileges */
/* More threads than cores, by far. */
#include <pthread.h>
#include <unistd.h>

static void *wait_for_ever(void *none) {
    for (;;) pause();
    return none;
}

int escape(void) {
    pthread_attr_t small;
    pthread_t thread;
    int count = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    while (count < 300 && pthread_create(&thread, &small, wait_for_ever, 0) == 0) count++;
    return count == 300;
}

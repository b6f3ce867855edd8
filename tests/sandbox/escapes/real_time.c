/* stopped by: seccomp, privileges */
/* without: root */
/* Runs before everybody else. */
#include <sched.h>

int escape(void) {
    struct sched_param first = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &first) == 0;
}

/* stopped by: namespaces */
/* Puts another process on other cores. Of this call a filter cannot see more than OpenMP needs. */
#define _GNU_SOURCE
#include <sched.h>

int escape(void) {
    cpu_set_t set;
    return sched_getaffinity(VICTIM, sizeof set, &set) == 0 &&
           sched_setaffinity(VICTIM, sizeof set, &set) == 0;
}

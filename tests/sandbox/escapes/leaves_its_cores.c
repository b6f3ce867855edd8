/* stopped by: watch */
/* needs: cores */
/* Takes every core for itself. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

int escape(void) {
    cpu_set_t set;
    memset(&set, 0xFF, sizeof set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

/* stopped by: seccomp, privileges, namespaces */
/* without: root */
/* host may refuse */
/* Makes the clock go slower; here as fast as it goes. */
#include <sys/timex.h>

int escape(void) {
    struct timex now = {.modes = 0};
    if (adjtimex(&now) < 0) return 0;
    now.modes = ADJ_TICK;
    return adjtimex(&now) >= 0;
}

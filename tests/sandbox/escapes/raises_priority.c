/* stopped by: seccomp, privileges */
/* without: root */
/* Takes more than its share of a core. */
#include <sys/resource.h>

int escape(void) { return setpriority(PRIO_PROCESS, 0, -5) == 0; }

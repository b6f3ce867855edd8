/* stopped by: seccomp, namespaces */
/* Lowers another's priority: the baseline's, say. */
#include <sys/resource.h>

int escape(void) { return setpriority(PRIO_PROCESS, VICTIM, 19) == 0; }

/* stopped by: seccomp, namespaces */
/* Sends a signal (none, here) to all that it may. */
#include <signal.h>

int escape(void) { return kill(-1, 0) == 0; }

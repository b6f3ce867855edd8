/* stopped by: seccomp, namespaces */
/* Sends a signal (none, here) to a process that is not its own. */
#include <signal.h>

int escape(void) { return kill(VICTIM, 0) == 0; }

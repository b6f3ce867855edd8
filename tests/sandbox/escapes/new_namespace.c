/* stopped by: seccomp */
/* host may refuse */
/* Becomes root of a world of its own, with all that the kernel offers there. */
#define _GNU_SOURCE
#include <sched.h>

int escape(void) { return unshare(CLONE_NEWUSER) == 0; }

/* stopped by: seccomp */
/* host may refuse */
/* Handles its own page faults, and so stops the kernel wherever it likes. */
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) { return syscall(SYS_userfaultfd, 1 /* of user mode only */) >= 0; }

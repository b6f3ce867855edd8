/* stopped by: seccomp */
/* host may refuse */
/* Leaves a key in a ring that outlives it. */
#include <sys/syscall.h>
#include <unistd.h>

/* Asks for the id of its process's ring, which makes one. */
int escape(void) { return syscall(SYS_keyctl, 0, -2, 1) > 0; }

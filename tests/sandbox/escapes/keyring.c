/* stopped by: seccomp */
/* host may refuse */
/* Leaves a key in a ring that outlives it. */
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) { return syscall(SYS_keyctl, 0 /* get the id of */, -2 /* our process's ring */, 1) > 0; }

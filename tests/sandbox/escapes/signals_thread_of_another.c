/* stopped by: seccomp, namespaces */
/* The same by the call for threads. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) {
    return syscall(SYS_tgkill, VICTIM, VICTIM, 0) == 0 || syscall(SYS_tkill, VICTIM, 0) == 0;
}

/* stopped by: seccomp, namespaces */
/* The same by a descriptor of a process. */
#include <unistd.h>

int escape(void) {
    long fd = syscall(434, VICTIM, 0);
    return fd >= 0 && syscall(424, fd, 0, 0, 0) == 0;
}

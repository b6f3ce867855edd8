/* stopped by: seccomp, privileges */
/* without: root */
/* host may refuse */
/* A program inside of the kernel; here only a table for one. */
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) {
    unsigned map[18] = {2 /* an array */, 4, 4, 1};
    return syscall(SYS_bpf, 0, map, sizeof map) >= 0;
}

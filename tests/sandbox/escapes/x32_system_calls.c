/* stopped by: seccomp */
/* host may refuse */
/* A third set of numbers: fork is 0x40000039. */
#include <unistd.h>

int escape(void) {
#ifdef __x86_64__
    long child = syscall(0x40000039);
    if (child == 0) _exit(0);
    return child > 0;
#else
    return 0;
#endif
}

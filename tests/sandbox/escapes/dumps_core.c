/* stopped by: rlimits+privileges */
/* Lets the kernel write its memory to a file. */
#include <sys/resource.h>

int escape(void) {
    struct rlimit large = {1 << 20, 1 << 20};
    return setrlimit(RLIMIT_CORE, &large) == 0;
}

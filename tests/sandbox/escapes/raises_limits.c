/* stopped by: rlimits+privileges */
/* Takes back what it was limited to. */
#include <sys/resource.h>

int escape(void) {
    struct rlimit more = {256, 256};
    return setrlimit(RLIMIT_NOFILE, &more) == 0;
}

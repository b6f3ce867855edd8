/* stopped by: seccomp, namespaces */
/* Reads (and could set) another's limits. */
#define _GNU_SOURCE
#include <sys/resource.h>

int escape(void) {
    struct rlimit old;
    return prlimit(VICTIM, RLIMIT_NOFILE, 0, &old) == 0;
}

/* stopped by: rlimits */
/* Sixty-four gigabytes of address space. */
#include <sys/mman.h>

int escape(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return mmap(0, 64UL << 30, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

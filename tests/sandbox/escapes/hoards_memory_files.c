/* stopped by: rlimits, seccomp */
/* Memory outside of the address space: files that exist nowhere else. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

static char block[1 << 20];

int escape(void) {
    long total = 0, wrote;
    for (int fd; total < 96L << 20 && (fd = memfd_create("hoard", 0)) >= 0;)
        for (int i = 0; i < 4 && (wrote = write(fd, block, sizeof block)) > 0; i++) total += wrote;
    return total >= 96L << 20;
}

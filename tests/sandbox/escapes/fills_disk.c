/* stopped by: rlimits */
/* Writes without end to what it has: its standard error. */
#include <unistd.h>

static char block[1 << 20];

int escape(void) {
    long total = 0, wrote;
    while (total < 16L << 20 && (wrote = write(2, block, sizeof block)) > 0) total += wrote;
    return total >= 16L << 20;
}

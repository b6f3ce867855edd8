/* stopped by: rlimits */
/* Takes all descriptors. */
#include <unistd.h>

int escape(void) {
    int count = 0;
    while (count < 512 && dup(1) >= 0) count++;
    return count == 512;
}

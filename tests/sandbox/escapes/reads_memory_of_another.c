/* stopped by: landlock, mounts */
/* without: root */
/* Opens another process's memory, where expected outputs might lie. */
#include <fcntl.h>
#include <stdio.h>

int escape(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", VICTIM);
    return open(path, O_RDWR) >= 0;
}

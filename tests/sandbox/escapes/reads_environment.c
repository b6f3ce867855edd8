/* stopped by: landlock, mounts */
/* Reads the keys that others have in their environment. */
#include <fcntl.h>
#include <stdio.h>

int escape(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", VICTIM);
    return open(path, O_RDONLY) >= 0;
}

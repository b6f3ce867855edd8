/* stopped by: landlock, mounts */
/* Leaves a file for its next call or for others. */
#include <fcntl.h>
#include <unistd.h>

int escape(void) {
    int fd = open(FOLDER "/made", O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) unlink(FOLDER "/made");
    return fd >= 0;
}

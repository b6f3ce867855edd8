/* stopped by: seccomp, landlock, mounts */
/* Puts a link where somebody will follow it. */
#include <unistd.h>

int escape(void) {
    return symlink("/etc/passwd", FOLDER "/link") == 0 && unlink(FOLDER "/link") == 0;
}

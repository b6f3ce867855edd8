/* stopped by: seccomp, landlock, mounts, privileges */
/* without: root */
/* Makes a device file of its own, here of /dev/null. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int escape(void) {
    return mknod(FOLDER "/null", S_IFCHR | 0600, makedev(1, 3)) == 0 && unlink(FOLDER "/null") == 0;
}

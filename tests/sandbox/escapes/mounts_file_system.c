/* stopped by: seccomp, privileges */
/* without: root */
/* Covers a folder by one of its own. */
#include <sys/mount.h>

int escape(void) {
    return mount("tmpfs", FOLDER, "tmpfs", 0, "size=4k") == 0 && umount(FOLDER) == 0;
}

/* A root folder of its own: an empty file system, read-only, with what the jail names in it.
 *
 * What is named is taken first, by descriptors, so that the new root can cover any of it; then each
 * is attached at its own path. A symbolic link (/lib -> usr/lib) is made again as one.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Their numbers are the same on all machines, and older headers lack them (Linux 5.2 and 5.12). */
enum { OPEN_TREE = 428, MOVE_MOUNT = 429, MOUNT_SETATTR = 442 };
enum { CLONE_IT = 1, WITH_ALL_BELOW = 0x8000, FROM_DESCRIPTOR = 4 };
enum { READ_ONLY = 1, NO_SUID = 2, NO_DEVICES = 4 };

static const char COVERED[] = "/usr"; /* while the new root is made; any folder would do */

struct piece {
    const char *path;
    int tree;         /* the mounts below it, attached nowhere; -1: there is no such path */
    int is_folder;
    char target[256]; /* where it points; empty: it is no link */
};

static int take(struct piece *piece, const char *path, int writable) {
    struct { uint64_t set, clear, propagation, user; } how = {.set = NO_SUID};
    struct stat about;
    *piece = (struct piece){.path = path, .tree = -1};
    if (lstat(path, &about) != 0) return 0;
    if (!writable && S_ISLNK(about.st_mode))
        return readlink(path, piece->target, sizeof piece->target - 1) > 0 ? 0 : errno;
    piece->is_folder = S_ISDIR(about.st_mode);
    if (!writable) how.set |= READ_ONLY;
    if (!S_ISCHR(about.st_mode)) how.set |= NO_DEVICES; /* /dev/null is one */
    piece->tree = (int)syscall(OPEN_TREE, AT_FDCWD, path, CLONE_IT | O_CLOEXEC | WITH_ALL_BELOW);
    if (piece->tree < 0) return errno;
    int flags = AT_EMPTY_PATH | WITH_ALL_BELOW;
    return syscall(MOUNT_SETATTR, piece->tree, "", flags, &how, sizeof how) == 0 ? 0 : errno;
}

/* The folders above a path, in the working folder. */
static void make_parents(const char *path) {
    char part[4096];
    for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
        if ((size_t)(end - path) >= sizeof part) return;
        memcpy(part, path, (size_t)(end - path));
        part[end - path] = 0;
        mkdir(part, 0755);
    }
}

static int attach(const struct piece *piece) {
    const char *path = piece->path + 1;
    if (piece->tree < 0 && !*piece->target) return 0;
    make_parents(path);
    if (*piece->target) return symlink(piece->target, path) == 0 ? 0 : errno;
    if (piece->is_folder)
        mkdir(path, 0755);
    else
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0444));
    int done = syscall(MOVE_MOUNT, piece->tree, "", AT_FDCWD, path, FROM_DESCRIPTOR) == 0;
    int error = done ? 0 : errno;
    close(piece->tree);
    return error;
}

static int hide(const char *path) {
    if (access(path + 1, F_OK) != 0) return 0;
    int flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
    return mount("tmpfs", path + 1, "tmpfs", flags, "size=4k") == 0 ? 0 : errno;
}

/* The candidate, which may lie where the jail's user cannot go. */
static int copy_library(struct jail *jail) {
    struct stat about;
    off_t done = 0;
    int copy = open("candidate.so", O_CREAT | O_WRONLY | O_CLOEXEC, 0555);
    if (copy < 0 || fstat(jail->library, &about) != 0) return errno;
    while (done < about.st_size)
        if (sendfile(copy, jail->library, &done, (size_t)(about.st_size - done)) <= 0) return errno;
    close(copy);
    jail->candidate = "/candidate.so";
    return 0;
}

/* Make the working folder the root, and forget the old one. */
static int move_in(void) {
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0) return errno;
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        return errno;
    return chdir("/") == 0 ? 0 : errno;
}

int private_root(struct jail *jail) {
    struct piece pieces[2 * MOST_PATHS];
    int count = 0, error = 0;
    for (int i = 0; !error && i < jail->reads.count; i++)
        error = take(&pieces[count++], jail->reads.path[i], 0);
    for (int i = 0; !error && i < jail->writes.count; i++)
        error = take(&pieces[count++], jail->writes.path[i], 1);
    if (error) return error;
    if (mount("tmpfs", COVERED, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) return errno;
    if (chdir(COVERED) != 0) error = errno;
    for (int i = 0; !error && i < count; i++) error = attach(&pieces[i]);
    for (int i = 0; !error && i < jail->hides.count; i++) error = hide(jail->hides.path[i]);
    if (!error && jail->library >= 0) error = copy_library(jail);
    if (!error) error = move_in();
    return error;
}

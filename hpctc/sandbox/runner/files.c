/* Landlock: only named files can be opened, also where there is no root folder of one's own. */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in <linux/landlock.h>, which may be older than the kernel (or absent). */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { ONLY_VERSION = 1, PATH_BENEATH = 1 };
enum { EXECUTE = 1 << 0, READ_FILE = 1 << 2, READ_DIR = 1 << 3, OF_A_FILE = 1 << 15 | 1 << 14 | 7 };
enum { REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEVICE = 1 << 15 };

struct ruleset {
    uint64_t files, net, scoped;
};

struct beneath {
    uint64_t access;
    int32_t folder;
} __attribute__((packed));

/* All that a version of the interface can deny. */
static struct ruleset everything(long version) {
    struct ruleset all = {.files = REFER - 1};
    if (version >= 2) all.files |= REFER;
    if (version >= 3) all.files |= TRUNCATE;
    if (version >= 4) all.net = 3; /* to bind and to connect TCP */
    if (version >= 5) all.files |= IOCTL_DEVICE;
    if (version >= 6) all.scoped = 3; /* abstract Unix sockets and signals, out of the jail */
    return all;
}

static int allow(int rules, int fd, uint64_t access) {
    struct stat about;
    struct beneath rule = {access, fd};
    if (fstat(fd, &about) != 0) return errno;
    if (!S_ISDIR(about.st_mode)) rule.access &= OF_A_FILE | READ_FILE;
    return syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0) == 0 ? 0 : errno;
}

static int allow_all(int rules, const struct paths *paths, uint64_t access) {
    int error = 0;
    for (int i = 0; !error && i < paths->count; i++) {
        int fd = open(paths->path[i], O_PATH | O_CLOEXEC);
        if (fd < 0) continue; /* what is not there need not be allowed */
        error = allow(rules, fd, access);
        close(fd);
    }
    return error;
}

int fence_files(const struct jail *jail) {
    long version = syscall(CREATE_RULESET, NULL, 0, ONLY_VERSION);
    if (version < 1) return version < 0 ? errno : ENOSYS;
    struct ruleset all = everything(version);
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int rules = (int)syscall(CREATE_RULESET, &all, size, 0);
    if (rules < 0) return errno;
    int error = allow_all(rules, &jail->reads, EXECUTE | READ_FILE | READ_DIR);
    if (!error) error = allow_all(rules, &jail->writes, all.files);
    if (!error && jail->candidate) {
        int fd = open(jail->candidate, O_PATH | O_CLOEXEC);
        error = fd < 0 ? errno : allow(rules, fd, READ_FILE);
        if (fd >= 0) close(fd);
    }
    if (!error && syscall(RESTRICT_SELF, rules, 0) != 0) error = errno;
    close(rules);
    return error;
}

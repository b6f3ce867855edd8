/* Limits on resources and powers: what every Unix has. */
#include "jail.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* Never above what this process was given itself. */
static int limit(int resource, rlim_t most) {
    struct rlimit both;
    if (getrlimit(resource, &both) != 0) return errno;
    if (most > both.rlim_max) most = both.rlim_max;
    both.rlim_cur = both.rlim_max = most;
    return setrlimit(resource, &both) == 0 ? 0 : errno;
}

static void close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
    for (int fd = first; fd < 65536; fd++) close(fd);
}

int limit_resources(const struct jail *jail, int first_closed) {
    struct { int resource; rlim_t most; } const all[] = {
        {RLIMIT_CPU, jail->cpu},
        {RLIMIT_AS, jail->memory ? jail->memory : RLIM_INFINITY},
        {RLIMIT_NOFILE, jail->descriptors},
        {RLIMIT_CORE, 0},
        {RLIMIT_MEMLOCK, 0},
        {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_RTPRIO, 0},
        {RLIMIT_NICE, 0},
        {RLIMIT_SIGPENDING, 256},
    };
    int error = 0;
    for (size_t i = 0; !error && i < sizeof all / sizeof *all; i++)
        error = limit(all[i].resource, all[i].most);
    close_from(first_closed);
    return error;
}

/* Apart from the others: the runner itself writes a longer file and makes a process before. */
int limit_files_and_threads(const struct jail *jail) {
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit fails instead of killing */
    int error = limit(RLIMIT_FSIZE, jail->file);
    /* The kernel counts a user's processes; only in a user namespace are these ours alone. */
    if (!error && (jail->layers & NAMESPACES) && jail->threads)
        error = limit(RLIMIT_NPROC, jail->threads);
    return error;
}

void end_with_parent(const struct jail *jail) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("prctl", errno);
    if (jail->parent && getppid() != (pid_t)jail->parent) _exit(BROKEN); /* it died before that */
}

/* Bind this thread to the first core, as OpenMP has bound its worker i to core i. Were it free, the
 * kernel would now and then wake it beside one of them, and leave another core idle. */
void settle(const char *cores) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(strtol(cores, NULL, 10), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity", errno);
}

/* This thread begins on the first core, and may use all: those that it makes may, too. */
void pin(const char *cores) {
    cpu_set_t set;
    CPU_ZERO(&set);
    settle(cores);
    for (char *next = (char *)cores; *next; next += *next == ',')
        CPU_SET(strtol(next, &next, 10), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity", errno);
}

/* The file limits of root do not bind it, and its files are everybody's secrets. */
int become_nobody(void) {
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return errno;
    return 0;
}

/* No capability now, and none by running a program; nobody may trace or dump this process. */
int drop_privileges(void) {
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;) capability++;
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    if (syscall(SYS_capset, &head, none) != 0) return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    return 0;
}

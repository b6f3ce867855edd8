/* Its own users, processes, network, IPC objects and host name.
 *
 * The first process of a process namespace is its `init`: when it ends, the kernel ends all others.
 * It also ignores signals that it has no handler for, raise(SIGABRT) among them, so that it must
 * not be the candidate.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

static int put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = dprintf(fd, "%s", text) < 0 ? errno : 0;
    close(fd);
    return error;
}

static int map_self(const char *path, unsigned id) {
    char line[64];
    snprintf(line, sizeof line, "%u %u 1", id, id);
    return put(path, line);
}

int enter_namespaces(void) {
    uid_t user = geteuid();
    gid_t group = getegid();
    /* A process that changed its user owns its files in /proc only if it may be dumped. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                CLONE_NEWUTS | CLONE_NEWCGROUP) != 0)
        return errno;
    int error = put("/proc/self/setgroups", "deny");
    if (!error) error = map_self("/proc/self/uid_map", user);
    if (!error) error = map_self("/proc/self/gid_map", group);
    return error;
}

/* A user namespace that cannot be mapped is entered all the same: try it in a process apart. */
int try_namespaces(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int error = enter_namespaces();
        if (!error && fork() < 0) error = errno; /* the first process of the new namespace */
        _exit(error);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
}

/* fork(), but the new process is our parent's child: it stops, continues and awaits it directly. */
int sibling(void) {
    int *thread_id = NULL;
    prctl(PR_GET_TID_ADDRESS, &thread_id, 0, 0, 0);
    int pid = (int)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    /* fork() would have told the C library its thread's new number; pthread functions use it. */
    if (pid == 0 && thread_id) *thread_id = (int)syscall(SYS_gettid);
    return pid;
}

/* Wait until nobody holds the other end of a pipe, and end; all of the namespace ends with us. */
void init(int until_closed) {
    struct pollfd pipe = {until_closed, 0, 0};
    drop_privileges();
    while (poll(&pipe, 1, -1) <= 0) {}
    _exit(0);
}

/* Runs untrusted native code in a jail. Trusted, small, without allocation of its own.
 *
 *   runner exec SETTING... -- COMMAND...              run a command (a compiler)
 *   runner call SETTING... -- LIBRARY ENTRY BUFFER... load a library and call a function of it
 *   runner probe SETTING...                           say which layers this host gives
 *
 * A setting is `name=value`; see `read_setting`. `call` calls ENTRY once for every request that
 * comes in on descriptor 3, and answers on descriptor 4 with the request's nonce and the
 * nanoseconds that the call took. BUFFER is r:OFFSET:LENGTH:LEAD (inputs, read-only pages of
 * descriptor 5) or w:OFFSET:LENGTH:LEAD (outputs, descriptor 6): the pages [OFFSET, OFFSET+LENGTH)
 * are mapped between two guard pages, and the argument points LEAD bytes into them. What a process
 * that serves calls says is not believed outright: the parent holds the clock beside it, stops it
 * while it reads the outputs, and knows the answers.
 *
 * A layer that was asked for and is refused ends the runner: nothing runs in half a jail.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STARTED = 6, REFUSED = 7 };
enum { REQUESTS = 3, FIRST_CLOSED = 7 };

void fail(const char *what, int error) {
    fprintf(stderr, "the sandbox failed: %s: %s\n", what, strerror(error));
    _exit(BROKEN);
}

static void wrong_use(const char *what) {
    fprintf(stderr, "wrong use of the runner: %s\n", what);
    _exit(BROKEN);
}

static void add_path(struct paths *paths, const char *path) {
    if (paths->count == MOST_PATHS || *path != '/') wrong_use(path);
    paths->path[paths->count++] = path;
}

/* One `name=value` of the command line. */
static void read_setting(struct jail *jail, char *word) {
    static const struct { const char *name; size_t offset; } numbers[] = {
        {"layers", offsetof(struct jail, layers)}, {"cpu", offsetof(struct jail, cpu)},
        {"memory", offsetof(struct jail, memory)}, {"file", offsetof(struct jail, file)},
        {"descriptors", offsetof(struct jail, descriptors)},
        {"threads", offsetof(struct jail, threads)}, {"errors", offsetof(struct jail, errors)},
        {"parent", offsetof(struct jail, parent)},
    };
    char *value = strchr(word, '=');
    if (!value) wrong_use(word);
    *value++ = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(word, numbers[i].name) == 0) {
            *(uint64_t *)((char *)jail + numbers[i].offset) = strtoull(value, NULL, 10);
            return;
        }
    if (strcmp(word, "cores") == 0) jail->cores = value;
    else if (strcmp(word, "read") == 0) add_path(&jail->reads, value);
    else if (strcmp(word, "write") == 0) add_path(&jail->writes, value);
    else if (strcmp(word, "hide") == 0) add_path(&jail->hides, value);
    else wrong_use(word);
}

static const struct { uint64_t bit; const char *name; } late[] = {
    {MOUNTS, "mounts"}, {RLIMITS, "rlimits"}, {PRIVILEGES, "privileges"},
    {LANDLOCK, "landlock"}, {SECCOMP, "seccomp"},
};
enum { LATE = sizeof late / sizeof *late };

static int enter(uint64_t layer, struct jail *jail, int (*filter)(void)) {
    switch (layer) {
    case MOUNTS: return private_root(jail);
    case RLIMITS: return limit_files_and_threads(jail);
    case PRIVILEGES: return drop_privileges();
    case LANDLOCK: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : fence_files(jail);
    default: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : filter();
    }
}

/* The layers that a process puts around itself last; those that now stand, the early ones too. */
uint64_t confine(struct jail *jail, int (*filter)(void), int *why) {
    uint64_t granted = jail->layers & NAMESPACES;
    for (int i = 0; i < LATE; i++) {
        if (!(jail->layers & late[i].bit)) continue;
        if ((*why = enter(late[i].bit, jail, filter)) != 0) return granted;
        granted |= late[i].bit;
    }
    return granted;
}

static void refuse(uint64_t layer, int error) {
    fprintf(stderr, "%s\n", strerror(error));
    report(0, REFUSED, layer);
    _exit(BROKEN);
}

/* In a process namespace two more processes are made, both children of our parent: its init, and
 * the one that serves. The parent is told their numbers before the candidate is loaded. */
static int in_two(struct jail *jail, char **words) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) fail("pipe", errno);
    int first = sibling();
    if (first == 0) {
        for (int fd = 0; fd < gate[1] + 1; fd++)
            if (fd != REQUESTS) close(fd);
        init(REQUESTS);
    }
    int second = first < 0 ? -1 : sibling();
    if (second < 0) fail("clone", errno);
    if (second > 0) {
        report((uint64_t)first, STARTED, (uint64_t)second);
        _exit(write(gate[1], "", 1) == 1 ? 0 : BROKEN);
    }
    char open_now;
    close(gate[1]);
    if (read(gate[0], &open_now, 1) != 1) _exit(BROKEN); /* the one that was to open it died */
    close(gate[0]);
    return serve_calls(jail, words);
}

static int run_calls(struct jail *jail, char **words) {
    int error;
    if (jail->layers & RLIMITS && (error = limit_resources(jail, FIRST_CLOSED)))
        refuse(RLIMITS, error);
    jail->candidate = words[0];
    jail->library = open(words[0], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (jail->library < 0) fail(words[0], errno);
    if (jail->layers & PRIVILEGES && geteuid() == 0) {
        if ((error = become_nobody())) refuse(PRIVILEGES, error);
        static char opened[32];
        snprintf(opened, sizeof opened, "/proc/self/fd/%d", jail->library);
        if (access(words[0], R_OK) != 0) jail->candidate = opened; /* nobody may go to its folder */
    }
    end_with_parent(jail); /* to become another user would have undone it */
    if (!(jail->layers & NAMESPACES)) {
        report(0, STARTED, (uint64_t)getpid());
        return serve_calls(jail, words + 1);
    }
    if ((error = enter_namespaces())) refuse(NAMESPACES, error);
    return in_two(jail, words + 1);
}

/* Wait for one child (and bury what else comes): its exit status, as a shell gives it. */
static int await(pid_t child) {
    int status;
    for (pid_t pid; (pid = wait(&status)) != child;)
        if (pid < 0 && errno != EINTR) return BROKEN;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void become_program(struct jail *jail, char **command) {
    int why = 0;
    const char *path = getenv("PATH"), *scratch = jail->writes.count ? jail->writes.path[0] : "/";
    char *search = path ? strdup(path) : NULL;
    clearenv();
    if (search) setenv("PATH", search, 1);
    setenv("LC_ALL", "C", 1);
    setenv("TMPDIR", scratch, 1);
    if (confine(jail, filter_program, &why) != jail->layers) fail("a layer was refused", why);
    if (chdir(scratch) != 0) fail(scratch, errno);
    execvp(command[0], command);
    fail(command[0], errno);
}

static void pass_on(int from, uint64_t most) {
    char block[4096];
    ssize_t got;
    lseek(from, 0, SEEK_SET);
    while (most > 0 && (got = read(from, block, most < sizeof block ? most : sizeof block)) > 0) {
        if (write(STDERR_FILENO, block, (size_t)got) != got) return;
        most -= (uint64_t)got;
    }
}

/* The program, below a process that waits for it, and in a process namespace below its init. */
static int run_jailed(struct jail *jail, char **command) {
    int error, held = jail->errors ? memfd_create("stderr", MFD_CLOEXEC) : -1;
    if (jail->layers & NAMESPACES && (error = enter_namespaces())) fail("namespaces", error);
    pid_t child = fork();
    if (child < 0) fail("fork", errno);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (held >= 0) dup2(held, STDERR_FILENO);
        pid_t inner = jail->layers & NAMESPACES ? fork() : 0;
        if (inner < 0) fail("fork", errno);
        if (inner > 0) _exit(await(inner));
        become_program(jail, command);
    }
    int status = await(child);
    if (held >= 0) pass_on(held, jail->errors);
    return status;
}

static int run_program(struct jail *jail, char **command) {
    int error;
    end_with_parent(jail);
    if (jail->layers & RLIMITS && (error = limit_resources(jail, STDERR_FILENO + 1)))
        fail("limits", error);
    if (jail->layers & ~(uint64_t)RLIMITS) return run_jailed(jail, command);
    if (jail->layers && (error = limit_files_and_threads(jail))) fail("limits", error);
    execvp(command[0], command);
    fail(command[0], errno);
}

/* NAME ERROR a line, 0 for a layer that this host gives. */
static int probe(struct jail *jail) {
    int limits = limit_resources(jail, STDERR_FILENO + 1);
    /* A compiler runs as the user, a candidate as nobody: both must get their namespaces. */
    int alone = try_namespaces();
    int user = geteuid() == 0 ? become_nobody() : 0;
    if (!alone) alone = try_namespaces();
    if (!alone) alone = enter_namespaces();
    jail->layers = alone ? 0 : NAMESPACES;
    printf("namespaces %d\n", alone);
    for (int i = 0; i < LATE; i++) {
        int before = late[i].bit == MOUNTS ? alone : late[i].bit == PRIVILEGES ? user
                   : late[i].bit == RLIMITS ? limits : 0;
        int refused = before ? before : enter(late[i].bit, jail, filter_candidate);
        printf("%s %d\n", late[i].name, refused);
    }
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    struct jail jail = {.library = -1, .descriptors = 64};
    char **rest = argv + 2;
    if (argc < 2) wrong_use("no mode");
    while (*rest && strcmp(*rest, "--") != 0) read_setting(&jail, *rest++);
    if (strcmp(argv[1], "probe") == 0) return probe(&jail);
    /* Root could mount outside of a namespace, and would then do so for the whole machine. */
    if ((jail.layers & MOUNTS) && !(jail.layers & NAMESPACES)) wrong_use("mounts need namespaces");
    if (!*rest || !rest[1]) wrong_use("nothing behind --");
    if (strcmp(argv[1], "exec") == 0) return run_program(&jail, rest + 1);
    if (strcmp(argv[1], "call") == 0 && rest[2]) return run_calls(&jail, rest + 1);
    wrong_use(argv[1]);
}

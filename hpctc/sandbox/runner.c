/* Runs untrusted native code under limits. Trusted, small, without allocation.
 *
 *   runner exec CPU_S MEMORY FILE PARENT -- COMMAND...    limits, then the command (a compiler)
 *   runner call CPU_S MEMORY FILE PARENT CORES LIBRARY ENTRY BUFFER...
 *
 * `call` loads LIBRARY and calls ENTRY once for every request that comes in on descriptor 3, and
 * answers on descriptor 4 with the request's nonce and the nanoseconds that the call took. BUFFER is
 * r:OFFSET:LENGTH:LEAD (inputs, read-only pages of descriptor 5) or w:OFFSET:LENGTH:LEAD (outputs,
 * descriptor 6): the pages [OFFSET, OFFSET+LENGTH) are mapped between two guard pages, and the
 * argument points LEAD bytes into them. What this process says is not believed outright: the
 * parent holds the clock beside it, stops it while it reads the outputs, and knows the answers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 3, REPLIES = 4, INPUTS = 5, OUTPUTS = 6 };
enum { READY = 1, DONE = 2, NO_LIBRARY = 3, NO_ENTRY = 4, NO_MEMORY = 5 };
enum { LAYER_RLIMITS = 1, LAYER_SECCOMP = 2, LAYER_LANDLOCK = 4 };
enum { MOST_ARGUMENTS = 64 };

struct request {
    uint64_t nonce;
};

struct reply {
    uint64_t nonce;
    uint64_t status;
    uint64_t value; /* DONE: nanoseconds; READY: the layers that are on */
};

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    _exit(125);
}

static void limit(int resource, const char *text) {
    rlim_t most = strtoull(text, NULL, 10);
    struct rlimit both = {most, most};
    if (setrlimit(resource, &both) != 0) fail("setrlimit");
}

/* CPU_S MEMORY FILE PARENT: what both modes set first. */
static void confine(char **argv) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("prctl");
    if (getppid() != (pid_t)strtol(argv[3], NULL, 10)) _exit(125); /* it died before the line above */
    limit(RLIMIT_CPU, argv[0]);
    limit(RLIMIT_AS, argv[1]);
    limit(RLIMIT_FSIZE, argv[2]);
    limit(RLIMIT_CORE, "0");
    signal(SIGXFSZ, SIG_IGN); /* a write past the file limit fails instead of killing */
}

static void pin(char *cores) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (char *core = strtok(cores, ","); core; core = strtok(NULL, ","))
        CPU_SET(strtol(core, NULL, 10), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY(call, error) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), REFUSE(error)
/* Allowed if the first argument (low half) equals `value`, else refused. */
#define ONLY_FIRST_ARGUMENT(call, value)                                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[0]),                    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1), ALLOW, REFUSE(EPERM)

/* No new process, no other program, no signal to others, no socket, no leaving the session. */
static int filter_calls(void) {
#ifdef THIS_ARCH
    uint32_t self = (uint32_t)getpid();
    struct sock_filter filter[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
#ifdef __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the x32 calls */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        DENY(__NR_fork, EPERM),
        DENY(__NR_vfork, EPERM),
#endif
        /* clone makes threads only; of clone3 the flags lie in memory, and libc falls back. */
        DENY(__NR_clone3, ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
        ALLOW,
        REFUSE(EPERM),
        DENY(__NR_execve, EPERM),
        DENY(__NR_execveat, EPERM),
        DENY(__NR_socket, EPERM),
        DENY(__NR_socketpair, EPERM),
        DENY(__NR_ptrace, EPERM),
        DENY(__NR_process_vm_readv, EPERM),
        DENY(__NR_process_vm_writev, EPERM),
        DENY(__NR_pidfd_open, EPERM),
        DENY(__NR_pidfd_send_signal, EPERM),
        DENY(__NR_rt_sigqueueinfo, EPERM),
        DENY(__NR_tkill, EPERM),
        DENY(__NR_setsid, EPERM),
        DENY(__NR_setpgid, EPERM),
        DENY(__NR_io_uring_setup, EPERM),
        ONLY_FIRST_ARGUMENT(__NR_prlimit64, 0),
        ONLY_FIRST_ARGUMENT(__NR_kill, self),
        ONLY_FIRST_ARGUMENT(__NR_tgkill, self),
        ALLOW,
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
    return 0;
#endif
}

#ifdef LANDLOCK_CREATE_RULESET_VERSION
static void may_read(int rules, const char *path, uint64_t access) {
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return; /* what is not there need not be allowed */
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
}
#endif

/* No file can be opened but the candidate and the system's libraries, and none for writing. */
static int fence_files(const char *library) {
#ifdef LANDLOCK_CREATE_RULESET_VERSION
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return 0;
    /* Bits 0 to 12 are of the first version; 13 (refer) and 14 (truncate) came one at a time. */
    struct landlock_ruleset_attr all = {
        .handled_access_fs = version >= 3 ? 0x7FFF : version == 2 ? 0x3FFF : 0x1FFF};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0) return 0;
    static const char *const folders[] = {"/lib",       "/lib64",         "/usr/lib",
                                          "/usr/lib64", "/usr/local/lib", "/sys/devices/system/cpu"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        may_read(rules, folders[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    may_read(rules, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
    may_read(rules, library, LANDLOCK_ACCESS_FS_READ_FILE);
    int done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
#else
    (void)library;
    return 0;
#endif
}

/* Map r|w:OFFSET:LENGTH:LEAD between guard pages; NULL where there is no room. */
static void *map_buffer(const char *text) {
    char kind;
    size_t offset, length, lead, page = (size_t)sysconf(_SC_PAGESIZE);
    if (sscanf(text, "%c:%zu:%zu:%zu", &kind, &offset, &length, &lead) != 4) _exit(125);
    int writable = kind == 'w';
    char *room = mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return NULL;
    char *data = mmap(room + page, length, PROT_READ | (writable ? PROT_WRITE : 0),
                      MAP_SHARED | MAP_FIXED | MAP_POPULATE, writable ? OUTPUTS : INPUTS,
                      (off_t)offset);
    return data == MAP_FAILED ? NULL : data + lead;
}

static void say(uint64_t nonce, uint64_t status, uint64_t value) {
    struct reply reply = {nonce, status, value};
    if (write(REPLIES, &reply, sizeof reply) != sizeof reply) _exit(124);
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

typedef void *P;
typedef void entry_t(P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
                     P, P, P, P, P, P, P, P, P, P);

/* The calling conventions of x86-64 and AArch64 let a caller pass more than the callee reads. */
static void call(entry_t *entry, P *a) {
#define EIGHT(i) a[i], a[i + 1], a[i + 2], a[i + 3], a[i + 4], a[i + 5], a[i + 6], a[i + 7]
    entry(EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56));
#undef EIGHT
}

static void serve(entry_t *entry, P *arguments) {
    struct request request;
    while (read(REQUESTS, &request, sizeof request) == sizeof request) {
        uint64_t before = nanoseconds();
        call(entry, arguments);
        uint64_t after = nanoseconds();
        say(request.nonce, DONE, after - before);
    }
}

static int run_calls(char **argv) {
    P arguments[MOST_ARGUMENTS] = {0};
    pin(argv[4]);
    for (int i = 0; argv[7 + i]; i++) {
        arguments[i] = map_buffer(argv[7 + i]);
        if (!arguments[i]) return say(0, NO_MEMORY, 0), 1;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("prctl");
    uint64_t layers = LAYER_RLIMITS;
    if (fence_files(argv[5])) layers |= LAYER_LANDLOCK;
    if (filter_calls()) layers |= LAYER_SECCOMP;
    void *library = dlopen(argv[5], RTLD_NOW | RTLD_LOCAL); /* constructors run jailed too */
    if (!library) return fprintf(stderr, "%s\n", dlerror()), say(0, NO_LIBRARY, 0), 1;
    entry_t *entry = (entry_t *)dlsym(library, argv[6]);
    if (!entry) return say(0, NO_ENTRY, 0), 1;
    say(0, READY, layers);
    serve(entry, arguments);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 7 && strcmp(argv[1], "exec") == 0) {
        confine(argv + 2);
        execvp(argv[7], argv + 7);
        fail(argv[7]);
    }
    if (argc > 8 && argc <= 9 + MOST_ARGUMENTS && strcmp(argv[1], "call") == 0) {
        confine(argv + 2);
        return run_calls(argv + 2);
    }
    fprintf(stderr, "wrong use of the runner\n");
    return 125;
}

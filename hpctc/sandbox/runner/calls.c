/* The system calls that are left: of a candidate few are allowed, of a compiler some are denied.
 *
 * What is not allowed is answered with ENOSYS, as by a kernel that does not have it: libraries have
 * a way around that, and a new kernel's calls are closed before anybody has heard of them.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef THIS_ARCH

enum { MOST_STEPS = 512 };
enum { OUTSIDE = 0x40000000 }; /* x86-64: from here on the x32 calls */

struct filter {
    unsigned short count;
    struct sock_filter step[MOST_STEPS];
};

static void add(struct filter *f, struct sock_filter step) {
    if (f->count < MOST_STEPS) f->step[f->count] = step;
    f->count++;
}

static void load(struct filter *f, size_t offset) {
    add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void answer(struct filter *f, unsigned action) {
    add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Go on with the next step if the loaded value equals (has one of the bits), else skip `skip`. */
static void if_equal(struct filter *f, unsigned value, unsigned char skip) {
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

static void if_bits(struct filter *f, unsigned bits, unsigned char skip) {
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, skip));
}

static void begin(struct filter *f) {
    load(f, offsetof(struct seccomp_data, arch));
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0));
    answer(f, SECCOMP_RET_KILL_PROCESS);
    load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OUTSIDE, 0, 1));
    answer(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void each(struct filter *f, const int *calls, size_t count, unsigned action) {
    for (size_t i = 0; i < count; i++) {
        if_equal(f, (unsigned)calls[i], 1);
        answer(f, action);
    }
}

/* Allowed if the low half of an argument is one of `values`, else refused. */
static void only(struct filter *f, int call, int argument, const unsigned *values, size_t count) {
    if_equal(f, (unsigned)call, (unsigned char)(2 * count + 2));
    load(f, offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
    for (size_t i = 0; i < count; i++) {
        if_equal(f, values[i], 1);
        answer(f, SECCOMP_RET_ALLOW);
    }
    answer(f, SECCOMP_RET_ERRNO | EPERM);
}

static int install(struct filter *f) {
    if (f->count > MOST_STEPS) return E2BIG;
    struct sock_fprog program = {f->count, f->step};
    /* Without the flag older kernels slow the candidate down, to guard it against its own data. */
    int flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0) return 0;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ONLY(call, argument, ...)                                   \
    do {                                                            \
        const unsigned values[] = {__VA_ARGS__};                    \
        only(&f, call, argument, values, COUNT(values));            \
    } while (0)

/* Memory, threads, waiting, clocks, its own signals, the descriptors that it has, and opening files
 * for reading (what there is to be read, others decide). */
static const int candidate_may[] = {
    __NR_read, __NR_readv, __NR_pread64, __NR_write, __NR_writev, __NR_close, __NR_lseek,
    __NR_fstat, __NR_openat, __NR_newfstatat, __NR_statx, __NR_readlinkat, __NR_faccessat,
    __NR_getdents64,
    __NR_getcwd, __NR_dup, __NR_dup3, __NR_ppoll, __NR_pselect6, __NR_pipe2,
    __NR_mmap, __NR_munmap, __NR_mprotect, __NR_mremap, __NR_madvise, __NR_brk, __NR_mincore,
    __NR_futex, __NR_set_robust_list, __NR_get_robust_list, __NR_rseq, __NR_membarrier,
    __NR_exit, __NR_exit_group, __NR_set_tid_address, __NR_restart_syscall,
    __NR_sched_yield, __NR_sched_getaffinity, __NR_sched_getparam, __NR_sched_getscheduler,
    __NR_sched_setaffinity, /* OpenMP binds its threads; whether all stay inside, the parent sees */
    __NR_getcpu, __NR_clock_gettime, __NR_clock_getres, __NR_clock_nanosleep, __NR_nanosleep,
    __NR_gettimeofday, __NR_times, __NR_getrusage, __NR_sysinfo, __NR_uname,
    __NR_getpid, __NR_gettid, __NR_getppid, __NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid,
    __NR_getrandom, __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack,
    __NR_rt_sigpending, __NR_rt_sigtimedwait, __NR_rt_sigsuspend,
#ifdef __NR_faccessat2
    __NR_faccessat2,
#endif
#ifdef __x86_64__
    __NR_open, __NR_stat, __NR_lstat, __NR_access, __NR_readlink, __NR_dup2, __NR_poll, __NR_select,
    __NR_pipe, __NR_pause, __NR_time, __NR_arch_prctl, __NR_getrlimit,
#endif
};

int filter_candidate(void) {
    struct filter f = {.count = 0};
    unsigned self = (unsigned)getpid();
    begin(&f);
    each(&f, candidate_may, COUNT(candidate_may), SECCOMP_RET_ALLOW);
    if_equal(&f, __NR_clone, 4); /* threads only; of clone3 the flags lie in memory */
    load(&f, offsetof(struct seccomp_data, args));
    if_bits(&f, CLONE_THREAD, 1);
    answer(&f, SECCOMP_RET_ALLOW);
    answer(&f, SECCOMP_RET_ERRNO | EPERM);
    ONLY(__NR_kill, 0, self);
    ONLY(__NR_tgkill, 0, self);
    ONLY(__NR_prlimit64, 0, 0);
    ONLY(__NR_prctl, 0, PR_SET_NAME, PR_GET_NAME, 0x53564d41 /* PR_SET_VMA: names for memory */);
    ONLY(__NR_fcntl, 1, F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC);
    ONLY(__NR_ioctl, 1, 0x5401 /* TCGETS: is it a terminal? */);
    answer(&f, SECCOMP_RET_ERRNO | ENOSYS);
    return install(&f);
}

/* Networks, other processes' memory, the kernel's own settings, mounts, new namespaces. */
static const int program_may_not[] = {
    __NR_socket, __NR_socketpair, __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev,
    __NR_kcmp, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd, __NR_keyctl, __NR_add_key,
    __NR_request_key, __NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot, __NR_unshare,
    __NR_setns, __NR_setsid, __NR_setpgid, __NR_shmget, __NR_msgget, __NR_semget, __NR_mq_open,
    __NR_memfd_create, __NR_fanotify_init, __NR_inotify_init1, __NR_name_to_handle_at,
    __NR_open_by_handle_at, __NR_mknodat, __NR_clock_settime, __NR_clock_adjtime, __NR_settimeofday,
    __NR_adjtimex, __NR_sethostname, __NR_setdomainname, __NR_reboot, __NR_swapon, __NR_swapoff,
    __NR_kexec_load, __NR_init_module, __NR_finit_module, __NR_delete_module, __NR_acct,
    __NR_quotactl, __NR_syslog, __NR_vhangup, __NR_personality, __NR_setpriority,
    __NR_sched_setscheduler, __NR_sched_setattr, __NR_ioprio_set, __NR_rt_sigqueueinfo,
    /* From here on the numbers are the same on all machines. */
    425, 426, 427,                /* io_uring_setup, _enter, _register */
    428, 429, 430, 431, 432, 433, /* open_tree, move_mount, fsopen, fsconfig, fsmount, fspick */
    442,                          /* mount_setattr */
    424, 434, 438, 440,           /* pidfd_send_signal, pidfd_open, pidfd_getfd, process_madvise */
    447,                          /* memfd_secret */
#ifdef __x86_64__
    __NR_iopl, __NR_ioperm, __NR_mknod, __NR_modify_ldt,
#endif
};

int filter_program(void) {
    struct filter f = {.count = 0};
    unsigned worlds = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                      CLONE_NEWUTS | 0x02000000 /* cgroup */;
    begin(&f);
    each(&f, program_may_not, COUNT(program_may_not), SECCOMP_RET_ERRNO | EPERM);
    if_equal(&f, 435 /* clone3: its flags lie in memory, and libc falls back */, 1);
    answer(&f, SECCOMP_RET_ERRNO | ENOSYS);
    if_equal(&f, __NR_clone, 3);
    load(&f, offsetof(struct seccomp_data, args));
    if_bits(&f, worlds, 1);
    answer(&f, SECCOMP_RET_ERRNO | EPERM);
    answer(&f, SECCOMP_RET_ALLOW);
    return install(&f);
}

#else

int filter_candidate(void) { return ENOSYS; }
int filter_program(void) { return ENOSYS; }

#endif

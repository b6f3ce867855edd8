/* stopped by: seccomp */
/* host may refuse */
/* Watches the machine from within, others too. */
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) {
    struct perf_event_attr how = {.type = PERF_TYPE_SOFTWARE, .size = sizeof how};
    how.exclude_kernel = 1;
    return syscall(SYS_perf_event_open, &how, 0, -1, -1, 0) >= 0;
}

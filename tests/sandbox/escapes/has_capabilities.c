/* stopped by: seccomp, privileges */
/* without: root */
/* Counts its capabilities. */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int escape(void) {
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct held[2] = {{0}};
    return syscall(SYS_capget, &head, held) == 0 && (held[0].effective | held[1].effective) != 0;
}

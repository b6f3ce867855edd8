/* stopped by: seccomp, landlock, mounts */
/* vfork and exec: what system() and popen() do. */
#include <sys/wait.h>
#include <unistd.h>

int escape(void) {
    int status;
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)0);
        _exit(1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

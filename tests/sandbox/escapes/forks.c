/* stopped by: seccomp */
/* Makes a process. */
#include <sys/wait.h>
#include <unistd.h>

int escape(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    return child > 0 && waitpid(child, 0, 0) == child;
}

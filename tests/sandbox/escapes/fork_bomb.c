/* stopped by: seccomp, rlimits+namespaces+privileges */
/* Processes until there are no more; here a hundred are enough. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int escape(void) {
    pid_t child[100];
    int count = 0;
    while (count < 100 && (child[count] = fork()) >= 0) {
        if (child[count] == 0) for (;;) pause();
        count++;
    }
    for (int i = 0; i < count; i++) kill(child[i], SIGKILL);
    for (int i = 0; i < count; i++) waitpid(child[i], 0, 0);
    return count == 100;
}

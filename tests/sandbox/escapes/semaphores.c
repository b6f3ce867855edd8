/* stopped by: seccomp */
/* Semaphores that outlive every process. */
#include <sys/ipc.h>
#include <sys/sem.h>

int escape(void) {
    int id = semget(IPC_PRIVATE, 1, 0600);
    return id >= 0 && semctl(id, 0, IPC_RMID) == 0;
}

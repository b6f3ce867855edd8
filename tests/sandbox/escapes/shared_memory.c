/* stopped by: seccomp */
/* Memory that outlives every process. */
#include <sys/ipc.h>
#include <sys/shm.h>

int escape(void) {
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    return id >= 0 && shmctl(id, IPC_RMID, 0) == 0;
}

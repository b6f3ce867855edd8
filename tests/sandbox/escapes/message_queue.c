/* stopped by: seccomp, rlimits+privileges */
/* host may refuse */
/* A queue that outlives every process. */
#include <fcntl.h>
#include <mqueue.h>

int escape(void) {
    mqd_t queue = mq_open("/hpctc-escape", O_CREAT | O_RDWR, 0600, (struct mq_attr *)0);
    if (queue != (mqd_t)-1) mq_unlink("/hpctc-escape");
    return queue != (mqd_t)-1;
}

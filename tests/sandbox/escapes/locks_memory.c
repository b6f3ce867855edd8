/* stopped by: seccomp, rlimits+privileges */
/* Memory that cannot be swapped out. */
#include <sys/mman.h>

static char block[1 << 20];

int escape(void) { return mlock(block, sizeof block) == 0; }

/* stopped by: seccomp */
/* No longer ends with its parent. */
#include <sys/prctl.h>

int escape(void) { return prctl(PR_SET_PDEATHSIG, 0) == 0; }

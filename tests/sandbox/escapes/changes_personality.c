/* stopped by: seccomp */
/* All readable memory becomes a program. */
#include <sys/personality.h>

int escape(void) { return personality(READ_IMPLIES_EXEC) != -1; }

/* stopped by: seccomp, landlock, mounts */
/* system(). */
#include <stdlib.h>

int escape(void) { return system("exit 0") == 0; }

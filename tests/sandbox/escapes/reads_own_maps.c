/* stopped by: landlock, mounts */
/* Looks where the runner lies in memory. */
#include <fcntl.h>

int escape(void) { return open("/proc/self/maps", O_RDONLY) >= 0; }

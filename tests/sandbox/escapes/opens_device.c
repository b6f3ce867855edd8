/* stopped by: landlock, mounts */
/* Opens a device, if only the most harmless. */
#include <fcntl.h>

int escape(void) { return open("/dev/zero", O_RDONLY) >= 0; }

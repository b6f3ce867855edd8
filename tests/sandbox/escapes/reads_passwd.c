/* stopped by: landlock, mounts */
/* Reads who has an account here. */
#include <fcntl.h>

int escape(void) { return open("/etc/passwd", O_RDONLY) >= 0; }

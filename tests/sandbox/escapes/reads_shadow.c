/* stopped by: landlock, mounts, privileges */
/* without: root */
/* Reads what only root may. */
#include <fcntl.h>

int escape(void) { return open("/etc/shadow", O_RDONLY) >= 0; }

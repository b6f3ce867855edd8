/* stopped by: landlock, mounts */
/* Reads a file of the user who runs the evaluation. */
#include <fcntl.h>

int escape(void) { return open(SECRET, O_RDONLY) >= 0; }

/* stopped by: seccomp, landlock, mounts */
/* Cuts a file, to the length that it has. */
#include <unistd.h>

int escape(void) { return truncate(SECRET, SECRET_BYTES) == 0; }

/* stopped by: seccomp, landlock, mounts */
/* Deletes what it did not make; gives itself away by a link only where it could. */
#include <unistd.h>

int escape(void) { return link(SECRET, SECRET ".2") == 0 && unlink(SECRET ".2") == 0; }

/* stopped by: seccomp, privileges */
/* without: root */
/* A root folder of its own choice. */
#include <unistd.h>

int escape(void) { return chroot("/") == 0; }

/* stopped by: seccomp, mounts */
/* Opens a file to everybody. Landlock has no word for that. */
#include <sys/stat.h>

int escape(void) { return chmod(SECRET, 0644) == 0; }

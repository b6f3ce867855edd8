/* stopped by: seccomp, landlock, mounts */
/* Makes a folder. */
#include <sys/stat.h>
#include <unistd.h>

int escape(void) { return mkdir(FOLDER "/folder", 0700) == 0 && rmdir(FOLDER "/folder") == 0; }

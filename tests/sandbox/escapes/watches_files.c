/* stopped by: seccomp */
/* Learns when others open files. */
#include <sys/inotify.h>

int escape(void) { return inotify_init1(0) >= 0; }

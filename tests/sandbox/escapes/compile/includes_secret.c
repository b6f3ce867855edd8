/* stopped by: landlock, mounts */
/* Includes a file by its full path. */
#include SECRET
void f(void) {}

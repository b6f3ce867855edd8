/* stopped by: landlock, mounts */
/* Includes a file beside the folder in which it is compiled. */
#include "../secret.h"
void f(void) {}

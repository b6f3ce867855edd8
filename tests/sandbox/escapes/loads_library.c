/* stopped by: landlock, mounts */
/* Loads a library of the system's, as it might a BLAS. */
#include <dlfcn.h>

int escape(void) { return dlopen("libresolv.so.2", RTLD_NOW) != 0; }

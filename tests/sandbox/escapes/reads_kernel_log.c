/* stopped by: seccomp */
/* host may refuse */
/* Asks for the kernel's messages. */
#include <sys/klog.h>

int escape(void) { return klogctl(10 /* how long are they? */, 0, 0) > 0; }

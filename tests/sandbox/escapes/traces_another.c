/* stopped by: seccomp, namespaces */
/* without: root */
/* Becomes the tracer of a process that is not its own. */
#include <sys/ptrace.h>

int escape(void) { return ptrace(PTRACE_SEIZE, VICTIM, 0, 0) == 0; }
